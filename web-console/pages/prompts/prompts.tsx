/** All prompts: their labels, their newest version. */
import { Link, useNavigate } from "@tanstack/react-router";
import { Plus } from "lucide-react";
import { EditDialog, textOf } from "../../change/form.tsx";
import { graphql, type ResultOf } from "../../graphql/documents.ts";
import { useKeyset } from "../../graphql/keyset.ts";
import { Empty, Result } from "../../graphql/result.tsx";
import { useRefusal } from "../../session/viewer.ts";
import { Page } from "../../shell/page.tsx";
import { flag, text, useUrlState } from "../../shell/url-state.ts";
import { Button } from "../../ui/button.tsx";
import type { Column } from "../../ui/data-table.tsx";
import { AddressField, SelectField, TextField } from "../../ui/field.tsx";
import { Badge, When } from "../../ui/marks.tsx";
import { useSettled } from "../../ui/settled.ts";
import { useOrderBy } from "../../ui/table-sort.ts";
import { ThingTable } from "../../ui/thing-table.tsx";
import { createPrompt } from "./changes.ts";

const query = graphql(`
  query Prompts($search: String, $after: String, $orderBy: PromptOrder) {
    promptFolders {
      path
    }
    prompts(first: 50, search: $search, after: $after, orderBy: $orderBy) {
      edges {
        cursor
        node {
          id
          name
          kind
          folder
          protectedLabels
          updatedAt
          labels {
            name
            version
          }
        }
      }
      pageInfo {
        hasNextPage
        endCursor
      }
    }
  }
`);

type Row = ResultOf<typeof query>["prompts"]["edges"][number]["node"];

export const Labels = ({ of }: { readonly of: readonly { readonly name: string; readonly version?: number }[] }) => (
  <span className="row" style={{ gap: "0.3rem" }}>
    {of.map(({ name, version }) => (
      <Badge key={name} tone={name === "production" ? "accent" : "neutral"}>
        {name}
        {version !== undefined && ` → ${version}`}
      </Badge>
    ))}
  </span>
);

const columns: readonly Column<Row, "PATH" | "UPDATED_AT">[] = [
  {
    id: "name",
    name: "Prompt",
    order: "PATH",
    cell: (row) => (
      <Link to="/prompts/$promptId" params={{ promptId: row.id }} className="strong">
        {row.folder !== "" && <span className="quiet">{row.folder}/</span>}
        {row.name}
      </Link>
    ),
  },
  { id: "kind", name: "Kind", cell: (row) => row.kind.toLowerCase() },
  {
    id: "labels",
    name: "Labels",
    cell: (row) => (row.labels.length === 0 ? <span className="quiet">no version yet</span> : <Labels of={row.labels} />),
  },
  { id: "at", name: "Changed", end: true, order: "UPDATED_AT", cell: (row) => <When at={row.updatedAt} /> },
];

const names = { name: "Name", kind: "Kind", folder: "Folder" };

const table = { label: "Prompts", columns };

export function Prompts() {
  const [{ q, make, folder }, setUrl] = useUrlState({ q: text, make: flag, folder: text });
  // In a folder with nothing typed, the folder's name is looked for: what is in it is on the first pages.
  const search = useSettled(q ?? folder ?? "");
  const orderBy = useOrderBy(table);
  const { first, nodes, ...later } = useKeyset(query, { search, orderBy, after: null }, (data) => data.prompts, { hold: true });
  const navigate = useNavigate();
  const refusal = useRefusal("developer");
  return (
    <Page
      title="Prompts"
      lead="Templates whose versions never change, and labels that move between them. Routes ask for a label, so moving it is a deployment."
      actions={
        <Button look="primary" refused={refusal} onClick={() => setUrl({ make: true })}>
          <Plus size={16} aria-hidden /> New prompt
        </Button>
      }
    >
      <div className="filters">
        <AddressField label="Search" value={q ?? ""} onChange={(next) => setUrl({ q: next }, { replace: true })} data-search />
        {(first.data?.promptFolders.length ?? 0) > 1 && (
          <SelectField
            label="Folder"
            value={folder ?? ""}
            onChange={(next) => setUrl({ folder: next })}
            choices={[
              { value: "", label: "all" },
              ...(first.data?.promptFolders ?? []).filter(({ path }) => path !== "").map(({ path }) => ({ value: path, label: path })),
            ]}
          />
        )}
      </div>
      <Result of={first}>
        {() => (
          <>
            <ThingTable
              {...table}
              rows={nodes.filter((row) => folder === undefined || `${row.folder}/`.startsWith(`${folder}/`))}
              later={later}
              under="/prompts"
              empty={
                search === "" ? (
                  <Empty title="No prompt yet">
                    Make one, write its first version, and let a route ask for it by the label production.
                  </Empty>
                ) : (
                  <Empty title="None is called that">Names and folders were searched, in upper and lower case.</Empty>
                )
              }
            />
          </>
        )}
      </Result>
      {make && (
        <EditDialog<{ name: string; kind: "CHAT" | "TEXT"; folder: string }>
          title="New prompt"
          start={{ name: "", kind: "CHAT", folder: folder ?? "" }}
          names={names}
          submit="Make the prompt"
          done="The prompt is there"
          refuse={({ name }) => (name.trim() === "" ? "Give it a name" : undefined)}
          save={({ name, kind, folder: into }) => createPrompt(name, kind, into)}
          onClose={(outcome) =>
            outcome?.kind === "done"
              ? void navigate({
                  to: "/prompts/$promptId",
                  params: { promptId: (outcome.payload as { prompt: { id: string } }).prompt.id },
                  search: { tab: "edit" },
                })
              : setUrl({ make: undefined }, { replace: true })
          }
        >
          {(form) => (
            <>
              <TextField {...textOf(form, names, "name")} hint="Such as support-answer" />
              <SelectField
                {...textOf(form, names, "kind")}
                choices={[
                  { value: "CHAT", label: "chat: messages" },
                  { value: "TEXT", label: "text: one template" },
                ]}
              />
              <TextField {...textOf(form, names, "folder")} hint="Such as support/email. Empty: at the top." />
            </>
          )}
        </EditDialog>
      )}
    </Page>
  );
}
