/** One revision: what it changed, what has changed since, and the way back to it. */
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { type ReactNode, useState } from "react";
import { useQuery } from "urql";
import { DestroyDialog } from "../../change/destroy-dialog.tsx";
import { change, problemFragment, publishedFragment } from "../../change/outcome.ts";
import { comparedFragment, revisionChangeFragment } from "../../change/words/change-fragments.ts";
import { Changes } from "../../change/words/changes.tsx";
import { changeTitle } from "../../change/words/column-changes.ts";
import { counted } from "../../format/numbers.ts";
import { actorName } from "../../format/time.ts";
import { graphql, type ResultOf } from "../../graphql/documents.ts";
import { useLive } from "../../graphql/live.ts";
import { usePageQuery } from "../../graphql/page-query.ts";
import { Empty, Result } from "../../graphql/result.tsx";
import { useRefusal } from "../../session/viewer.ts";
import { Card, Page } from "../../shell/page.tsx";
import { oneOf, useUrlState } from "../../shell/url-state.ts";
import { Button } from "../../ui/button.tsx";
import { Facts, When } from "../../ui/marks.tsx";
import { Tabs } from "../../ui/tabs.tsx";
import { restoredOf } from "./restored.ts";
import { revisionNumberOf } from "./revision-number.ts";

const query = graphql(
  `
  query Revision($after: String!, $number: BigInt!, $newest: BigInt!) {
    revisions(first: 1, after: $after) {
      edges {
        node {
          number
          createdAt
          publishedAt
          actor
          summary
          hash
          changes {
            ...RevisionChanged
          }
        }
      }
    }
    since: compareRevisions(from: $number, to: $newest) {
      ... on ComparedRevisions {
        changesCount
        changes {
          ...Compared
        }
      }
      ... on NotFoundError {
        message
      }
    }
  }
`,
  [revisionChangeFragment, comparedFragment],
);

const newestQuery = graphql(`
  query NewestRevision {
    revisions(first: 1) {
      edges {
        node {
          number
        }
      }
    }
  }
`);

const restore = graphql(
  `
    mutation RestoreRevision($input: RestoreRevisionInput!) {
      restoreRevision(input: $input, waitForPropagation: true) {
        ... on RestoreRevisionPayload {
          restoredCount
        }
        ...Published
        ...Problem
      }
    }
  `,
  [publishedFragment, problemFragment],
);

type Data = ResultOf<typeof query>;

export function RevisionPage() {
  const { number: asked } = useParams({ strict: false }) as { number: string };
  const number = revisionNumberOf(asked);
  if (number !== undefined) return <Numbered number={number} />;
  return (
    <Page title={`Revision ${asked}`} under={{ to: "/revisions", name: "Revisions" }}>
      <NoSuchRevision />
    </Page>
  );
}

const NoSuchRevision = () => (
  <Empty title="There is no such revision">Numbers are the installation's; this one may be another organisation's.</Empty>
);

function Numbered({ number }: { readonly number: string }) {
  const [url] = useUrlState({ tab: oneOf("changes", "since") });
  const tab = url.tab ?? "changes";
  const [restoring, setRestoring] = useState(false);
  // Only where the comparison is asked for: the newest must be known first.
  const newest = usePageQuery(newestQuery, {}, { pause: tab !== "since" });
  const newestNumber = newest.data?.revisions.edges[0]?.node.number;
  const page = usePageQuery(query, {
    after: String(BigInt(number) + 1n),
    number,
    newest: tab === "since" ? (newestNumber ?? number) : number,
  });
  const refusal = useRefusal();
  const found = page.data?.revisions.edges[0]?.node;
  const revision = found?.number === number ? found : undefined;
  return (
    <Page
      title={`Revision ${number}`}
      lead={revision?.summary}
      under={{ to: "/revisions", name: "Revisions" }}
      actions={
        revision !== undefined && (
          <Button look="danger" refused={refusal} onClick={() => setRestoring(true)}>
            Restore this state
          </Button>
        )
      }
    >
      <Result of={page}>
        {(data) =>
          revision === undefined ? (
            <NoSuchRevision />
          ) : (
            <>
              <Card>
                <Facts
                  of={[
                    ["Who", actorName(revision.actor)],
                    ["When", <When key="when" at={revision.createdAt} exact />],
                    ["Serves on", <Reach key="reach" number={number} />],
                    ["Handed on", revision.publishedAt === null ? "not yet" : <When key="published" at={revision.publishedAt} exact />],
                    ["Hash", <code key="hash">{revision.hash}</code>],
                  ]}
                />
              </Card>
              <Tabs
                label="About this revision"
                current={tab}
                tabs={[
                  ["changes", `What it changed (${revision.changes.length})`],
                  ["since", "What changed since"],
                ]}
              />
              {tab === "changes" ? <Changes of={revision.changes} /> : <Since data={data} newest={newestNumber} />}
              {restoring && <Restore number={number} onClose={() => setRestoring(false)} />}
            </>
          )
        }
      </Result>
    </Page>
  );
}

function Since({ data, newest }: { readonly data: Data; readonly newest: string | undefined }) {
  if (data.since === null || !("changes" in data.since) || data.since.changes === undefined)
    return <p className="quiet">These two cannot be compared.</p>;
  if (data.since.changes.length === 0) return <p className="quiet">Nothing: this is the state that is served now.</p>;
  return (
    <>
      <p className="quiet">
        From this revision to {newest}: {counted(data.since.changesCount ?? 0, "thing differs", "things differ")}.
      </p>
      <Changes of={data.since.changes} />
    </>
  );
}

/** How far it has come: it serves where it, or a later one, was applied. */
function Reach({ number }: { readonly number: string }) {
  const alive = useLive().nodes.filter(({ state }) => state !== "gone");
  const on = alive.filter(({ appliedNumber }) => appliedNumber !== null && BigInt(appliedNumber) >= BigInt(number)).length;
  if (alive.length === 0) return "no node is heard";
  return (
    <>
      {on} of {counted(alive.length, "node")}, as it is or as a part of a later one <Link to="/nodes">To the nodes</Link>
    </>
  );
}

const undoneQuery = graphql(
  `
  query Undone($number: BigInt!, $newest: BigInt!) {
    compareRevisions(from: $newest, to: $number) {
      ... on ComparedRevisions {
        changesCount
        changes {
          ...Compared
        }
      }
    }
  }
`,
  [comparedFragment],
);

const nothingDiffers = "Nothing else differs: this is how it stands now.";

/** What a restore would change, by name: asked for when somebody is about to. */
function useUndone(number: string): ReactNode {
  const [{ data: newest, error }] = useQuery({ query: newestQuery, variables: {}, requestPolicy: "network-only" });
  const newestNumber = newest?.revisions.edges[0]?.node.number;
  const [{ data }] = useQuery({
    query: undoneQuery,
    variables: { number, newest: newestNumber ?? number },
    pause: newestNumber === undefined,
  });
  if (error !== undefined) return "What will be undone could not be read; the tab “What changed since” shows it.";
  const compared = data?.compareRevisions;
  if (compared === undefined) return "Comparing with how it stands now …";
  if (!("changes" in compared) || compared.changes === undefined) return "The two cannot be compared.";
  const { count, atLeast, named } = restoredOf({ changesCount: compared.changesCount ?? 0, changes: compared.changes });
  if (count === 0 && !atLeast) return nothingDiffers;
  const names = named.map(changeTitle);
  const rest = count - names.length;
  return (
    <strong>
      {atLeast && "At least "}
      {counted(count, "thing")} will change: {names.join(", ")}
      {rest > 0 ? `, and ${counted(rest, "other")}` : ""}.
    </strong>
  );
}

function Restore({ number, onClose }: { readonly number: string; readonly onClose: () => void }) {
  const navigate = useNavigate();
  const undone = useUndone(number);
  return (
    <DestroyDialog
      title={`Restore revision ${number}?`}
      name={number}
      verb="Restore"
      done="The earlier state is restored"
      consequences={[
        "The configuration of your organisation goes back to how it stood then, as a new revision.",
        "What did not exist then is archived. API keys are left as they are: a revoked key stays revoked.",
        undone,
      ]}
      refused={undone === nothingDiffers ? nothingDiffers : undefined}
      act={() => change(restore, { input: { number } })}
      onClose={(done) => (done ? void navigate({ to: "/revisions" }) : onClose())}
    />
  );
}
