/** What calls are sent to: the providers, and the models at each of them, with what they did in a day. */
import { Link, useNavigate } from "@tanstack/react-router";
import { Plus } from "lucide-react";
import { useMemo, useState } from "react";
import { DestroyDialog } from "../../change/destroy-dialog.tsx";
import { count, money, percent } from "../../format/numbers.ts";
import { graphql, type ResultOf } from "../../graphql/documents.ts";
import { usePageQuery } from "../../graphql/page-query.ts";
import { Empty, Result } from "../../graphql/result.tsx";
import { useRefusal } from "../../session/viewer.ts";
import { Card, Page } from "../../shell/page.tsx";
import { oneOf, text, useUrlState } from "../../shell/url-state.ts";
import { Button } from "../../ui/button.tsx";
import { type Column, DataTable } from "../../ui/data-table.tsx";
import { Badge } from "../../ui/marks.tsx";
import { lastDay } from "../overview/ranges.ts";
import { archiveProvider, backendFragment, type ProviderDetails, providerFragment } from "./changes.ts";
import { BackendDialog, kindName, ProviderDialog } from "./dialogs.tsx";
import { HealthBadge } from "./health.tsx";

const query = graphql(
  `
    query Backends($range: UsageRange!) {
      providers(first: 100) {
        edges {
          node {
            ...ProviderDetails
          }
        }
      }
      backends(first: 100) {
        edges {
          node {
            ...BackendDetails
            circuits {
              state
            }
          }
        }
      }
      usageSummary(range: $range, groupBy: BACKEND) {
        ... on QueryUsageSummarySuccess {
          groups {
            group
            requests
            failedRequests
            costNanodollars
          }
        }
      }
    }
  `,
  [providerFragment, backendFragment],
);

type Data = ResultOf<typeof query>;
type Row = Data["backends"]["edges"][number]["node"] & { readonly requests: number; readonly failed: number; readonly cost: string };

const columns: readonly Column<Row>[] = [
  {
    id: "key",
    name: "Backend",
    by: (row) => row.key,
    cell: (row) => (
      <Link to={`/backends/${row.id}`} className="strong">
        {row.key}
      </Link>
    ),
  },
  {
    id: "health",
    name: "Health",
    by: (row) => (row.drainedAt !== null ? 1 : row.circuits.filter(({ state }) => state !== "CLOSED").length * 2),
    cell: (row) => <HealthBadge circuits={row.circuits} drainedAt={row.drainedAt} />,
  },
  { id: "model", name: "Model", by: (row) => row.model, cell: (row) => <code>{row.model}</code> },
  { id: "provider", name: "Provider", by: (row) => row.provider?.key ?? "", cell: (row) => row.provider?.key ?? "gone" },
  {
    id: "price",
    name: "In / out a million",
    end: true,
    cell: (row) =>
      row.price === null ? (
        <Badge tone="warn">unknown</Badge>
      ) : (
        `${money(row.price.inputNanodollarsPerMillion)} / ${money(row.price.outputNanodollarsPerMillion)}`
      ),
  },
  { id: "requests", name: "Calls, 24 h", end: true, by: (row) => row.requests, cell: (row) => count(row.requests) },
  {
    id: "failed",
    name: "Failed",
    end: true,
    by: (row) => (row.requests === 0 ? 0 : row.failed / row.requests),
    cell: (row) =>
      row.requests === 0 ? (
        "–"
      ) : row.failed / row.requests > 0.05 ? (
        <Badge tone="bad">{percent(row.failed / row.requests)}</Badge>
      ) : (
        percent(row.failed / row.requests)
      ),
  },
  { id: "cost", name: "Cost", end: true, by: (row) => Number(row.cost), cell: (row) => money(row.cost) },
];

export function Backends() {
  const [{ make, provider }, setUrl] = useUrlState({ make: oneOf("provider", "backend", "true"), provider: text });
  const [range] = useState(lastDay);
  const page = usePageQuery(query, { range });
  const refusal = useRefusal();
  const providers = page.data?.providers.edges.map(({ node }) => node) ?? [];
  const close = () => setUrl({ make: undefined, provider: undefined }, { replace: true });
  const edited = providers.find(({ id }) => id === provider);
  return (
    <Page
      title="Backends"
      lead="Providers are accounts and servers; a backend is one model at one of them."
      actions={
        <>
          <Button refused={refusal} onClick={() => setUrl({ make: "provider" })}>
            <Plus size={16} aria-hidden /> New provider
          </Button>
          <Button
            look="primary"
            refused={refusal ?? (page.data !== undefined && providers.length === 0 ? "Make a provider first" : undefined)}
            onClick={() => setUrl({ make: "backend" })}
          >
            <Plus size={16} aria-hidden /> New backend
          </Button>
        </>
      }
    >
      <Result of={page}>
        {(data) => (
          <>
            <BackendList data={data} />
            <Providers data={data} onEdit={(id) => setUrl({ provider: id })} />
            {(make === "provider" || make === "true") && <ProviderDialog onClose={close} />}
            {make === "backend" && providers.length > 0 && <BackendDialog providers={providers} onClose={close} />}
            {edited !== undefined && <ProviderDialog provider={edited} onClose={close} />}
          </>
        )}
      </Result>
    </Page>
  );
}

function BackendList({ data }: { readonly data: Data }) {
  const navigate = useNavigate();
  const rows = useMemo(() => rowsOf(data), [data]);
  if (rows.length === 0)
    return (
      <Empty title="No backend yet">
        {data.providers.edges.length === 0
          ? "Begin with a provider: an account at OpenAI, or your own vLLM, Ollama or llama.cpp server."
          : "There is a provider; now name a model that it serves."}
      </Empty>
    );
  return (
    <Card title="Backends" flush>
      <DataTable
        label="Backends"
        columns={columns}
        rows={rows}
        rowId={(row) => row.id}
        onOpen={(row) => void navigate({ to: `/backends/${row.id}` } as never)}
      />
    </Card>
  );
}

function rowsOf(data: Data): readonly Row[] {
  const groups = "groups" in data.usageSummary ? (data.usageSummary.groups ?? []) : [];
  const carried = new Map(groups.map((group) => [group.group, group]));
  return data.backends.edges.map(({ node }) => {
    const group = carried.get(node.id);
    return {
      ...node,
      requests: Number(group?.requests ?? 0),
      failed: Number(group?.failedRequests ?? 0),
      cost: group?.costNanodollars ?? "0",
    };
  });
}

function Providers({ data, onEdit }: { readonly data: Data; readonly onEdit: (id: string) => void }) {
  const refusal = useRefusal();
  const [archiving, setArchiving] = useState<ProviderDetails>();
  const providerColumns = useMemo<readonly Column<ProviderDetails>[]>(
    () => [
      { id: "key", name: "Provider", by: (row) => row.key, cell: (row) => <strong>{row.key}</strong> },
      { id: "kind", name: "Kind", by: (row) => row.kind, cell: (row) => kindName(row.kind) },
      {
        id: "url",
        name: "Base URL",
        cell: (row) => (
          <span style={{ overflowWrap: "anywhere" }}>
            <code>{row.baseUrl}</code> {row.privateAddressAllowed && <Badge>private address</Badge>}
          </span>
        ),
      },
      {
        id: "credential",
        name: "Credential",
        cell: (row) => (row.hasCredential ? <Badge tone="good">sealed</Badge> : <span className="quiet">none</span>),
      },
      {
        id: "act",
        name: "",
        end: true,
        cell: (row) => (
          <span className="row" style={{ justifyContent: "flex-end" }}>
            <Button small refused={refusal} onClick={() => onEdit(row.id)}>
              Change
            </Button>
            <Button small look="plain" refused={refusal} onClick={() => setArchiving(row)}>
              Archive
            </Button>
          </span>
        ),
      },
    ],
    [onEdit, refusal],
  );
  const rows = data.providers.edges.map(({ node }) => node);
  if (rows.length === 0) return null;
  const backendsOf = (id: string) => data.backends.edges.filter(({ node }) => node.provider?.id === id).map(({ node }) => node.key);
  return (
    <Card title="Providers" flush>
      <DataTable label="Providers" columns={providerColumns} rows={rows} rowId={(row) => row.id} />
      {archiving !== undefined && (
        <DestroyDialog
          title={`Archive ${archiving.key}?`}
          name={archiving.key}
          verb="Archive the provider"
          done="The provider is archived"
          consequences={
            backendsOf(archiving.id).length === 0
              ? ["No backend stands at it. Its sealed credential is not used again."]
              : [`These backends stand at it and must go first: ${backendsOf(archiving.id).join(", ")}.`]
          }
          act={() => archiveProvider(archiving.id, archiving.revision)}
          onClose={() => setArchiving(undefined)}
        />
      )}
    </Card>
  );
}
