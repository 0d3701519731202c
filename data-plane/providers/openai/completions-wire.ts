/**
 * `POST /completions`, the API before chat, at a backend that has it (OpenAI's instruct models, vLLM, llama.cpp, Ollama): text and
 * token prompts, echo, suffix, best_of and logprobs in its own form go on as they are.
 *
 * Source: OpenAI's API reference, "Completions (legacy)".
 */
import type { CompletionEvent } from "../../pipeline/completion-event.ts";
import { spliced } from "../../pipeline/json-text.ts";
import { placeOf, secondsOf } from "../common-form.ts";
import { errorInStream } from "../openai-compatible/error.ts";
import { protocolError } from "../openai-compatible/events.ts";
import { finishReasonOf } from "../openai-compatible/finish.ts";
import { usageOf } from "../openai-compatible/usage.ts";
import type { ProviderCall } from "../provider.ts";
import type { Wire, WireOptions } from "./wire.ts";

type Json = Record<string, unknown>;

export const completionsWire: Wire = {
  path: "/completions",
  body,
  answer(text, options) {
    const answer = parsed(text, options);
    if (!Array.isArray(answer["choices"])) throw protocolError("an answer without choices");
    const started = startedBy(answer);
    const ended = answer["choices"].flatMap(finishedBy);
    const textLength = lengthOf(answer["choices"]);
    const usage = usageOf(answer["usage"]);
    const data = JSON.stringify({ ...answer, model: options.modelShown });
    return [
      { type: "native-answer", data, textLength },
      ...started,
      ...ended,
      ...(usage === undefined ? [] : [{ type: "usage" as const, usage, data: undefined }]),
    ];
  },
  reader(options) {
    let started = false;
    let finished = false;
    return {
      finished: () => finished,
      read(_name, data, events) {
        if (data === "[DONE]") {
          finished = true;
          return false;
        }
        const chunk = parsed(data, options);
        const choices = Array.isArray(chunk["choices"]) ? (chunk["choices"] as unknown[]) : [];
        if (!started) events.push(...startedBy(chunk));
        started = true;
        const usage = usageOf(chunk["usage"]);
        const { usage: _, ...plain } = chunk;
        const shown = JSON.stringify({
          ...plain,
          model: options.modelShown,
          ...(options.usageAsked ? { usage: choices.length === 0 ? chunk["usage"] : null } : {}),
        });
        if (choices.length > 0)
          events.push({ type: "native-chunk", data: shown, textLength: lengthOf(choices) }, ...choices.flatMap(finishedBy));
        if (usage !== undefined) events.push({ type: "usage", usage, data: choices.length === 0 ? shown : undefined });
        return choices.length > 0;
      },
    };
  },
};

function body({ request, backend }: ProviderCall): string {
  const json = request.native?.body ?? request.body;
  const members = new Map<string, string | undefined>([["model", JSON.stringify(backend.model)]]);
  const asked = json.value["stream_options"];
  if (request.stream) members.set("stream_options", JSON.stringify({ ...(isObject(asked) ? asked : {}), include_usage: true }));
  return spliced(json, members);
}

function parsed(data: string, { credential }: WireOptions): Json {
  let value: unknown;
  try {
    value = JSON.parse(data);
  } catch (cause) {
    throw protocolError("an event that is not JSON", cause);
  }
  if (!isObject(value)) throw protocolError("an event that is not a JSON object");
  if (value["error"] !== undefined && value["error"] !== null) throw errorInStream(value["error"], credential);
  return value;
}

const startedBy = (answer: Json): CompletionEvent[] => [
  {
    type: "completion-started",
    id: text(answer["id"]),
    servedModel: text(answer["model"]),
    created: secondsOf(answer["created"]) ?? Math.floor(Date.now() / 1000),
    systemFingerprint: text(answer["system_fingerprint"]),
    serviceTier: "",
  },
];

function finishedBy(entry: unknown): CompletionEvent[] {
  const choice = isObject(entry) ? entry : {};
  const reason = choice["finish_reason"];
  const index = placeOf(choice["index"]) ?? 0;
  return typeof reason === "string" ? [{ type: "choice-finished", choice: index, reason: finishReasonOf(reason) }] : [];
}

const lengthOf = (choices: readonly unknown[]): number =>
  choices.reduce<number>((sum, choice) => sum + (isObject(choice) ? text(choice["text"]).length : 0), 0);

const isObject = (value: unknown): value is Json => typeof value === "object" && value !== null && !Array.isArray(value);
const text = (value: unknown): string => (typeof value === "string" ? value : "");
