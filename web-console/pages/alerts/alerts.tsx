/** What was told, the rules that people have made, whom alerts are told to, and whether they heard it. */
import { Link } from "@tanstack/react-router";
import { Plus } from "lucide-react";
import { graphql, type ResultOf } from "../../graphql/documents.ts";
import { useKeyset } from "../../graphql/keyset.ts";
import { Empty, Result } from "../../graphql/result.tsx";
import { useRefusal } from "../../session/viewer.ts";
import { useAlertsSeen } from "../../shell/alert-news.tsx";
import { Page } from "../../shell/page.tsx";
import { flag, oneOf, text, useUrlState } from "../../shell/url-state.ts";
import { Button } from "../../ui/button.tsx";
import { type Column, DataTable } from "../../ui/data-table.tsx";
import { SelectField } from "../../ui/field.tsx";
import { Badge, type Tone, When } from "../../ui/marks.tsx";
import { More } from "../../ui/more.tsx";
import { Tabs } from "../../ui/tabs.tsx";
import { Deliveries } from "./deliveries.tsx";
import { Rules, ruleAddress } from "./rules/rules.tsx";
import { Webhooks } from "./webhooks.tsx";
import { type AlertTypeName, alertTypes, nameOfType, tellingOf } from "./words.ts";

const tabs = [
  ["alerts", "Alerts"],
  ["rules", "Rules"],
  ["webhooks", "Webhooks"],
  ["deliveries", "Deliveries"],
] as const;

export const address = { ...ruleAddress, tab: oneOf("alerts", "rules", "webhooks", "deliveries"), make: flag, of: text };

export function Alerts() {
  const [{ tab = "alerts" }, setUrl] = useUrlState(address);
  const refusal = useRefusal();
  return (
    <Page
      title="Alerts"
      lead="Each is told once for its occasion: here, to subscribers over GraphQL, to webhooks, signed, and by e-mail where a rule says so."
      actions={
        (tab === "webhooks" || tab === "rules") && (
          <Button look="primary" refused={refusal} onClick={() => setUrl({ make: true })}>
            <Plus size={16} aria-hidden /> {tab === "rules" ? "New rule" : "New webhook"}
          </Button>
        )
      }
    >
      <Tabs label="Parts of this page" current={tab} tabs={tabs} />
      {tab === "alerts" && <AlertList />}
      {tab === "rules" && <Rules />}
      {tab === "webhooks" && <Webhooks />}
      {tab === "deliveries" && <Deliveries />}
    </Page>
  );
}

const query = graphql(`
  query Alerts($type: AlertType, $after: String) {
    alerts(first: 50, type: $type, after: $after) {
      edges {
        cursor
        node {
          id
          at
          type
          data
        }
      }
      pageInfo {
        hasNextPage
        endCursor
      }
    }
  }
`);

type Alert = ResultOf<typeof query>["alerts"]["edges"][number]["node"];

const tones: { readonly [Type in Alert["type"]]?: Tone } = { WEBHOOK_TEST: "neutral", ALERT_RULE_RESOLVED: "good" };

const columns: readonly Column<Alert>[] = [
  { id: "at", name: "When", cell: ({ at }) => <When at={at} /> },
  { id: "type", name: "What", cell: ({ type }) => <Badge tone={tones[type] ?? "warn"}>{nameOfType(type)}</Badge> },
  {
    id: "telling",
    name: "It says",
    cell: ({ type, data }) => {
      const { text: telling, to, search } = tellingOf(type, data);
      return to === undefined ? (
        telling
      ) : (
        <Link to={to} search={search ?? {}}>
          {telling}
        </Link>
      );
    },
  },
];

function AlertList() {
  useAlertsSeen();
  const [{ type }, setUrl] = useUrlState({ type: oneOf(...(Object.keys(alertTypes) as AlertTypeName[])), tab: text });
  const list = useKeyset(query, type === undefined ? {} : { type: type as Alert["type"] }, (data) => data.alerts);
  return (
    <>
      <div className="filters">
        <SelectField
          label="What"
          value={type ?? ""}
          onChange={(next) => setUrl({ type: (next || undefined) as AlertTypeName | undefined })}
          choices={[{ value: "", label: "any" }, ...Object.entries(alertTypes).map(([value, label]) => ({ value, label }))]}
        />
      </div>
      <Result of={list.first}>
        {() =>
          list.nodes.length === 0 ? (
            <Empty title={type === undefined ? "All is quiet" : "None of this kind"}>
              An alert comes when a budget's threshold is reached, a soft quota is passed, calls have tokens and no price, or a rule of
              yours fires.
            </Empty>
          ) : (
            <>
              <div className="card flush">
                <DataTable label="Alerts" columns={columns} rows={list.nodes} rowId={({ id }) => id} />
              </div>
              <More {...list} />
            </>
          )
        }
      </Result>
    </>
  );
}
