/** One entry: who, what, from where; what it changed, before and after; and the way back. */
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { useQuery } from "urql";
import { DestroyDialog } from "../../change/destroy-dialog.tsx";
import { change, problemFragment, publishedFragment } from "../../change/outcome.ts";
import { revisionChangeFragment } from "../../change/words/change-fragments.ts";
import { Changes } from "../../change/words/changes.tsx";
import { actorName } from "../../format/time.ts";
import { failureOf } from "../../graphql/client.ts";
import { graphql } from "../../graphql/documents.ts";
import { useRefusal } from "../../session/viewer.ts";
import { Button } from "../../ui/button.tsx";
import { Code, Facts, Notice, When } from "../../ui/marks.tsx";
import { asOfIn, type Entry, targetOf, viaNames } from "./entries.ts";
import { irreversible } from "./reversible.ts";

const changesQuery = graphql(
  `
  query AuditedChanges($after: String!) {
    revisions(first: 1, after: $after) {
      edges {
        node {
          number
          changes {
            ...RevisionChanged
          }
        }
      }
    }
  }
`,
  [revisionChangeFragment],
);

const revertMutation = graphql(
  `
    mutation RevertRevision($input: RevertRevisionInput!) {
      revertRevision(input: $input, waitForPropagation: true) {
        ... on RevertRevisionPayload {
          revertedCount
        }
        ...Published
        ...Problem
      }
    }
  `,
  [publishedFragment, problemFragment],
);

export function EntryDetail({ entry, onReverted }: { readonly entry: Entry; readonly onReverted: () => void }) {
  const refusal = useRefusal();
  const [reverting, setReverting] = useState(false);
  const { revisionNumber } = entry;
  const asOf = asOfIn(entry);
  return (
    <>
      <Facts
        of={[
          ["Who", actorName(entry.actor)],
          ["When", <When key="when" at={entry.at} exact />],
          asOf !== undefined && ["Dated", <When key="as-of" at={asOf} exact />],
          ["To", targetOf(entry)],
          ["Id of it", <code key="id">{entry.targetId ?? "–"}</code>],
          ["Through", entry.via === null ? "Penstock itself" : viaNames[entry.via]],
          ["From", <code key="from">{entry.sourceAddress ?? "–"}</code>],
          ["Request", <code key="request">{entry.requestId ?? "–"}</code>],
          revisionNumber !== null && [
            "Revision",
            <Link key="revision" to="/revisions/$number" params={{ number: revisionNumber }}>
              {revisionNumber}
            </Link>,
          ],
        ]}
      />
      <div>
        <Button small look="danger" refused={irreversible(entry) ?? refusal} onClick={() => setReverting(true)}>
          Take it back
        </Button>
      </div>
      {revisionNumber === null ? (
        <Code text={JSON.stringify(entry.details, null, 2)} label="Details" />
      ) : (
        <Changed number={revisionNumber} />
      )}
      {reverting && revisionNumber !== null && (
        <DestroyDialog
          title={`Take revision ${revisionNumber} back?`}
          name={revisionNumber}
          verb="Take it back"
          done={`Revision ${revisionNumber} is taken back`}
          consequences={[
            "What it changed goes back to how it was before, as a new revision; what it made is archived.",
            "It is refused where somebody has changed the same thing since.",
          ]}
          act={() => change(revertMutation, { input: { number: revisionNumber } })}
          onClose={(done) => {
            setReverting(false);
            if (done) onReverted();
          }}
        />
      )}
    </>
  );
}

function Changed({ number }: { readonly number: string }) {
  const [{ data, error }] = useQuery({ query: changesQuery, variables: { after: String(BigInt(number) + 1n) } });
  if (error !== undefined) return <Notice tone="bad">{failureOf(error).message}</Notice>;
  if (data === undefined) return <p className="quiet">Reading what it changed …</p>;
  const revision = data.revisions.edges[0]?.node;
  if (revision?.number !== number) return <p className="quiet">Its revision is not in the history of this organisation.</p>;
  return <Changes of={revision.changes} />;
}
