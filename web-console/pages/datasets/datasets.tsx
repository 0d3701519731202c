/** All datasets: cases that are kept to be tried again. */
import { Link } from "@tanstack/react-router";
import { EditDialog, type Form, textOf } from "../../change/form.tsx";
import { count } from "../../format/numbers.ts";
import { actorName } from "../../format/time.ts";
import { graphql, type ResultOf } from "../../graphql/documents.ts";
import { useKeyset } from "../../graphql/keyset.ts";
import { Empty, Result } from "../../graphql/result.tsx";
import type { Column } from "../../ui/data-table.tsx";
import { AddressField, TextField } from "../../ui/field.tsx";
import { When } from "../../ui/marks.tsx";
import { useSettled } from "../../ui/settled.ts";
import { useOrderBy } from "../../ui/table-sort.ts";
import { ThingTable } from "../../ui/thing-table.tsx";
import { type CasesValues, casesInput, casesNames, casesProblem, newCases } from "./case-values.ts";
import { CasesFields } from "./cases-fields.tsx";
import { createDataset } from "./changes.ts";

const query = graphql(`
  query Datasets($after: String, $search: String, $orderBy: DatasetOrder) {
    datasets(first: 50, after: $after, search: $search, orderBy: $orderBy) {
      edges {
        cursor
        node {
          id
          name
          description
          createdAt
          createdBy
          casesCount
        }
      }
      pageInfo {
        hasNextPage
        endCursor
      }
    }
  }
`);

type DatasetRow = ResultOf<typeof query>["datasets"]["edges"][number]["node"];

const columns: readonly Column<DatasetRow, "NAME" | "CASES" | "CREATED_AT">[] = [
  {
    id: "name",
    name: "Dataset",
    order: "NAME",
    cell: (row) => (
      <Link to="/datasets/$datasetId" params={{ datasetId: row.id }} className="strong">
        {row.name}
      </Link>
    ),
  },
  { id: "description", name: "What it is", cell: (row) => row.description || <span className="quiet">–</span> },
  { id: "cases", name: "Cases", end: true, order: "CASES", cell: (row) => count(row.casesCount) },
  {
    id: "at",
    name: "Made",
    end: true,
    order: "CREATED_AT",
    cell: (row) => (
      <>
        <When at={row.createdAt} /> <span className="quiet">by {actorName(row.createdBy)}</span>
      </>
    ),
  },
];

const table = { label: "Datasets", columns };

interface DatasetListProps {
  readonly search: string;
  readonly onSearch: (next: string) => void;
}

export function DatasetList({ search: typed, onSearch }: DatasetListProps) {
  const search = useSettled(typed);
  const orderBy = useOrderBy(table);
  const { first, nodes, ...later } = useKeyset(query, { after: null, search, orderBy }, (data) => data.datasets, { hold: true });
  return (
    <>
      <div className="filters">
        <AddressField label="Search" value={typed} onChange={onSearch} data-search />
      </div>
      <Result of={first}>
        {() => (
          <>
            <ThingTable
              {...table}
              rows={nodes}
              later={later}
              under="/datasets"
              empty={
                search === "" ? (
                  <Empty title="No dataset yet">
                    Keep calls that matter, or write cases of your own: each new version is tried on them before callers meet it.
                  </Empty>
                ) : (
                  <Empty title="None is called that">Names and descriptions were searched, in upper and lower case.</Empty>
                )
              }
            />
          </>
        )}
      </Result>
    </>
  );
}

interface NewDataset extends CasesValues {
  readonly name: string;
  readonly description: string;
}

const names = { name: "Name", description: "What it is", ...casesNames };

export const DatasetDialog = ({ onClose }: { readonly onClose: (madeId?: string) => void }) => (
  <EditDialog<NewDataset>
    title="New dataset"
    description="What is taken from calls stays when their own content goes."
    start={{ ...newCases, name: "", description: "" }}
    names={names}
    submit="Make the dataset"
    done="The dataset is there"
    large
    refuse={(values) => (values.name.trim() === "" ? "Give it a name" : casesProblem(values))}
    save={(values) => createDataset(values.name, values.description, casesInput(values))}
    onClose={(outcome) => onClose(outcome?.kind === "done" ? (outcome.payload as { id: string }).id : undefined)}
  >
    {(form) => (
      <>
        <div className="field-grid">
          <TextField {...textOf(form, names, "name")} />
          <TextField {...textOf(form, names, "description")} hint="Optional" />
        </div>
        <CasesFields form={form as Form<CasesValues>} />
      </>
    )}
  </EditDialog>
);
