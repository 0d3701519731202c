/**
 * "Explain": which arm, prompt and backends a pasted request would meet, and why, without sending it. Reckoned from the
 * configuration shown here; the draw itself is a node's, so shares are given where chance decides.
 */
import { useMemo, useState } from "react";
import { percent } from "../../format/numbers.ts";
import { Card } from "../../shell/page.tsx";
import { Editor } from "../../ui/editor.tsx";
import { Notice } from "../../ui/marks.tsx";
import type { RouteDetails } from "./changes.ts";

interface ExplainProps {
  readonly route: RouteDetails;
  readonly experiment:
    | {
        readonly key: string;
        readonly coverage: number;
        readonly unit: string;
        readonly variants: readonly { readonly key: string; readonly weight: number }[];
      }
    | undefined;
}

type Verdict = readonly { readonly stage: string; readonly says: string }[];

export function Explain({ route, experiment }: ExplainProps) {
  const [text, setText] = useState(() =>
    JSON.stringify({ model: route.name, user: "ada", stream: true, messages: [{ role: "user", content: "Hello" }] }, null, 2),
  );
  const read = useMemo(() => readRequest(text), [text]);
  return (
    <div className="grid">
      <Card title="A request">
        <p className="quiet">Paste the body of a chat completion. Nothing is sent and nothing is spent.</p>
        <Editor label="The request as JSON" language="json" value={text} onChange={setText} lines={10} />
      </Card>
      <Card title="What would become of it">
        {typeof read === "string" ? (
          <Notice tone="warn">{read}</Notice>
        ) : (
          <dl className="facts">
            {verdictOf(read, route, experiment).map(({ stage, says }) => (
              <div key={stage} style={{ display: "contents" }}>
                <dt>{stage}</dt>
                <dd>{says}</dd>
              </div>
            ))}
          </dl>
        )}
      </Card>
    </div>
  );
}

type RequestBody = Readonly<Record<string, unknown>>;

function readRequest(text: string): RequestBody | string {
  try {
    const read: unknown = JSON.parse(text);
    return typeof read === "object" && read !== null && !Array.isArray(read) ? (read as RequestBody) : "A request is a JSON object.";
  } catch (error) {
    return `This is not JSON: ${error instanceof Error ? error.message : String(error)}`;
  }
}

function verdictOf(request: RequestBody, route: RouteDetails, experiment: ExplainProps["experiment"]): Verdict {
  if (request["model"] !== route.name)
    return [
      { stage: "Route", says: `It asks for model ${JSON.stringify(request["model"] ?? null)}, so it would not come to ${route.name}.` },
    ];
  const unit = experiment === undefined ? undefined : unitOf(experiment.unit, request);
  const weights = experiment?.variants.reduce((sum, { weight }) => sum + weight, 0) ?? 0;
  const given = new Set(Object.keys(request));
  const filled = Object.keys((route.defaultParameters ?? {}) as object).filter((name) => !given.has(name));
  return [
    { stage: "Route", says: `${route.name}, because model says so.` },
    {
      stage: "Experiment",
      says:
        experiment === undefined
          ? "None is running on this route."
          : unit === undefined
            ? `${experiment.key} divides by ${experiment.unit.toLowerCase().replace("_", " ")}, which this request does not name; a fallback unit or none applies.`
            : `${experiment.key}: ${percent(experiment.coverage)} of units take part, over ${experiment.variants
                .map(({ key, weight }) => `${key} ${percent(weight / weights)}`)
                .join(", ")}. ${unit} always falls in the same one.`,
    },
    {
      stage: "Prompt",
      says:
        route.prompt === null
          ? "The caller's messages go out as they are."
          : `${route.prompt.prompt?.name ?? "a prompt that is gone"} at ${route.prompt.label === null ? `version ${route.prompt.version}` : `label ${route.prompt.label}`} is put before the caller's messages.`,
    },
    { stage: "Parameters", says: filled.length === 0 ? "As the caller gave them." : `${filled.join(", ")} are filled in from the route.` },
    ...route.tiers.map((tier, at) => {
      const sum = tier.targets.reduce((total, { weight }) => total + weight, 0);
      return {
        stage: at === 0 ? "Backend" : `If those fail (${at + 1})`,
        says: tier.targets
          .map(
            (target) =>
              `${target.backend?.key ?? "gone"} (${target.backend?.model ?? "?"}), ${percent(sum === 0 ? 0 : target.weight / sum)} of draws`,
          )
          .join("; "),
      };
    }),
    { stage: "Answer", says: request["stream"] === true ? "Streamed as it comes." : "In one piece, when it is complete." },
  ];
}

function unitOf(unit: string, request: RequestBody): string | undefined {
  if (unit === "END_USER") return typeof request["user"] === "string" ? `User ${request["user"]}` : undefined;
  if (unit === "API_KEY") return "The caller's key";
  if (unit === "REQUEST") return "Each call draws anew, and so no user";
  return undefined;
}
