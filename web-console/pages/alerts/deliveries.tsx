/** Each message on its way to a webhook: what became of it, each attempt, and once more. */
import { tell } from "../../change/tell.ts";
import { duration } from "../../format/numbers.ts";
import { graphql, type ResultOf } from "../../graphql/documents.ts";
import { useKeyset } from "../../graphql/keyset.ts";
import { Empty, Result } from "../../graphql/result.tsx";
import { useRefusal } from "../../session/viewer.ts";
import { oneOf, text, useUrlState } from "../../shell/url-state.ts";
import { Button } from "../../ui/button.tsx";
import { type Column, DataTable } from "../../ui/data-table.tsx";
import { Drawer } from "../../ui/dialog.tsx";
import { SelectField } from "../../ui/field.tsx";
import { Badge, Code, Facts, type Tone, When } from "../../ui/marks.tsx";
import { More } from "../../ui/more.tsx";
import { redeliverWebhook } from "./changes.ts";
import { nameOfType } from "./words.ts";

const query = graphql(`
  query Deliveries($webhookId: ID, $state: WebhookDeliveryState, $after: String) {
    webhookDeliveries(first: 50, webhookId: $webhookId, state: $state, after: $after) {
      edges {
        cursor
        node {
          id
          webhookId
          type
          state
          body
          createdAt
          finishedAt
          nextAttemptAt
          attempts {
            at
            durationMs
            httpStatus
            error
          }
        }
      }
      pageInfo {
        hasNextPage
        endCursor
      }
    }
    webhooks(first: 100, includeArchived: true) {
      edges {
        node {
          id
          name
        }
      }
    }
  }
`);

type Data = ResultOf<typeof query>;
type Delivery = Data["webhookDeliveries"]["edges"][number]["node"];

const states: Readonly<Record<Delivery["state"], { readonly name: string; readonly tone: Tone }>> = {
  DELIVERED: { name: "taken", tone: "good" },
  WAITING: { name: "on its way", tone: "info" },
  FAILED: { name: "failed", tone: "bad" },
};

export function Deliveries() {
  const [url, setUrl] = useUrlState({ of: text, state: oneOf("DELIVERED", "WAITING", "FAILED"), delivery: text });
  const list = useKeyset(query, { webhookId: url.of ?? null, state: url.state ?? null }, (data) => data.webhookDeliveries);
  const refusal = useRefusal();
  const webhooks = list.first.data?.webhooks.edges.map(({ node }) => node) ?? [];
  const nameOf = (id: string) => webhooks.find((one) => one.id === id)?.name ?? "gone";
  const open = list.nodes.find(({ id }) => id === url.delivery);
  const columns: readonly Column<Delivery>[] = [
    { id: "at", name: "When", cell: ({ createdAt }) => <When at={createdAt} /> },
    { id: "state", name: "It", cell: ({ state }) => <Badge tone={states[state].tone}>{states[state].name}</Badge> },
    { id: "to", name: "To", cell: ({ webhookId }) => nameOf(webhookId) },
    { id: "what", name: "What", cell: ({ type }) => nameOfType(type) },
    { id: "attempts", name: "Attempts", end: true, cell: ({ attempts }) => attempts.length },
    {
      id: "last",
      name: "Last answer",
      cell: ({ attempts }) => {
        const last = attempts.at(-1);
        return last === undefined ? <span className="quiet">not tried yet</span> : (last.error ?? `HTTP ${last.httpStatus}`);
      },
    },
  ];
  const again = async (id: string) => {
    const outcome = await redeliverWebhook(id);
    tell("It is sent once more", outcome);
    list.first.again();
  };
  return (
    <>
      <div className="filters">
        <SelectField
          label="To"
          value={url.of ?? ""}
          onChange={(of) => setUrl({ of: of || undefined })}
          choices={[{ value: "", label: "any webhook" }, ...webhooks.map(({ id, name }) => ({ value: id, label: name }))]}
        />
        <SelectField
          label="State"
          value={url.state ?? ""}
          onChange={(state) => setUrl({ state: (state || undefined) as Delivery["state"] | undefined })}
          choices={[{ value: "", label: "any" }, ...Object.entries(states).map(([value, { name }]) => ({ value, label: name }))]}
        />
      </div>
      <Result of={list.first}>
        {() =>
          list.nodes.length === 0 ? (
            <Empty title="No message">Each alert for each webhook that wants it is one; a test is one too.</Empty>
          ) : (
            <>
              <div className="card flush">
                <DataTable
                  label="Deliveries"
                  columns={columns}
                  rows={list.nodes}
                  rowId={({ id }) => id}
                  selected={url.delivery}
                  onOpen={({ id }) => setUrl({ delivery: id })}
                />
              </div>
              <More {...list} />
            </>
          )
        }
      </Result>
      <Drawer
        open={open !== undefined}
        onClose={() => setUrl({ delivery: undefined })}
        title={open === undefined ? "" : nameOfType(open.type)}
      >
        {open !== undefined && (
          <>
            <Facts
              of={[
                ["To", nameOf(open.webhookId)],
                [
                  "State",
                  <Badge key="state" tone={states[open.state].tone}>
                    {states[open.state].name}
                  </Badge>,
                ],
                ["webhook-id", <code key="id">{open.id}</code>],
                open.nextAttemptAt !== null && ["Next attempt", <When key="next" at={open.nextAttemptAt} />],
              ]}
            />
            <ol className="stack tight">
              {open.attempts.map(({ at, durationMs, httpStatus, error }) => (
                <li key={at} className="row apart">
                  <When at={at} exact />
                  <span className={error === null ? undefined : "bad-text"}>
                    {error ?? `HTTP ${httpStatus}`} <span className="quiet number">{duration(durationMs)}</span>
                  </span>
                </li>
              ))}
            </ol>
            <Code text={readable(open.body)} label="What was sent" />
            <Button refused={refusal} onClick={() => void again(open.id)}>
              Send once more
            </Button>
          </>
        )}
      </Drawer>
    </>
  );
}

function readable(body: string): string {
  try {
    return JSON.stringify(JSON.parse(body), null, 2);
  } catch {
    return body;
  }
}
