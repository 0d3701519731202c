/** A version with all that stands in it: the newest come with the page, an older one is asked for when it is looked at. */
import { useQuery } from "urql";
import { graphql, type ResultOf } from "../../graphql/documents.ts";

export const versionFragment = graphql(`
  fragment WholeVersion on PromptVersion {
    id
    version
    author
    commitMessage
    createdAt
    variables
    defaultParameters
    tools
    responseSchema
    inputs
    inputsDerived
    messages {
      role
      template
    }
  }
`);

export type VersionData = ResultOf<typeof versionFragment>;

const versionQuery = graphql(
  `
    query PromptVersionByNumber($promptId: ID!, $number: Int!) {
      prompt(id: $promptId) {
        version(number: $number) {
          ...WholeVersion
        }
      }
    }
  `,
  [versionFragment],
);

interface PromptVersions {
  readonly id: string;
  readonly versions: readonly VersionData[];
}

/** @param number undefined: none is meant. @returns undefined: it is on its way. Null: there is none. */
export function useVersion(prompt: PromptVersions | null | undefined, number: number | undefined): VersionData | null | undefined {
  const here = prompt?.versions.find(({ version }) => version === number);
  const pause = prompt == null || number === undefined || here !== undefined;
  const [{ data }] = useQuery({ query: versionQuery, variables: { promptId: prompt?.id ?? "", number: number ?? 0 }, pause });
  if (here !== undefined || pause) return here;
  const found = data?.prompt?.version;
  return found == null || found.version === number ? found : undefined;
}
