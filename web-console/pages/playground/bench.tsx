/** What is sent, filled in once for all columns, and the columns that it is sent to. */
import { Link } from "@tanstack/react-router";
import { Play, Plus, Square } from "lucide-react";
import { useEffect, useMemo, useRef, useState } from "react";
import { unfold } from "../../change/form.tsx";
import { keepUnsaved, type UnsavedPlace, unsavedAt } from "../../session/unsaved.ts";
import { useRefusal, useViewer } from "../../session/viewer.ts";
import { Card } from "../../shell/page.tsx";
import { Button } from "../../ui/button.tsx";
import { Editor } from "../../ui/editor.tsx";
import { CheckField, LongField, TextField } from "../../ui/field.tsx";
import { Folded } from "../../ui/folded.tsx";
import { Notice } from "../../ui/marks.tsx";
import { variableFields } from "../prompts/variable-values.ts";
import { VariablesForm } from "../prompts/variables-form.tsx";
import { ColumnCard } from "./column-card.tsx";
import { type Column, columnsMax } from "./columns.ts";
import { type EstimatedColumn, estimateOf } from "./estimate.ts";
import { loggedAnswer } from "./logged-answer.ts";
import { loggedRequest } from "./logged-request.ts";
import { type PlaygroundData, type PromptNow, routeOf } from "./playground.tsx";
import { type CallState, runCall } from "./run-call.ts";
import { SaveDialog, type SavedVersion } from "./save-dialog.tsx";
import { newSheet, requestOf, type Sheet, sheetProblem } from "./sheet.ts";
import { ThenCard } from "./then-card.tsx";

interface BenchProps {
  readonly data: PlaygroundData;
  /** The call that it was opened from. */
  readonly loggedCall: string | undefined;
  readonly columns: readonly Column[];
  /** Of each column. */
  readonly prompts: readonly (PromptNow | undefined)[];
  /** Words that differ from the first column are marked. */
  readonly compares: boolean;
  readonly onColumns: (columns: readonly Column[]) => void;
  readonly onCompares: (on: boolean) => void;
}

export function Bench({ data, loggedCall, columns, prompts, compares, onColumns, onCompares }: BenchProps) {
  const [logged] = useState(() => loggedRequest(data.callContent ?? null));
  const place: UnsavedPlace = { place: "tab", person: useViewer().tokenId, name: `playground ${loggedCall ?? ""}` };
  const [then] = useState(() => (data.usageEvent == null ? undefined : loggedAnswer(data.usageEvent, data.callContent?.answers ?? null)));
  const [sheet, setSheet] = useState(() => unsavedAt<Sheet>(place)?.content ?? newSheet(logged));
  const change = (patch: Partial<Sheet>) => {
    const next = { ...sheet, ...patch };
    setSheet(next);
    keepUnsaved(place, next);
  };
  const [states, setStates] = useState<Readonly<Record<number, CallState>>>({});
  const [saving, setSaving] = useState(false);
  const [saved, setSaved] = useState<SavedVersion>();
  const running = useRef<AbortController | undefined>(undefined);
  const refusal = useRefusal("developer");
  useEffect(() => () => running.current?.abort(), []);

  const isBusy = Object.values(states).some(({ phase }) => phase === "waiting" || phase === "streaming");
  const problem = useMemo(() => sheetProblem(sheet), [sheet]);
  const run = () => {
    running.current?.abort();
    const controller = new AbortController();
    running.current = controller;
    setStates({});
    columns.forEach((column, index) => {
      void runCall(requestOf(sheet, column, prompts[index]), controller.signal, (state) => {
        if (running.current === controller) setStates((before) => ({ ...before, [index]: state }));
      });
    });
  };
  const first = states[0];
  const original = then === undefined || then.text === "" ? undefined : then.text;
  const compared = original ?? (first?.phase === "done" ? first.text : undefined);
  return (
    <>
      {loggedCall !== undefined && (
        <Notice tone={logged === undefined ? "warn" : "info"}>
          {logged === undefined
            ? "Its route and prompt version are those of the call; what was said in it is not kept, so the message is not."
            : "As the call was: its route, prompt version, messages and parameters."}{" "}
          <Link to="/calls/$callId" params={{ callId: loggedCall }}>
            The call
          </Link>
        </Notice>
      )}
      <Card>
        <form
          className="stack"
          onSubmit={(event) => {
            event.preventDefault();
            run();
          }}
          onKeyDown={(event) => {
            if (!(event.ctrlKey || event.metaKey) || event.key !== "Enter" || isBusy) return;
            if (refusal === undefined && problem === undefined) event.currentTarget.requestSubmit();
          }}
          onInvalidCapture={unfold}
        >
          <Fields sheet={sheet} prompts={prompts} onChange={change} />
          <div className="row apart">
            <span className="row">
              {/* Two buttons and not one that changes: the click on Stop would send the form with what it has become. */}
              {isBusy ? (
                <Button key="stop" type="button" look="danger" onClick={() => running.current?.abort()}>
                  <Square size={15} aria-hidden /> Stop
                </Button>
              ) : (
                <Button key="run" type="submit" look="primary" refused={refusal ?? problem}>
                  <Play size={15} aria-hidden /> Run {columns.length > 1 ? `all ${columns.length}` : ""} <kbd>Ctrl Enter</kbd>
                </Button>
              )}
              <span className="quiet">
                {estimateOf(
                  columns.map((column, index) => estimated(data, sheet, column, prompts[index])),
                  sheet.maxTokens,
                )}
              </span>
            </span>
            <span className="row">
              <Button refused={refusal ?? problem} onClick={() => setSaving(true)}>
                Save as a prompt version
              </Button>
              <Button
                disabled={columns.length >= columnsMax}
                onClick={() => onColumns([...columns, columns.at(-1) ?? { route: data.routes.edges[0]?.node.name ?? "", prompt: "" }])}
              >
                <Plus size={15} aria-hidden /> Compare
              </Button>
            </span>
          </div>
          {(columns.length > 1 || original !== undefined) && (
            <CheckField
              label={`Mark the words that differ from ${original === undefined ? "the first column's" : "the answer then"}`}
              value={compares}
              onChange={onCompares}
            />
          )}
        </form>
      </Card>
      {saved !== undefined && (
        <Notice tone="good">
          <div className="row apart">
            <span>
              Version {saved.promptVersion.version} of {saved.prompt.name} is saved.{" "}
              <Link to="/prompts/$promptId" params={{ promptId: saved.prompt.id }} search={{ v: saved.promptVersion.version }}>
                Look at it and deploy it
              </Link>
            </span>
            <Button
              small
              disabled={columns.length >= columnsMax}
              onClick={() => {
                onColumns([...columns, { route: columns[0]?.route ?? "", prompt: `${saved.prompt.name}@${saved.promptVersion.version}` }]);
                setSaved(undefined);
              }}
            >
              Try it beside the others
            </Button>
          </div>
        </Notice>
      )}
      <div className="columns">
        {then !== undefined && <ThenCard answer={then} />}
        {columns.map((column, index) => (
          <ColumnCard
            key={`column ${index}`}
            column={column}
            prompt={column.prompt === "" ? undefined : (prompts[index]?.prompt ?? undefined)}
            state={states[index]}
            against={compares && (index > 0 || original !== undefined) ? compared : undefined}
            then={then}
            onChange={(next) => onColumns(columns.map((one, at) => (at === index ? next : one)))}
            onRemove={columns.length > 1 ? () => onColumns(columns.filter((_, at) => at !== index)) : undefined}
          />
        ))}
      </div>
      {saving && (
        <SaveDialog
          prompt={prompts.find((one) => one?.prompt != null)?.prompt ?? undefined}
          sheet={sheet}
          onClose={(version) => {
            setSaving(false);
            setSaved((before) => version ?? before);
          }}
        />
      )}
    </>
  );
}

interface FieldsProps {
  readonly sheet: Sheet;
  readonly prompts: readonly (PromptNow | undefined)[];
  readonly onChange: (patch: Partial<Sheet>) => void;
}

const texts = [
  { name: "tools", label: "Tools: a list, as OpenAI's chat API has it (JSON)" },
  { name: "schema", label: "Schema of the answer (JSON Schema)" },
  { name: "more", label: "More parameters, over all others (JSON)" },
] as const;

function Fields({ sheet, prompts, onChange }: FieldsProps) {
  const fields = variableFields(prompts.filter((prompt) => prompt !== undefined));
  const filled = sheet.system !== "" || sheet.tools !== "" || sheet.schema !== "" || sheet.more !== "";
  return (
    <>
      <LongField label="Message" value={sheet.user} onChange={(user) => onChange({ user })} rows={3} />
      {fields.length > 0 && (
        <fieldset>
          <legend>Variables of the prompt</legend>
          <VariablesForm fields={fields} values={sheet.variables} onChange={(variables) => onChange({ variables })} />
        </fieldset>
      )}
      <Folded summary="System message, tools, schema and parameters" filled={filled}>
        <div className="stack" style={{ marginTop: "0.75rem" }}>
          <LongField
            label="System message"
            value={sheet.system}
            onChange={(system) => onChange({ system })}
            rows={3}
            hint="Beside what the route's prompt brings"
          />
          <div className="field-grid">
            <TextField
              label="Temperature"
              type="number"
              step="0.1"
              min={0}
              max={2}
              value={sheet.temperature}
              onChange={(temperature) => onChange({ temperature })}
              hint="Empty: the route's"
            />
            <TextField
              label="Tokens at the most"
              type="number"
              min={1}
              value={sheet.maxTokens}
              onChange={(maxTokens) => onChange({ maxTokens })}
              hint="max_tokens"
            />
          </div>
          <div className="grid">
            {texts.map(({ name, label }) => (
              <div key={name} className="field">
                <span className="label">{label}</span>
                <Editor label={label} language="json" value={sheet[name]} onChange={(text) => onChange({ [name]: text })} lines={4} />
              </div>
            ))}
          </div>
        </div>
      </Folded>
    </>
  );
}

function estimated(data: PlaygroundData, sheet: Sheet, column: Column, prompt: PromptNow | undefined): EstimatedColumn {
  const target = routeOf(column, data)?.tiers[0]?.targets.find(({ weight }) => weight > 0);
  const sent = [
    sheet.system,
    sheet.user,
    sheet.tools,
    sheet.schema,
    sheet.more,
    ...(prompt?.messages ?? []).map(({ template }) => template),
  ];
  return { letters: sent.reduce((sum, text) => sum + text.length, 0), price: target?.backend?.price ?? undefined };
}
