/** What the nodes were told from outside: the same on all of them, or where they differ. */
import { counted } from "../../format/numbers.ts";
import { Card } from "../../shell/page.tsx";
import { text, useUrlState } from "../../shell/url-state.ts";
import { type Column, DataTable } from "../../ui/data-table.tsx";
import { SelectField } from "../../ui/field.tsx";
import { Notice } from "../../ui/marks.tsx";
import { type NodesSetting, settingsOfNodes, type ToldNode } from "./node-settings.ts";
import { Origin, SettingName, SettingValue } from "./setting-cells.tsx";

const columns: readonly Column<NodesSetting>[] = [
  { id: "name", name: "Setting", by: (row) => row.name, cell: (row) => <SettingName name={row.name} /> },
  {
    id: "value",
    name: "Value",
    cell: ({ answers, unknownTo }) => (
      <ul className="stack tight">
        {answers.map((answer) => (
          <li key={`${answer.origin} ${answer.value}`} className="row">
            <SettingValue of={answer} /> <Origin of={answer.origin} />
            {(answers.length > 1 || unknownTo.length > 0) && <span className="quiet">on {answer.nodes.join(", ")}</span>}
          </li>
        ))}
        {unknownTo.length > 0 && <li className="quiet">{unknownTo.join(", ")} does not know it</li>}
      </ul>
    ),
  },
];

/** @param nodes that are heard. */
export function NodeSettings({ nodes }: { readonly nodes: readonly ToldNode[] }) {
  const [url, setUrl] = useUrlState({ node: text });
  const silent = nodes.filter(({ settings }) => settings.length === 0);
  const told = nodes.length - silent.length;
  const chosen = nodes.find(({ id }) => id === url.node);
  const all = settingsOfNodes(nodes);
  const rows = chosen === undefined ? all : settingsOfNodes([chosen]);
  return (
    <Card
      title="What the nodes were told"
      flush
      actions={
        nodes.length > 1 && (
          <SelectField
            label={<span className="visually-hidden">Node</span>}
            value={chosen?.id ?? ""}
            onChange={(id) => setUrl({ node: id || undefined }, { replace: true })}
            choices={[{ value: "", label: "All nodes" }, ...nodes.map(({ id, name }) => ({ value: id, label: name }))]}
          />
        )
      }
    >
      <div className="stack tight" style={{ padding: "0 1.15rem 0.75rem" }}>
        {told > 1 && <Differing of={all} nodes={told} />}
        {silent.length > 0 && (
          <p className="quiet">
            {silent.map(({ name }) => name).join(", ")} {silent.length === 1 ? "has" : "have"} not said: what nodes were started with comes
            within a minute, and not from nodes of versions before 0.1.
          </p>
        )}
        {nodes.length === 0 && <p className="quiet">No node is heard.</p>}
      </div>
      {rows.length > 0 && <DataTable label="What the nodes were told" columns={columns} rows={rows} rowId={({ name }) => name} />}
    </Card>
  );
}

function Differing({ of, nodes }: { readonly of: readonly NodesSetting[]; readonly nodes: number }) {
  const differing = of.filter(({ differs }) => differs);
  if (differing.length === 0)
    return (
      <p className="quiet">
        All {of.length} settings are the same on {nodes} nodes, but for each one's own name and directory.
      </p>
    );
  return (
    <Notice tone="warn">
      {differing.length} of {counted(of.length, "setting")} {differing.length === 1 ? "differs" : "differ"} between nodes:{" "}
      {differing.map(({ name }) => name).join(", ")}. Not counted: each node's own name and directory, and where a value came from.
    </Notice>
  );
}
