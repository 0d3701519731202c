/** The query and its variables on one side; on the other the answer, the schema, and what was run before. */
import { useDeferredValue, useEffect, useMemo, useRef, useState } from "react";
import { useViewer } from "../../session/viewer.ts";
import { Card } from "../../shell/page.tsx";
import { useUrlState } from "../../shell/url-state.ts";
import { Button, CopyButton } from "../../ui/button.tsx";
import { Editor } from "../../ui/editor.tsx";
import { SelectField } from "../../ui/field.tsx";
import { Tabs } from "../../ui/tabs.tsx";
import { AnswerPane } from "./answer-pane.tsx";
import { ChangeDialog } from "./change-dialog.tsx";
import { queryExtensions, variablesExtensions } from "./editors.ts";
import { explorerExamples } from "./examples.ts";
import { address } from "./explorer.tsx";
import { keepAsked, keepDraft, keptOf } from "./kept.ts";
import { LastPane } from "./last-pane.tsx";
import { type Ask, askIn, explorerHash } from "./link.ts";
import { chosenOf, nameAt, operationsIn, queryProblem, variablesIn, variablesProblem } from "./operations.ts";
import type { Sent } from "./run.ts";
import type { KnownSchema } from "./schema.ts";
import { SchemaPane } from "./schema-pane.tsx";
import { useRun } from "./use-run.ts";

const examples = explorerExamples.map(({ name, query, variables }) => ({
  name,
  ask: (): Ask => ({ query, variables: JSON.stringify(variables?.(new Date()) ?? {}, null, 2) }),
}));
const [firstExample] = examples;
const nothing: Ask = { query: "", variables: "{}" };

export function Bench({ schema, hash }: { readonly schema: KnownSchema; readonly hash: string }) {
  const { tokenId, organisation } = useViewer();
  const person = `${tokenId} ${organisation?.id}`;
  const [{ tab = "answer", type }, setUrl] = useUrlState(address);
  const [draft, setDraft] = useState<Ask>(() => askIn(hash) ?? keptOf(person).draft ?? firstExample?.ask() ?? nothing);
  const [name, setName] = useState("");
  const [change, setChange] = useState<Sent>();
  const run = useRun();

  useEffect(() => {
    const linked = askIn(hash);
    if (linked !== undefined) setDraft(linked);
  }, [hash]);
  useEffect(() => keepDraft(person, draft), [person, draft]);

  const operations = useMemo(() => operationsIn(draft.query), [draft.query]);
  const operation = chosenOf(operations, name);
  const settled = useDeferredValue(draft);
  const problems = useMemo(() => {
    const meant = chosenOf(operationsIn(settled.query), name);
    return { query: queryProblem(schema, settled.query), variables: variablesProblem(schema, meant, settled.variables) };
  }, [schema, settled, name]);

  const send = (sent: Sent, kind: "query" | "mutation" | "subscription") => {
    if (operations.length > 0) keepAsked(person, draft);
    setUrl({ tab: undefined, type: undefined }, { replace: true });
    run.start(sent, kind);
  };
  /** @param called the operation that is meant; undefined: the chosen one. */
  const start = (called?: string) => {
    const meant = chosenOf(operations, called ?? name);
    const variables = variablesIn(draft.variables);
    if (draft.query.trim() === "" || variables === undefined) return;
    if (called !== undefined) setName(called);
    const sent: Sent = { query: draft.query, variables, operationName: meant?.name?.value };
    if (meant?.operation === "mutation") setChange(sent);
    else send(sent, meant?.operation ?? "query");
  };

  // The editors are made once, and ask for what is meant by then.
  const now = useRef({ start, draft });
  now.current = { start, draft };
  useEffect(() => {
    // Also from elsewhere on the page, and before the editors have come; they take the key for themselves.
    const listen = (event: KeyboardEvent) => {
      const covered = document.querySelector('[role="dialog"], dialog[open]') !== null;
      if ((event.ctrlKey || event.metaKey) && event.key === "Enter" && !event.defaultPrevented && !covered) now.current.start();
    };
    document.addEventListener("keydown", listen);
    return () => document.removeEventListener("keydown", listen);
  }, []);
  const [extensions] = useState(() => ({
    query: queryExtensions(
      schema,
      (at) => now.current.start(nameAt(now.current.draft.query, at)),
      (shown) => setUrl({ tab: "schema", type: shown }),
    ),
    variables: variablesExtensions(() => now.current.start()),
  }));

  return (
    <div className="grid pairs">
      <Card
        title="Query"
        actions={
          <div className="row">
            <CopyButton
              label="Copy a link"
              text={`${location.origin}/explorer#${explorerHash(draft.query, variablesIn(draft.variables) ?? {})}`}
            />
            {run.busy && (
              <Button small onClick={run.stop}>
                Stop
              </Button>
            )}
            <Button
              small
              look="primary"
              onClick={() => start()}
              refused={variablesIn(draft.variables) === undefined ? "The variables are no JSON object." : undefined}
            >
              Run <kbd>Ctrl Enter</kbd>
            </Button>
          </div>
        }
      >
        <div className="stack">
          <SelectField
            label="Examples"
            value=""
            onChange={(chosen) => setDraft(examples[Number(chosen)]?.ask() ?? draft)}
            choices={[
              { value: "", label: "Put one into the editor" },
              ...examples.map((one, index) => ({ value: String(index), label: one.name })),
            ]}
          />
          <Editor
            label="Query"
            language="given"
            value={draft.query}
            onChange={(query) => setDraft((before) => ({ ...before, query }))}
            extensions={extensions.query}
            lines={16}
            problem={problems.query}
          />
          <div className="stack tight">
            <h3>Variables</h3>
            <Editor
              label="Variables as JSON"
              language="json"
              value={draft.variables}
              onChange={(variables) => setDraft((before) => ({ ...before, variables }))}
              extensions={extensions.variables}
              lines={5}
              problem={problems.variables}
            />
          </div>
          {operations.length > 1 && (
            <SelectField
              label="Which of them to run"
              value={operation?.name?.value ?? ""}
              onChange={setName}
              choices={operations.map((one) => ({ value: one.name?.value ?? "", label: one.name?.value ?? "Without a name" }))}
            />
          )}
          <p className="quiet">Tab leaves the editor; Escape closes what it offers. F8 goes to the next fault, Ctrl Space offers names.</p>
        </div>
      </Card>
      <Card>
        <div className="stack">
          <Tabs
            label="Beside the query"
            current={tab}
            tabs={[
              ["answer", "Answer"],
              ["schema", "Schema"],
              ["last", "Last runs"],
            ]}
          />
          {tab === "answer" && <AnswerPane run={run} />}
          {tab === "schema" && <SchemaPane schema={schema} type={type} />}
          {tab === "last" && <LastPane last={keptOf(person).last} onChoose={setDraft} />}
        </div>
      </Card>
      {change !== undefined && (
        <ChangeDialog
          name={change.operationName}
          onClose={() => setChange(undefined)}
          onRun={() => {
            setChange(undefined);
            send(change, "mutation");
          }}
        />
      )}
    </div>
  );
}
