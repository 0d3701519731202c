/** How the console looks to you, what is kept of calls, where prices come from, and what this installation was told from outside. */
import { Link } from "@tanstack/react-router";
import { captureFragment, captureWords } from "../../change/capture-values.ts";
import { setUtc, useUtc, zoneName } from "../../format/time.ts";
import { graphql, type ResultOf } from "../../graphql/documents.ts";
import { usePageQuery } from "../../graphql/page-query.ts";
import { Result } from "../../graphql/result.tsx";
import { signOut } from "../../session/session.ts";
import { useViewer } from "../../session/viewer.ts";
import { Card, Page } from "../../shell/page.tsx";
import { chooseTheme, type ThemeChoice, useThemeChoice } from "../../shell/theme.ts";
import { Button } from "../../ui/button.tsx";
import { type Column, DataTable } from "../../ui/data-table.tsx";
import { CheckField, SelectField } from "../../ui/field.tsx";
import { Facts } from "../../ui/marks.tsx";
import { DemoCard } from "./demo-card.tsx";
import { NodeSettings } from "./node-settings-card.tsx";
import { Origin, SettingName, SettingValue } from "./setting-cells.tsx";

const query = graphql(
  `
    query Settings($installation: Boolean!) {
      organisation {
        id
        key
        name
        contentCapture {
          ...Capture
        }
      }
      projects(first: 100) {
        edges {
          node {
            id
            name
            contentCapture {
              ...Capture
            }
          }
        }
      }
      routes(first: 100) {
        edges {
          node {
            id
            name
            contentCapture {
              ...Capture
            }
          }
        }
      }
      demo {
        state
        madeAt
      }
      nodes {
        id
        name
        version
        state
        restAddress
        grpcAddress
        settings @include(if: $installation) {
          name
          value
          isSecret
          origin
        }
      }
      revisions(first: 1) {
        edges {
          node {
            number
            epoch
          }
        }
      }
      resolvedSettings @include(if: $installation) {
        name
        value
        isSecret
        origin
      }
    }
  `,
  [captureFragment],
);

type Data = ResultOf<typeof query>;
type Setting = NonNullable<Data["resolvedSettings"]>[number];

export function SettingsPage() {
  const { installation } = useViewer();
  const page = usePageQuery(query, { installation });
  return (
    <Page title="Settings" lead="Yours are kept in this browser. Below them is what holds for everybody, and where each value comes from.">
      <div className="grid">
        <Browser />
        <You />
      </div>
      <Result of={page}>
        {(data) => (
          <>
            {data.demo !== null && <DemoCard {...data.demo} />}
            <Kept data={data} />
            <div className="grid">
              <Money />
              <Installation data={data} />
            </div>
            <Resolved settings={data.resolvedSettings ?? undefined} />
            {installation && <NodeSettings nodes={data.nodes.filter(heard).map((node) => ({ ...node, settings: node.settings ?? [] }))} />}
          </>
        )}
      </Result>
    </Page>
  );
}

function Browser() {
  const theme = useThemeChoice();
  const utc = useUtc();
  return (
    <Card title="This browser">
      <div className="stack">
        <SelectField
          label="Theme"
          value={theme}
          onChange={(choice) => chooseTheme(choice as ThemeChoice)}
          choices={[
            { value: "system", label: "As the system" },
            { value: "light", label: "Light" },
            { value: "dark", label: "Dark" },
          ]}
        />
        {zoneName(false) === "UTC" ? (
          <p className="quiet">Times are in UTC, which is your zone.</p>
        ) : (
          <CheckField label={`Times in UTC instead of ${zoneName(false)}`} value={utc} onChange={setUtc} />
        )}
      </div>
    </Card>
  );
}

function You() {
  const viewer = useViewer();
  return (
    <Card title="You">
      <div className="stack">
        <Facts
          of={[
            ["Signed in as", viewer.actor],
            ["Role", viewer.role],
            ["May act in", viewer.installation ? "every organisation" : (viewer.organisation?.name ?? "none")],
          ]}
        />
        <div className="row">
          <Button onClick={() => void signOut()}>Sign out</Button>
          <Link to="/organisation" search={{ tab: "members" }}>
            What roles may do
          </Link>
        </div>
      </div>
    </Card>
  );
}

interface KeptRow {
  readonly id: string;
  readonly of: string;
  readonly to: string;
  readonly words: string;
}

const keptColumns: readonly Column<KeptRow>[] = [
  { id: "of", name: "Of", cell: (row) => <Link to={row.to}>{row.of}</Link> },
  { id: "words", name: "What is said in calls", cell: (row) => row.words },
];

/** The organisation, and whoever says otherwise than what stands above them. */
function Kept({ data: { organisation, projects, routes } }: { readonly data: Data }) {
  const others: readonly KeptRow[] = [
    ...projects.edges.map(({ node }) => ({ ...node, of: `project ${node.name}`, to: `/projects/${node.id}` })),
    ...routes.edges.map(({ node }) => ({ ...node, of: `route ${node.name}`, to: `/routes/${node.id}` })),
  ].flatMap(({ id, of, to, contentCapture }) => (contentCapture === null ? [] : [{ id, of, to, words: captureWords(contentCapture, "") }]));
  const rows: readonly KeptRow[] = [
    {
      id: organisation?.id ?? "",
      of: "the organisation",
      to: "/organisation?tab=keeps",
      words: captureWords(organisation?.contentCapture ?? null, "not kept"),
    },
    ...others,
  ];
  return (
    <Card title="What is kept" flush>
      <DataTable label="What is kept" columns={keptColumns} rows={rows} rowId={(row) => row.id} />
      <p className="quiet" style={{ padding: "0.75rem 1.15rem" }}>
        The nearest that says something holds: the route, the caller's project, the organisation.
        {others.length === 0 && " No project and no route says otherwise here."} The figures of each call are in the ledger in any case, for
        as long as <code>PENSTOCK_LEDGER_DAYS</code> says; sums by day stay.
      </p>
    </Card>
  );
}

const Money = () => (
  <Card title="Prices and telemetry">
    <Facts
      of={[
        [
          "Prices",
          <span key="prices">
            a backend's own, else the model's in your copy of the <Link to="/models">catalogue</Link>; nothing is fetched from outside
          </span>,
        ],
        [
          "Telemetry",
          <span key="telemetry">
            none leaves this installation; each node serves Prometheus metrics at <code>/metrics</code>
          </span>,
        ],
      ]}
    />
  </Card>
);

const heard = ({ state }: { readonly state: string }): boolean => state !== "gone";

function Installation({ data }: { readonly data: Data }) {
  const newest = data.revisions.edges[0]?.node;
  return (
    <Card title="This installation">
      <Facts
        of={[
          ["Organisation", `${data.organisation?.name ?? "–"} (${data.organisation?.key ?? "–"})`],
          ["Newest revision", newest?.number ?? "none"],
          ["Epoch", <code key="epoch">{newest?.epoch ?? "–"}</code>],
          ["GraphQL", <code key="graphql">{location.origin}/graphql</code>],
          ...data.nodes
            .filter(heard)
            .map(
              (node) =>
                [`Node ${node.name}`, `${node.version}, REST ${node.restAddress || "off"}, gRPC ${node.grpcAddress || "off"}`] as const,
            ),
        ]}
      />
    </Card>
  );
}

const settingColumns: readonly Column<Setting>[] = [
  { id: "name", name: "Setting", by: (row) => row.name, cell: (row) => <SettingName name={row.name} /> },
  { id: "value", name: "Value", cell: (row) => <SettingValue of={row} /> },
  { id: "origin", name: "From", by: (row) => row.origin, cell: (row) => <Origin of={row.origin} /> },
];

function Resolved({ settings }: { readonly settings: readonly Setting[] | undefined }) {
  if (settings === undefined)
    return (
      <Card title="What the control plane was told">
        <p className="quiet">
          Administrators of the whole installation see here each of its settings and of the nodes', and where the value came from.
        </p>
      </Card>
    );
  return (
    <Card title="What the control plane was told" flush>
      <DataTable label="What the control plane was told" columns={settingColumns} rows={settings} rowId={({ name }) => name} />
      <p className="quiet" style={{ padding: "0.75rem 1.15rem" }}>
        Read once at its start, from its environment and from files. Where <code>npm start</code> runs it, some of that environment is what{" "}
        <code>npm start</code> put there: secrets, directories, addresses, the demo. Everything else is in the database, and changed in this
        console.
      </p>
    </Card>
  );
}
