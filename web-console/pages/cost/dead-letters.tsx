/** Usage records that could not be written to the ledger: what they say and why they were refused; tried again, or given up. */
import { useState } from "react";
import { DestroyDialog } from "../../change/destroy-dialog.tsx";
import { change, problemFragment } from "../../change/outcome.ts";
import { tell } from "../../change/tell.ts";
import { count, counted } from "../../format/numbers.ts";
import { graphql, type ResultOf } from "../../graphql/documents.ts";
import { useKeyset } from "../../graphql/keyset.ts";
import { Empty, Result } from "../../graphql/result.tsx";
import { useViewer } from "../../session/viewer.ts";
import { Card } from "../../shell/page.tsx";
import { text, useUrlState } from "../../shell/url-state.ts";
import { Button } from "../../ui/button.tsx";
import { type Column, DataTable } from "../../ui/data-table.tsx";
import { Drawer } from "../../ui/dialog.tsx";
import { Code, Facts, Notice, When } from "../../ui/marks.tsx";
import { More } from "../../ui/more.tsx";

const query = graphql(`
  query DeadLetters($after: String) {
    deadLetterCount
    deadLetters(first: 50, after: $after) {
      edges {
        cursor
        node {
          id
          buriedAt
          log
          sequence
          reason
          byteLength
          record
        }
      }
      pageInfo {
        hasNextPage
        endCursor
      }
    }
  }
`);

type DeadLetter = ResultOf<typeof query>["deadLetters"]["edges"][number]["node"];

const retryMutation = graphql(
  `
    mutation RetryDeadLetters($input: DeadLettersInput!) {
      retryDeadLetters(input: $input) {
        ... on DeadLettersPayload {
          count
        }
        ...Problem
      }
    }
  `,
  [problemFragment],
);

const discardMutation = graphql(
  `
    mutation DiscardDeadLetters($input: DeadLettersInput!) {
      discardDeadLetters(input: $input) {
        ... on DeadLettersPayload {
          count
        }
        ...Problem
      }
    }
  `,
  [problemFragment],
);

/** As many as one mutation takes. */
const atOnceMax = 100;

const columns: readonly Column<DeadLetter>[] = [
  { id: "at", name: "Since", cell: (row) => <When at={row.buriedAt} /> },
  { id: "reason", name: "Why", cell: (row) => row.reason },
  { id: "log", name: "From the log of", cell: (row) => <code>{row.log}</code> },
  { id: "says", name: "Call", cell: (row) => <code>{callIdOf(row) ?? "not readable"}</code> },
  { id: "size", name: "Bytes", end: true, cell: (row) => count(row.byteLength) },
];

function callIdOf({ record }: Pick<DeadLetter, "record">): string | undefined {
  const { usage } = (record ?? {}) as { readonly usage?: { readonly callId?: unknown } };
  return typeof usage?.callId === "string" ? usage.callId : undefined;
}

export function DeadLetters() {
  const { installation } = useViewer();
  if (!installation)
    return (
      <Empty title="For administrators of the whole installation">
        These are records of any organisation, or of none. Your own calls are in the log as soon as they are in the ledger.
      </Empty>
    );
  return <DeadLetterList />;
}

function DeadLetterList() {
  const [{ letter }, setUrl] = useUrlState({ letter: text });
  const list = useKeyset(query, {}, (data) => data.deadLetters);
  const [discarding, setDiscarding] = useState<readonly DeadLetter[]>();
  const open = list.nodes.find(({ id }) => id === letter);
  const close = () => setUrl({ letter: undefined });
  const again = async (letters: readonly DeadLetter[]) => {
    const outcome = await change(retryMutation, { input: { ids: letters.map(({ id }) => id) } });
    tell(`${counted(letters.length, "record")} handed in again`, outcome);
    close();
    list.first.again();
  };
  const shown = list.nodes.slice(0, atOnceMax);
  return (
    <Result of={list.first}>
      {({ deadLetterCount }) =>
        deadLetterCount === 0 ? (
          <Empty title="Every usage record is in the ledger">
            A record that the ledger refuses is kept here with its reason, so that no call goes uncounted in silence.
          </Empty>
        ) : (
          <>
            <Notice tone="warn">
              {counted(deadLetterCount, "usage record")} could not be written to the ledger: what they count is in no sum and no bill. When
              the reason is mended, hand them in again.
            </Notice>
            <Card
              title="Not in the ledger"
              flush
              actions={
                <span className="row">
                  <Button small look="danger" onClick={() => setDiscarding(shown)}>
                    Give up {count(shown.length)}
                  </Button>
                  <Button small look="primary" onClick={() => void again(shown)}>
                    Try {count(shown.length)} again
                  </Button>
                </span>
              }
            >
              <DataTable
                label="Not in the ledger"
                columns={columns}
                rows={list.nodes}
                rowId={({ id }) => id}
                selected={letter}
                onOpen={({ id }) => setUrl({ letter: id })}
              />
            </Card>
            <More {...list} />
            <Drawer open={open !== undefined} onClose={close} title="A record that is not in the ledger">
              {open !== undefined && (
                <>
                  <Facts
                    of={[
                      ["Why", open.reason],
                      ["Since", <When key="since" at={open.buriedAt} exact />],
                      ["From the log of", <code key="log">{`${open.log} ${open.sequence}`}</code>],
                    ]}
                  />
                  <div className="row">
                    <Button small look="primary" onClick={() => void again([open])}>
                      Try it again
                    </Button>
                    <Button small look="danger" onClick={() => setDiscarding([open])}>
                      Give it up
                    </Button>
                  </div>
                  <Code
                    text={open.record === null ? "It is no usage record." : JSON.stringify(open.record, null, 2)}
                    label="What it says"
                  />
                </>
              )}
            </Drawer>
            {discarding !== undefined && (
              <DestroyDialog
                title={`Give up ${counted(discarding.length, "usage record")}?`}
                name="give up"
                verb="Give them up"
                done="They are given up"
                consequences={[
                  `${counted(discarding.filter((one) => callIdOf(one) !== undefined).length, "call")} will be in no sum, no quota and no bill, for good.`,
                  "That you did it stands in the audit log.",
                ]}
                act={() => change(discardMutation, { input: { ids: discarding.map(({ id }) => id) } })}
                onClose={(done) => {
                  setDiscarding(undefined);
                  if (!done) return;
                  close();
                  list.first.again();
                }}
              />
            )}
          </>
        )
      }
    </Result>
  );
}
