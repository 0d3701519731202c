/** What can be chosen of each kind of thing: the document that finds it by a part of its name, and what people read of it. */
import { useQuery } from "urql";
import { graphql, type ResultOf } from "../graphql/documents.ts";
import { versionName } from "./prompt-pointers.ts";

export interface Choice {
  readonly id: string;
  readonly name: string;
  /** Beside the name. */
  readonly note?: string;
  /** Of a prompt. */
  readonly labels?: readonly { readonly name: string; readonly version: number }[];
}

export interface Choices {
  readonly found: readonly Choice[];
  /** There are others, which a longer text would find. */
  readonly more: boolean;
}

/** One document for all kinds, of which it reads one. */
const choicesQuery = graphql(`
  query Choose(
    $search: String
    $routes: Boolean = false
    $backends: Boolean = false
    $providers: Boolean = false
    $prompts: Boolean = false
    $apiKeys: Boolean = false
    $projects: Boolean = false
    $datasets: Boolean = false
    $models: Boolean = false
    $promptVersions: Boolean = false
    $within: ID = ""
  ) {
    routes(first: 50, search: $search, orderBy: { field: NAME }) @include(if: $routes) {
      edges {
        node {
          id
          name
          note: description
        }
      }
      pageInfo {
        hasNextPage
      }
    }
    backends(first: 50, search: $search, orderBy: { field: KEY }) @include(if: $backends) {
      edges {
        node {
          id
          name: key
          note: model
        }
      }
      pageInfo {
        hasNextPage
      }
    }
    providers(first: 50, search: $search, orderBy: { field: KEY }) @include(if: $providers) {
      edges {
        node {
          id
          name: key
          note: baseUrl
        }
      }
      pageInfo {
        hasNextPage
      }
    }
    prompts(first: 50, search: $search, orderBy: { field: PATH }) @include(if: $prompts) {
      edges {
        node {
          id
          name
          note: folder
          labels {
            name
            version
          }
        }
      }
      pageInfo {
        hasNextPage
      }
    }
    apiKeys(first: 50, search: $search, orderBy: { field: NAME }) @include(if: $apiKeys) {
      edges {
        node {
          id
          name
          note: publicId
        }
      }
      pageInfo {
        hasNextPage
      }
    }
    projects(first: 50, search: $search, orderBy: { field: NAME }) @include(if: $projects) {
      edges {
        node {
          id
          name
          note: key
        }
      }
      pageInfo {
        hasNextPage
      }
    }
    datasets(first: 50, search: $search, orderBy: { field: NAME }) @include(if: $datasets) {
      edges {
        node {
          id
          name
          note: description
        }
      }
      pageInfo {
        hasNextPage
      }
    }
    models: modelCatalogue(search: $search) @include(if: $models) {
      id: key
      name: key
      note: name
    }
    promptVersions: prompt(id: $within) @include(if: $promptVersions) {
      versions(first: 50, search: $search) {
        version
        commitMessage
      }
    }
  }
`);

export type ChoiceKind = Exclude<keyof ResultOf<typeof choicesQuery>, "__typename">;

const listedMax = 50;

/**
 * @param search a part of the name; nothing is read while it is paused.
 * @param within of a prompt's versions: the prompt.
 */
export function useChoices(of: ChoiceKind, search: string, within: string, pause: boolean) {
  const [{ data, error, fetching }] = useQuery({ query: choicesQuery, variables: { search, within, [of]: true }, pause });
  return { ...(data === undefined ? nothing : choicesIn(data, of)), error, fetching };
}

const nothing: Choices = { found: [], more: false };

export function choicesIn(data: ResultOf<typeof choicesQuery>, of: ChoiceKind): Choices {
  if (of === "models") return { found: data.models?.slice(0, listedMax) ?? [], more: (data.models?.length ?? 0) > listedMax };
  if (of === "promptVersions") {
    const versions = data.promptVersions?.versions ?? [];
    return { found: versions.map(versionChoice), more: versions.length === listedMax };
  }
  const page = data[of];
  return page === undefined ? nothing : { found: page.edges.map(({ node }) => node), more: page.pageInfo.hasNextPage };
}

/** A version's id is what pointers call it: "@12". */
const versionChoice = ({ version, commitMessage }: { readonly version: number; readonly commitMessage: string }): Choice => ({
  id: `@${version}`,
  name: versionName(version),
  note: commitMessage,
});

/** What a thing is called of which only the id is known. Ids are of one kind alone, so at most one of these is there. */
export const nameQuery = graphql(`
  query NameOf($id: ID!) {
    route(id: $id) {
      name
    }
    backend(id: $id) {
      name: key
    }
    provider(id: $id) {
      name: key
    }
    prompt(id: $id) {
      name
    }
    apiKey(id: $id) {
      name
    }
    project(id: $id) {
      name
    }
    dataset(id: $id) {
      name
    }
  }
`);

export const nameIn = (data: ResultOf<typeof nameQuery>): string | undefined =>
  (data.route ?? data.backend ?? data.provider ?? data.prompt ?? data.apiKey ?? data.project ?? data.dataset)?.name;
