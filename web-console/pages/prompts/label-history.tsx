/** Where a prompt's labels went, the newest first: from which version to which, by whom, when, and why. */
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { actorName } from "../../format/time.ts";
import { graphql, type ResultOf } from "../../graphql/documents.ts";
import { Card } from "../../shell/page.tsx";
import { Button } from "../../ui/button.tsx";
import { When } from "../../ui/marks.tsx";

export const labelMovesFragment = graphql(`
  fragment MovesOfLabels on Prompt {
    labelMoves {
      label
      at
      actor
      fromVersion
      toVersion
      way
      reason
      revisionNumber
      experiment {
        id
        key
      }
    }
  }
`);

type Move = ResultOf<typeof labelMovesFragment>["labelMoves"][number];

const shownAtFirst = 8;

export function LabelHistory({ moves }: { readonly moves: readonly Move[] }) {
  const [all, setAll] = useState(false);
  const shown = all ? moves : moves.slice(0, shownAtFirst);
  if (moves.length === 0) return null;
  return (
    <Card title="Where labels went">
      <ol className="stack tight">
        {shown.map((move) => (
          <li key={`${move.revisionNumber} ${move.label}`}>
            <div className="row apart">
              <span>
                <strong>{move.label}</strong> <Way move={move} />
              </span>
              <Link to="/revisions/$number" params={{ number: move.revisionNumber }}>
                <When at={move.at} />
              </Link>
            </div>
            <p className="quiet">
              {move.experiment === null ? (
                ways[move.way]
              ) : (
                <>
                  step by step, in{" "}
                  <Link to="/experiments/$experimentId" params={{ experimentId: move.experiment.id }}>
                    {move.experiment.key}
                  </Link>
                </>
              )}{" "}
              by {actorName(move.actor)}
              {move.reason !== "" && `: “${move.reason}”`}
            </p>
          </li>
        ))}
      </ol>
      {shown.length < moves.length && (
        <Button small look="plain" onClick={() => setAll(true)}>
          Show {moves.length - shown.length} more
        </Button>
      )}
    </Card>
  );
}

const ways: Readonly<Record<Move["way"], string>> = {
  HAND: "set",
  ROLLOUT: "step by step",
  APPROVAL: "approved",
  ROLL_BACK: "rolled back",
  RESTORE: "restored with an earlier revision",
};

function Way({ move: { fromVersion, toVersion } }: { readonly move: Move }) {
  if (toVersion === null)
    return (
      <>
        was taken off version <Version of={fromVersion} />
      </>
    );
  if (fromVersion === null)
    return (
      <>
        was put on version <Version of={toVersion} />
      </>
    );
  return (
    <>
      from version <Version of={fromVersion} /> to <Version of={toVersion} />
    </>
  );
}

const Version = ({ of }: { readonly of: number | null }) => (
  <Link to="." search={{ v: of ?? undefined }} aria-label={`version ${of}`}>
    {of}
  </Link>
);
