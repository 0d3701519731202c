/** The providers, page by page: where each stands, what it is called with, when it last was. */
import { useMemo, useState } from "react";
import { DestroyDialog } from "../../change/destroy-dialog.tsx";
import { UsersLine } from "../../change/users-line.tsx";
import { graphql } from "../../graphql/documents.ts";
import { useKeyset } from "../../graphql/keyset.ts";
import { Empty, Result } from "../../graphql/result.tsx";
import { useRefusal } from "../../session/viewer.ts";
import { text, useUrlState } from "../../shell/url-state.ts";
import { Button } from "../../ui/button.tsx";
import type { Column } from "../../ui/data-table.tsx";
import { Badge, When } from "../../ui/marks.tsx";
import { useOrderBy } from "../../ui/table-sort.ts";
import { ThingTable } from "../../ui/thing-table.tsx";
import { archiveProvider, type ProviderDetails, providerFragment } from "./changes.ts";
import { ProviderDialog } from "./provider-dialog.tsx";
import { Credential, kindName } from "./provider-words.tsx";

const query = graphql(
  `
    query Providers($search: String, $after: String, $orderBy: ProviderOrder) {
      providers(first: 50, search: $search, after: $after, orderBy: $orderBy) {
        edges {
          cursor
          node {
            ...ProviderDetails
            lastCallAt
          }
        }
        pageInfo {
          hasNextPage
          endCursor
        }
      }
    }
  `,
  [providerFragment],
);

type Row = ProviderDetails & { readonly lastCallAt: string | null };

export function ProviderList({ search }: { readonly search: string }) {
  const [{ provider }, setUrl] = useUrlState({ provider: text });
  const [archiving, setArchiving] = useState<ProviderDetails>();
  const refusal = useRefusal();
  const columns = useMemo(() => columnsOf(refusal, ({ id }) => setUrl({ provider: id }), setArchiving), [refusal, setUrl]);
  const table = { label: "Providers", columns };
  const orderBy = useOrderBy(table);
  const { first, nodes, ...later } = useKeyset(query, { search, orderBy, after: null }, (data) => data.providers, { hold: true });
  const edited = nodes.find(({ id }) => id === provider);
  return (
    <Result of={first}>
      {() => (
        <>
          <ThingTable
            {...table}
            rows={nodes}
            later={later}
            empty={
              <Empty title={search === "" ? "No provider yet" : "None is called that"}>
                A provider is an account at OpenAI, Anthropic and the like, or your own vLLM, Ollama or llama.cpp server.
              </Empty>
            }
          />
          {edited !== undefined && <ProviderDialog provider={edited} onClose={() => setUrl({ provider: undefined }, { replace: true })} />}
          {archiving !== undefined && <Archive provider={archiving} onClose={() => setArchiving(undefined)} />}
        </>
      )}
    </Result>
  );
}

const columnsOf = (
  refusal: string | undefined,
  onEdit: (provider: ProviderDetails) => void,
  onArchive: (provider: ProviderDetails) => void,
): readonly Column<Row, "KEY" | "BASE_URL">[] => [
  {
    id: "key",
    name: "Provider",
    order: "KEY",
    cell: (row) => (
      <div>
        <strong>{row.key}</strong>
        <div className="quiet">{kindName(row.kind)}</div>
      </div>
    ),
  },
  {
    id: "url",
    name: "Base URL",
    order: "BASE_URL",
    cell: (row) => (
      <span style={{ overflowWrap: "anywhere" }}>
        <code>{row.baseUrl}</code> {row.privateAddressAllowed && <Badge>private address</Badge>}
      </span>
    ),
  },
  { id: "credential", name: "Credential", cell: (row) => <Credential of={row} /> },
  {
    id: "used",
    name: "Last used",
    by: (row) => row.lastCallAt ?? "",
    cell: (row) => (row.lastCallAt === null ? <span className="quiet">never</span> : <When at={row.lastCallAt} />),
  },
  {
    id: "act",
    name: "",
    end: true,
    cell: (row) => (
      <span className="row" style={{ justifyContent: "flex-end" }}>
        <Button small refused={refusal} onClick={() => onEdit(row)}>
          Change
        </Button>
        <Button small look="plain" refused={refusal} onClick={() => onArchive(row)}>
          Archive
        </Button>
      </span>
    ),
  },
];

const Archive = ({ provider, onClose }: { readonly provider: ProviderDetails; readonly onClose: () => void }) => (
  <DestroyDialog
    title={`Archive ${provider.key}?`}
    name={provider.key}
    verb="Archive the provider"
    done="The provider is archived"
    consequences={[
      <UsersLine
        key="users"
        of="backends"
        id={provider.id}
        none="No backend stands at it. Its sealed credential is not used again."
        some="These backends stand at it and must go first"
      />,
    ]}
    act={() => archiveProvider(provider.id, provider.revision)}
    onClose={onClose}
  />
);
