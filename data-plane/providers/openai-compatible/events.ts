/**
 * Reads what an OpenAI-shaped backend streams, chunk by chunk.
 *
 * Almost all chunks of a stream differ only in the text they bring, so once the first has been read, a chunk that begins with
 * the same members and looks like a plain text delta is passed on with its head exchanged, without being parsed. Everything
 * else is parsed, checked and, where a backend is sloppy (no role, no tool-call index, another id on each chunk), repaired.
 */

import { GatewayError } from "../../gateway-error.ts";
import type { CompletionEvent, FinishReason, TokenLogprob } from "../../pipeline/completion-event.ts";
import { placeOf, secondsOf } from "../common-form.ts";
import type { UnknownFinish } from "../finish-reasons.ts";
import { flattenContent } from "./delta-habits.ts";
import { errorInStream } from "./error.ts";
import { exchangeFinish, finishReasonOf } from "./finish.ts";
import { type ToolCallIndexes, toolCallIndexes } from "./tool-call-indexes.ts";
import { detailEvents, extraEvents } from "./typed-extras.ts";
import { usageOf } from "./usage.ts";

export interface ChunkReader {
  /**
   * Reads one event's data and appends what it means to `events`. Returns whether it bears content.
   * @throws GatewayError UPSTREAM_PROTOCOL, or the error that the backend put into its stream.
   */
  read(data: string, events: CompletionEvent[]): boolean;
  /** Whether every choice that was asked for has ended: with that, a stream without [DONE] is whole all the same. */
  finished(): boolean;
}

export interface ChunkReaderOptions {
  readonly form: "native" | "typed";
  /** What the caller asked for and is shown as `model`. */
  readonly modelShown: string;
  /** Whether the caller asked for usage in its stream: then each chunk carries `usage`, else none does. */
  readonly usageAsked: boolean;
  readonly credential: string | undefined;
  /** How many answers the caller asked for. */
  readonly choicesAsked: number;
  /** The key of the provider, which is who signs its reasoning. */
  readonly provider: string;
  readonly unknownFinish: UnknownFinish;
}

type Json = Record<string, unknown>;

export function chunkReader(options: ChunkReaderOptions): ChunkReader {
  const { form, modelShown, usageAsked } = options;
  let id = "";
  let created = 0;
  let servedModel = "";
  let started = false;
  /** The backend's text before `"choices":[{"index":0,` of a plain chunk, and what callers get in its place. */
  let headFrom = "";
  let headTo = "";
  /** What ends a plain chunk after its choices. */
  let tailTo = "";
  const choices = new Map<number, { roleSent: boolean; finished: boolean; readonly toolCalls: ToolCallIndexes }>();

  const choiceOf = (index: number) => {
    let choice = choices.get(index);
    if (choice === undefined) {
      choice = { roleSent: false, finished: false, toolCalls: toolCallIndexes() };
      choices.set(index, choice);
    }
    return choice;
  };

  function read(data: string, events: CompletionEvent[]): boolean {
    if (headFrom !== "" && data.startsWith(headFrom) && data.length < plainLengthMax) {
      const rest = data.slice(headFrom.length);
      const plain = plainDelta.exec(rest);
      if (plain === null || !choices.has(Number(plain[1]))) return readParsed(data, parsedChunk(data), events);
      const [, choice, content = "", tail = ""] = plain;
      if (form === "typed") events.push({ type: "content-delta", choice: Number(choice), text: unescaped(content), logprobs: noLogprobs });
      else
        events.push({ type: "native-chunk", data: headTo + rest.slice(0, rest.length - tail.length) + tailTo, textLength: content.length });
      return true;
    }
    return readParsed(data, parsedChunk(data), events);
  }

  function readParsed(data: string, chunk: Json, events: CompletionEvent[]): boolean {
    if (chunk["error"] !== undefined && chunk["error"] !== null) throw errorInStream(chunk["error"], options.credential);
    const list = Array.isArray(chunk["choices"]) ? (chunk["choices"] as unknown[]) : [];
    if (!started) start(chunk, events);
    const usage = usageOf(chunk["usage"] ?? groqOf(chunk, options.credential)["usage"]);
    if (list.length === 0) {
      if (usage !== undefined)
        events.push({ type: "usage", usage, data: form === "native" ? JSON.stringify(repairedHead(chunk)) : undefined });
      // Azure's first chunk has no choices but filter results: not content, and nothing that a caller of chat can index.
      return false;
    }
    let bearsContent = false;
    let textLength = 0;
    let repaired = repairHead(chunk);
    if (!usageAsked && "usage" in chunk) {
      delete chunk["usage"];
      repaired = true;
    } else if (usageAsked && chunk["usage"] !== null) {
      // Usage comes in a chunk of its own at the end, whatever this backend's habit.
      chunk["usage"] = null;
      repaired = true;
    }
    for (const entry of list) {
      if (typeof entry !== "object" || entry === null) throw protocolError("a choice that is not an object");
      const choice = entry as Json;
      const index = placeOf(choice["index"]) ?? 0;
      if (choice["index"] !== index) {
        choice["index"] = index;
        repaired = true;
      }
      const state = choiceOf(index);
      const delta = object(choice["delta"]) ?? {};
      if (choice["delta"] !== delta) {
        choice["delta"] = delta;
        repaired = true;
      }
      if (!state.roleSent) {
        if (delta["role"] === undefined) {
          delta["role"] = "assistant";
          repaired = true;
        }
        state.roleSent = true;
      }
      repaired = repairToolCalls(delta, state) || repaired;
      repaired = flattenContent(delta) || repaired;
      if (bears(delta)) bearsContent = true;
      textLength += lengthOf(delta);
      const reason = choice["finish_reason"];
      if (reason === undefined) {
        choice["finish_reason"] = null;
        repaired = true;
      }
      const finish = finishOf(choice, state.toolCalls.count() > 0, options.unknownFinish);
      if (finish !== undefined && exchangeFinish(choice, finish)) repaired = true;
      if (finish !== undefined) state.finished = true;
      if (form === "typed") typedEvents(index, choice, delta, finish, options.provider, events);
    }
    if (form === "native") {
      const text = repaired ? JSON.stringify(chunk) : data;
      events.push({ type: "native-chunk", data: text, textLength });
      rememberHead(data, text);
    } else rememberHead(data, data);
    // After the content that it counts.
    if (usage !== undefined) events.push({ type: "usage", usage, data: undefined });
    // An answer of no tokens at all is an answer: its end commits too.
    return bearsContent || [...choices.values()].some(({ finished }) => finished);
  }

  function start(chunk: Json, events: CompletionEvent[]): void {
    started = true;
    id = text(chunk["id"]) || `chatcmpl-${crypto.randomUUID()}`;
    created = secondsOf(chunk["created"]) ?? Math.floor(Date.now() / 1000);
    servedModel = text(chunk["model"]);
    events.push({
      type: "completion-started",
      id,
      created,
      servedModel,
      systemFingerprint: text(chunk["system_fingerprint"]),
      serviceTier: text(chunk["service_tier"]),
    });
  }

  /** All chunks of a stream say the same id, created and model; the model is the one that was asked for. */
  function repairHead(chunk: Json): boolean {
    const right =
      chunk["id"] === id && chunk["created"] === created && chunk["model"] === modelShown && chunk["object"] === "chat.completion.chunk";
    chunk["id"] = id;
    chunk["object"] = "chat.completion.chunk";
    chunk["created"] = created;
    chunk["model"] = modelShown;
    return !right;
  }

  function repairedHead(chunk: Json): Json {
    repairHead(chunk);
    chunk["choices"] = [];
    return chunk;
  }

  function rememberHead(from: string, to: string): void {
    if (headFrom !== "") return;
    const marker = '"choices":[';
    const fromEnd = from.indexOf(marker);
    const toEnd = to.indexOf(marker);
    if (fromEnd < 0 || toEnd < 0 || from.lastIndexOf(marker) !== fromEnd) return;
    const head = to.slice(0, toEnd + marker.length);
    const members = membersOf(`${head}]}`);
    // What was repaired or stands behind the choices would be missing from chunks that are not parsed.
    if (members === undefined || !["id", "object", "created", "model", "choices"].every((name) => Object.hasOwn(members, name))) return;
    headFrom = from.slice(0, fromEnd + marker.length);
    headTo = head;
    tailTo = usageAsked && !Object.hasOwn(members, "usage") ? ',"usage":null}' : "}";
  }

  return {
    read,
    finished: () => choices.size >= options.choicesAsked && [...choices.values()].every(({ finished }) => finished),
  };
}

/** One choice with a text delta and nothing else that needs a look. Quotes inside strings are escaped, so no mark can lie in one. */
const plainDelta =
  /^\{"index":(0|[1-9]\d{0,3}),"delta":\{"content":"(?!")([ !#-[\]-\uffff]*(?:\\(?:["\\/bfnrt]|u[\da-fA-F]{4})[ !#-[\]-\uffff]*)*)"\},(?:"logprobs":null,)?"finish_reason":null(?:,"[a-z_]+":null)*\}\]((?:,"usage":null)?\})$/;
/** What stands between a JSON string's quotes, as the text that it means. */
const unescaped = (content: string): string => (content.includes("\\") ? (JSON.parse(`"${content}"`) as string) : content);
const noLogprobs: readonly TokenLogprob[] = [];
/** Beyond this a chunk is no token, and parsing it costs little beside its size. */
const plainLengthMax = 4096;

/** An answer that was not streamed, as the events of one batch. @throws as ChunkReader.read. */
export function answerEvents(data: string, options: ChunkReaderOptions): CompletionEvent[] {
  const answer = parsedChunk(data);
  if (answer["error"] !== undefined && answer["error"] !== null) throw errorInStream(answer["error"], options.credential);
  if (!Array.isArray(answer["choices"])) throw protocolError("an answer without choices");
  const events: CompletionEvent[] = [startedEvent(answer)];
  const usage = usageOf(answer["usage"]);
  let repaired = false;
  let textLength = 0;
  for (const [position, entry] of (answer["choices"] as unknown[]).entries()) {
    const choice = object(entry) ?? {};
    const message = object(choice["message"]) ?? {};
    const index = placeOf(choice["index"]) ?? position;
    repaired = flattenContent(message) || repaired;
    repaired = asCallsOfOpenai(message) || repaired;
    const finish = finishOf(choice, bringsToolCalls(message), options.unknownFinish);
    if (finish !== undefined && exchangeFinish(choice, finish)) repaired = true;
    textLength += lengthOf(message);
    if (options.form === "typed") typedEvents(index, choice, message, finish, options.provider, events);
    else if (finish !== undefined) events.push({ type: "choice-finished", choice: index, reason: finish });
  }
  if (options.form === "native") {
    // Served back in its own words; only the model's name is the one that was asked for.
    const native = repaired ? JSON.stringify({ ...answer, model: options.modelShown }) : renamed(data, answer, options.modelShown);
    events.push({ type: "native-answer", data: native, textLength });
  }
  if (usage !== undefined) events.push({ type: "usage", usage, data: undefined });
  return events;
}

const modelMember = /"model"\s*:\s*"(?:[^"\\]|\\.)*"/;

/** Exchanges the top-level `model`. Where it is not sure to be that one, behind another object or list, the answer is written anew. */
function renamed(data: string, answer: Json, model: string): string {
  const match = modelMember.exec(data);
  if (match !== null && !/[{[]/.test(data.slice(data.indexOf("{") + 1, match.index)))
    return `${data.slice(0, match.index)}"model":${JSON.stringify(model)}${data.slice(match.index + match[0].length)}`;
  answer["model"] = model;
  return JSON.stringify(answer);
}

/** A whole answer as the chunks it would have been streamed in: for a backend that answers JSON although a stream was asked. */
export function chunksOfAnswer(data: string): string[] {
  const answer = parsedChunk(data);
  if (answer["error"] !== undefined && answer["error"] !== null) return [data];
  if (!Array.isArray(answer["choices"])) throw protocolError("an answer without choices");
  const { choices: _choices, usage: _usage, ...said } = answer;
  const head = { ...said, object: "chat.completion.chunk" };
  const chunks: unknown[] = [];
  for (const [position, entry] of (answer["choices"] as unknown[]).entries()) {
    const { message: whole, logprobs, ...choice } = object(entry) ?? {};
    const index = choice["index"] ?? position;
    const message = object(whole) ?? {};
    asCallsOfOpenai(message);
    const toolCalls = Array.isArray(message["tool_calls"])
      ? { tool_calls: (message["tool_calls"] as Json[]).map((call, i) => ({ index: i, ...call })) }
      : {};
    chunks.push({
      ...head,
      choices: [{ index, delta: { ...message, role: "assistant", ...toolCalls }, logprobs: logprobs ?? null, finish_reason: null }],
    });
    chunks.push({ ...head, choices: [{ ...choice, index, delta: {}, finish_reason: choice["finish_reason"] ?? "stop" }] });
  }
  if (answer["usage"] !== undefined) chunks.push({ ...head, choices: [], usage: answer["usage"] });
  return chunks.map((chunk) => JSON.stringify(chunk));
}

/** undefined: it is not a JSON object. */
function membersOf(data: string): Json | undefined {
  try {
    return object(JSON.parse(data));
  } catch {
    return undefined;
  }
}

function parsedChunk(data: string): Json {
  let value: unknown;
  try {
    value = JSON.parse(data);
  } catch (cause) {
    throw protocolError("an event that is not JSON", cause);
  }
  const chunk = object(value);
  if (chunk === undefined) throw protocolError("an event that is not a JSON object");
  return chunk;
}

export const protocolError = (what: string, cause?: unknown): GatewayError =>
  new GatewayError("UPSTREAM_PROTOCOL", `the backend sent ${what}`, { cause, anotherBackendMayHelp: true });

const startedEvent = (answer: Json): CompletionEvent => ({
  type: "completion-started",
  id: text(answer["id"]) || `chatcmpl-${crypto.randomUUID()}`,
  created: secondsOf(answer["created"]) ?? Math.floor(Date.now() / 1000),
  servedModel: text(answer["model"]),
  systemFingerprint: text(answer["system_fingerprint"]),
  serviceTier: text(answer["service_tier"]),
});

const textMembers = ["content", "reasoning_content", "reasoning", "refusal"];

/** Whether a delta says anything to the caller. */
function bears(delta: Json): boolean {
  return (
    textMembers.some((name) => text(delta[name]) !== "") ||
    bringsToolCalls(delta) ||
    object(delta["function_call"]) !== undefined ||
    object(delta["audio"]) !== undefined
  );
}

/** What the model wrote, in characters. */
function lengthOf(delta: Json): number {
  let length = 0;
  for (const name of textMembers) length += text(delta[name]).length;
  if (delta["tool_calls"] === undefined && delta["function_call"] === undefined) return length;
  const calls = Array.isArray(delta["tool_calls"]) ? (delta["tool_calls"] as unknown[]) : [{ function: delta["function_call"] }];
  for (const call of calls) {
    const body = object(object(call)?.["function"]) ?? object(object(call)?.["custom"]) ?? {};
    length += text(body["name"]).length + text(body["arguments"]).length + text(body["input"]).length;
  }
  return length;
}

/**
 * Groq says usage, and failures of a stream, in a member of its own (console.groq.com/docs/api-reference).
 * @throws GatewayError the failure.
 */
function groqOf(chunk: Json, credential: string | undefined): Json {
  const groq = object(chunk["x_groq"]) ?? {};
  if (groq["error"] !== undefined && groq["error"] !== null) throw errorInStream(groq["error"], credential);
  return groq;
}

/** Some backends write an empty list, or null, where there are none. */
const bringsToolCalls = (delta: Json): boolean => Array.isArray(delta["tool_calls"]) && delta["tool_calls"].length > 0;

/** TGI before 3 sends one call where a list is meant, and arguments as an object where their text is. */
function asCallsOfOpenai(message: Json): boolean {
  let { tool_calls: calls } = message;
  if (calls === undefined || calls === null) return false;
  let repaired = false;
  if (object(calls) !== undefined) {
    calls = [calls];
    message["tool_calls"] = calls;
    repaired = true;
  }
  for (const entry of Array.isArray(calls) ? (calls as unknown[]) : []) {
    const body = object(object(entry)?.["function"]);
    if (body === undefined || object(body["arguments"]) === undefined) continue;
    body["arguments"] = JSON.stringify(body["arguments"]);
    repaired = true;
  }
  return repaired;
}

/** Gives each piece of a tool call the index of its call, and the call's id on its first piece alone. */
function repairToolCalls(delta: Json, { toolCalls }: { toolCalls: ToolCallIndexes }): boolean {
  let repaired = asCallsOfOpenai(delta);
  if (!Array.isArray(delta["tool_calls"])) return false;
  for (const entry of delta["tool_calls"] as unknown[]) {
    const call = object(entry);
    if (call === undefined) throw protocolError("a tool call that is not an object");
    const body = object(call["function"]) ?? object(call["custom"]) ?? {};
    const { index, idKnown, nameKnown } = toolCalls.of(call["index"], text(call["id"]), text(body["name"]));
    if (call["index"] !== index) {
      call["index"] = index;
      repaired = true;
    }
    if (idKnown) {
      delete call["id"];
      repaired = true;
    }
    if (nameKnown) {
      delete body["name"];
      repaired = true;
    }
  }
  return repaired;
}

/** A tool call ended by "stop" is a tool call: a caller that looks at the reason alone would lose it. @throws as finishReasonOf. */
function finishOf(choice: Json, callsTools: boolean, unknown: UnknownFinish): FinishReason | undefined {
  const raw = choice["finish_reason"];
  if (typeof raw !== "string") return undefined;
  const said = finishReasonOf(raw, unknown);
  // vLLM's: the stop sequence that ended it, or a token's number.
  const reason = typeof choice["stop_reason"] === "string" ? { ...said, stopSequence: choice["stop_reason"] } : said;
  return reason.unified === "stop" && callsTools ? { unified: "tool_calls", raw } : reason;
}

function typedEvents(
  choice: number,
  container: Json,
  delta: Json,
  finish: FinishReason | undefined,
  provider: string,
  events: CompletionEvent[],
): void {
  const reasoning = text(delta["reasoning_content"]) || text(delta["reasoning"]);
  if (reasoning !== "") events.push({ type: "reasoning-delta", choice, text: reasoning });
  detailEvents(choice, delta, provider, events);
  const content = text(delta["content"]);
  const logprobs = logprobsOf(container["logprobs"]);
  if (content !== "" || logprobs.length > 0) events.push({ type: "content-delta", choice, text: content, logprobs });
  const refusal = text(delta["refusal"]);
  if (refusal !== "") events.push({ type: "refusal-delta", choice, text: refusal });
  const calls = Array.isArray(delta["tool_calls"])
    ? (delta["tool_calls"] as unknown[])
    : object(delta["function_call"]) === undefined
      ? []
      : [{ function: delta["function_call"] }];
  for (const [position, entry] of calls.entries()) {
    const call = object(entry) ?? {};
    const body = object(call["function"]) ?? object(call["custom"]) ?? {};
    events.push({
      type: "tool-call-delta",
      choice,
      index: placeOf(call["index"]) ?? position,
      id: text(call["id"]),
      name: text(body["name"]),
      arguments: text(body["arguments"]) || text(body["input"]),
    });
  }
  extraEvents(choice, delta, events);
  if (finish !== undefined) events.push({ type: "choice-finished", choice, reason: finish });
}

function logprobsOf(value: unknown): TokenLogprob[] {
  const content = object(value)?.["content"];
  if (!Array.isArray(content)) return [];
  return content.map((entry) => {
    const token = object(entry) ?? {};
    const top = Array.isArray(token["top_logprobs"]) ? token["top_logprobs"] : [];
    return { ...logprobOf(token), top: top.map((other) => logprobOf(object(other) ?? {})) };
  });
}

const logprobOf = (token: Json) => ({
  token: text(token["token"]),
  logprob: typeof token["logprob"] === "number" ? token["logprob"] : 0,
  bytes: Array.isArray(token["bytes"]) ? (token["bytes"] as number[]) : null,
});

const text = (value: unknown): string => (typeof value === "string" ? value : "");

const object = (value: unknown): Json | undefined =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Json) : undefined;
