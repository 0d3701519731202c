/** The versions of a prompt, the newest first: the newest come with the page, older ones and those that are searched for as they are asked for. */
import { useState } from "react";
import { useQuery } from "urql";
import { actorName } from "../../format/time.ts";
import { failureOf } from "../../graphql/client.ts";
import { graphql, type ResultOf } from "../../graphql/documents.ts";
import { Card } from "../../shell/page.tsx";
import { TextField } from "../../ui/field.tsx";
import { Notice, When } from "../../ui/marks.tsx";
import { More } from "../../ui/more.tsx";
import { useSettled } from "../../ui/settled.ts";
import type { PromptData } from "./prompt-page.tsx";
import { Labels } from "./prompts.tsx";

export const versionsWithPage = 50;
const listedMax = 100;
/** A shorter list is read faster than it is searched. */
const searchedFrom = 10;

const query = graphql(`
  query PromptVersionList($id: ID!, $before: Int, $search: String) {
    prompt(id: $id) {
      versions(before: $before, search: $search) {
        version
        author
        commitMessage
        createdAt
      }
    }
  }
`);

type Listed = NonNullable<ResultOf<typeof query>["prompt"]>["versions"][number];

interface AllVersionsProps {
  readonly prompt: PromptData;
  /** The version that is looked at. */
  readonly shown: number;
  readonly onPick: (version: number) => void;
}

export function AllVersions({ prompt, shown, onPick }: AllVersionsProps) {
  const [typed, setTyped] = useState("");
  const search = useSettled(typed);
  return (
    <Card title="All versions" flush>
      <div className="stack tight">
        {prompt.versions.length >= searchedFrom && (
          <div style={{ padding: "0 var(--card-padding, 1rem)" }}>
            <TextField label="Search" value={typed} onChange={setTyped} placeholder="Number, message or author" />
          </div>
        )}
        <VersionList key={search} prompt={prompt} search={search} shown={shown} onPick={onPick} />
      </div>
    </Card>
  );
}

function VersionList({ prompt, search, shown, onPick }: AllVersionsProps & { readonly search: string }) {
  const begin: readonly Listed[] = search === "" ? prompt.versions : [];
  const [later, setLater] = useState<readonly Listed[]>([]);
  const [before, setBefore] = useState<number>();
  const asked = search !== "" || before !== undefined;
  const [{ data, error, fetching }] = useQuery({ query, variables: { id: prompt.id, before: before ?? null, search }, pause: !asked });
  const page: readonly Listed[] = (asked && !fetching ? data?.prompt?.versions : undefined) ?? [];
  const listed = [...begin, ...later, ...page];
  const full = asked ? page.length === listedMax : begin.length === versionsWithPage;
  const last = listed.at(-1);
  const more = () => {
    setLater([...later, ...page]);
    setBefore(last?.version);
  };
  return (
    <>
      <ul>
        {listed.map((one) => (
          <li key={one.version}>
            <button
              type="button"
              className="button plain"
              aria-current={one.version === shown ? "true" : undefined}
              style={{
                width: "100%",
                justifyContent: "flex-start",
                height: "auto",
                textAlign: "left",
                whiteSpace: "normal",
                borderRadius: 0,
                background: one.version === shown ? "var(--accent-soft)" : undefined,
              }}
              onClick={() => onPick(one.version)}
            >
              <span className="stack tight wide" style={{ gap: "0.1rem" }}>
                <span className="row">
                  <strong>{one.version}</strong> {one.commitMessage || <span className="quiet">no message</span>}
                </span>
                <span className="row quiet">
                  {actorName(one.author)}, <When at={one.createdAt} /> <Labels of={labelsAt(prompt, one.version)} />
                </span>
              </span>
            </button>
          </li>
        ))}
      </ul>
      {error !== undefined && <Notice tone="bad">{failureOf(error).message}</Notice>}
      {!fetching && listed.length === 0 && error === undefined && <p className="quiet center">None fits.</p>}
      <More hasMore={full || fetching} loading={fetching} more={more} />
    </>
  );
}

export const labelsAt = (prompt: PromptData, version: number) =>
  prompt.labels.filter((label) => label.version === version).map(({ name }) => ({ name }));
