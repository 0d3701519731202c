/**
 * Reads the JSON answer of an operation for what the gateway must know: the model's name and the usage. Vectors and images make
 * such an answer long, so the list in it is set aside, and only what stands around it is parsed. Pure.
 */
import { AnswerText } from "../../pipeline/answer-text.ts";
import type { TokenUsage } from "../../pipeline/completion-event.ts";
import { errorInStream } from "./error.ts";
import { protocolError } from "./events.ts";
import { usageOf } from "./usage.ts";

type Json = Record<string, unknown>;

export interface OperationAnswer {
  /** Under the name that was asked for, where the answer names a model; else as it came. */
  readonly text: AnswerText;
  readonly servedModel: string;
  readonly usage: TokenUsage | undefined;
}

/**
 * @param modelShown empty: the model's name stays.
 * @throws GatewayError UPSTREAM_PROTOCOL: not a JSON object; the error that the backend put into its answer.
 */
export function readOperationAnswer(text: AnswerText, modelShown: string, credential: string | undefined): OperationAnswer {
  const { outer, write } = frame(text) ?? whole(text);
  if (outer["error"] !== undefined && outer["error"] !== null && outer["object"] === undefined)
    throw errorInStream(outer["error"], credential);
  const servedModel = typeof outer["model"] === "string" ? outer["model"] : "";
  const renamed = servedModel !== "" && modelShown !== "" && servedModel !== modelShown;
  return {
    text: renamed ? write({ ...outer, model: modelShown }) : text,
    servedModel,
    usage: usageOfOperation(outer),
  };
}

interface Frame {
  readonly outer: Json;
  readonly write: (outer: Json) => AnswerText;
}

const openingBracket = 0x5b;
const closingBracket = 0x5d;

/** The answer with its one list in a marker's place; undefined: it is not of that shape. */
function frame(text: AnswerText): Frame | undefined {
  const from = text.indexOf(openingBracket);
  const to = text.lastIndexOf(closingBracket) + 1;
  if (from < 0 || to <= from) return undefined;
  const marker = `"list ${crypto.randomUUID()}"`;
  const outer = objectOf(text.slice(0, from) + marker + text.slice(to, text.length));
  if (outer === undefined) return undefined;
  return {
    outer,
    write: (changed) => {
      const [before = "", after = ""] = JSON.stringify(changed).split(marker);
      return new AnswerText([Buffer.from(before), ...text.between(from, to), Buffer.from(after)]);
    },
  };
}

function whole(text: AnswerText): Frame {
  const outer = objectOf(text.toString());
  if (outer === undefined) throw protocolError("an answer that is not a JSON object");
  return { outer, write: (changed) => AnswerText.of(JSON.stringify(changed)) };
}

function objectOf(text: string): Json | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Json) : undefined;
  } catch {
    return undefined;
  }
}

/**
 * `usage` in the words of embeddings (prompt_tokens), of images and speech (input_tokens, output_tokens), of rankers
 * (total_tokens, or Cohere's meta.tokens). undefined: it says no tokens; seconds of audio are none.
 */
export function usageOfOperation(answer: Json): TokenUsage | undefined {
  const meta = object(answer["meta"]);
  const said = object(answer["usage"]) ?? object(meta?.["tokens"]) ?? object(meta?.["billed_units"]);
  if (said === undefined) return undefined;
  const { input_tokens_details: details } = said;
  const input = said["prompt_tokens"] ?? said["input_tokens"] ?? said["total_tokens"];
  const usage = usageOf({
    prompt_tokens: input,
    completion_tokens: said["completion_tokens"] ?? said["output_tokens"] ?? (input === undefined ? undefined : 0),
    prompt_tokens_details: said["prompt_tokens_details"] ?? details,
    completion_tokens_details: said["completion_tokens_details"] ?? said["output_tokens_details"],
  });
  if (usage === undefined) return undefined;
  const raw = JSON.stringify(said);
  return { ...usage, raw: raw.length > rawLengthMax ? "" : raw };
}

const rawLengthMax = 4096;

const object = (value: unknown): Json | undefined =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Json) : undefined;
