/**
 * The table of everything that real backends do wrong, one row each, reachable as model `sim-fault-<name>` or by the header
 * `x-sim-fault: <name>[:<number>]`. A row changes the answer before it is planned (quirks, opening) or its steps on the wire
 * (change). The number means what the row says: mostly after how many events the fault comes.
 */
import { doneEvent, type Quirks } from "./chat-body.ts";
import { stopEvent } from "./message-body.ts";
import { type ErrorBody, SimulatorError } from "./simulator-error.ts";
import type { HttpAnswer, Misstep, Step } from "./stream-writer.ts";
import { bytewise, endingLinesWith, splitInsideCharacters, withComments, withDataOverLines, withoutFinalBlankLine } from "./wire-forms.ts";

interface FaultRow {
  readonly says: string;
  /** What stands for a missing number. */
  readonly number?: number;
  readonly quirks?: Partial<Quirks>;
  readonly opening?: string;
  readonly ignoresTokensMax?: boolean;
  /** Answers a stream where none was asked, and the other way round. */
  readonly flipsStream?: boolean;
  readonly change?: (answer: HttpAnswer, context: FaultContext) => HttpAnswer;
}

export interface FaultContext {
  readonly streamed: boolean;
  readonly number: number;
  /** As it came, for the fault that echoes it. */
  readonly authorization: string;
  readonly nowMs: number;
  /** One more content event for this answer. */
  contentEvent(text: string): string;
}

const hang: Misstep = { act: "hang" };
const fin: Misstep = { act: "fin" };
const rst: Misstep = { act: "rst" };
const upstreamBroke = "The server had an error while processing your request. Try again.";

const rows = {
  refuse: { says: "closes the connection before any answer", change: (answer) => ({ ...answer, steps: [fin] }) },
  hang: {
    says: "says nothing; with a number, answers after so many milliseconds",
    number: 0,
    change: (answer, { number }) => ({ ...answer, steps: number === 0 ? [hang] : joined([number], answer.steps) }),
  },
  "headers-then-hang": {
    says: "sends the head and nothing else",
    change: (answer) => ({ ...answer, steps: [{ act: "flush-head" }, hang] }),
  },
  stall: { says: "stops after so many events", number: 3, change: (answer, context) => after(answer, context, [hang]) },
  "cut-fin": {
    says: "ends the connection orderly after so many events",
    number: 3,
    change: (answer, context) => after(answer, context, [fin]),
  },
  "cut-rst": { says: "resets the connection after so many events", number: 3, change: (answer, context) => after(answer, context, [rst]) },
  "close-delimited": {
    says: "whole answer without length or chunks, ended by the end of the connection",
    change: (answer) => ({ ...answer, framing: "until-close" }),
  },
  "close-delimited-cut": {
    says: "the same, ended after so many events",
    number: 3,
    change: (answer, context) => ({ ...after(answer, context, [fin]), framing: "until-close" }),
  },
  garbage: {
    says: "an event that is not JSON after so many events, then on as usual",
    number: 3,
    change: (answer, context) =>
      context.streamed ? inserted(answer, context.number, ['data: {"id": not json\n\n']) : wholeBody(answer, '{"id": not json'),
  },
  "huge-event": {
    says: "an event of so many letters of content after three events",
    number: 1_200_000,
    change: (answer, context) =>
      context.streamed
        ? inserted(answer, 3, [context.contentEvent("x".repeat(context.number))])
        : { ...answer, framing: "chunked", steps: joined(answer.steps, [" ".repeat(context.number)]) },
  },
  "split-utf8": {
    says: "characters of several bytes, cut inside over several writes",
    opening: "Grüße aus 東京 🚰, déjà vu. ",
    change: (answer) => ({ ...answer, framing: "chunked", steps: splitInsideCharacters(answer.steps) }),
  },
  crlf: { says: "lines end with CR LF", change: (answer) => lines(answer, "\r\n") },
  cr: { says: "lines end with CR alone", change: (answer) => lines(answer, "\r") },
  "bom-and-comments": {
    says: "a byte order mark first, comments between events, no space after data:",
    change: (answer, { streamed }) => (streamed ? { ...answer, steps: withComments(answer.steps) } : answer),
  },
  "data-over-lines": {
    says: "the JSON of an event over several data: lines",
    change: (answer, { streamed }) => (streamed ? { ...answer, steps: withDataOverLines(answer.steps) } : answer),
  },
  "no-final-blank-line": {
    says: "the last event lacks the blank line that ends it",
    change: (answer, { streamed }) => (streamed ? { ...answer, steps: withoutFinalBlankLine(answer.steps) } : answer),
  },
  "rate-limit-seconds": {
    says: "429, retry-after so many seconds",
    number: 2,
    change: (_, { number }) => limited({ "retry-after": `${number}` }),
  },
  "rate-limit-date": {
    says: "429, retry-after as a date so many seconds ahead",
    number: 2,
    change: (_, { number, nowMs }) => limited({ "retry-after": new Date(nowMs + number * 1000).toUTCString() }),
  },
  "rate-limit-ms": { says: "429, retry-after-ms", number: 1500, change: (_, { number }) => limited({ "retry-after-ms": `${number}` }) },
  "rate-limit-negative": {
    says: "429, retry-after below zero",
    number: 5,
    change: (_, { number }) => limited({ "retry-after": `-${number}` }),
  },
  "rate-limit-huge": { says: "429, retry-after in the far future", change: () => limited({ "retry-after": "1000000000" }) },
  "error-400": { says: "400", change: () => failure(400, "The request was not understood.", "invalid_request_error", null) },
  "error-401": {
    says: "401 that echoes the authorization header in its body",
    change: (_, { authorization }) =>
      failure(401, `Incorrect API key provided: ${authorization}. Check it.`, "invalid_request_error", "invalid_api_key"),
  },
  "error-403": { says: "403", change: () => failure(403, "This key may not use the model.", "permission_error", "model_not_allowed") },
  "error-404": { says: "404", change: () => failure(404, "The model does not exist.", "invalid_request_error", "model_not_found") },
  "error-413": { says: "413", change: () => failure(413, "The request is too large.", "invalid_request_error", "request_too_large") },
  "error-422": { says: "422", change: () => failure(422, "A value is out of range.", "invalid_request_error", "unprocessable") },
  "error-500": { says: "500", change: () => failure(500, upstreamBroke, "server_error", null) },
  "error-502": {
    says: "502 with a page of HTML, as a proxy in between sends it",
    change: () =>
      whole(502, { "content-type": "text/html" }, "<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>\n"),
  },
  "error-503-loading": {
    says: "503 as llama.cpp while it loads a model, with a number as code",
    change: () => failure(503, "Loading model", "unavailable_error", 503),
  },
  "error-529": { says: "529 overloaded", change: () => failure(529, "Overloaded", "overloaded_error", "overloaded") },
  "error-in-200": {
    says: "status 200, and an error is all it holds",
    change: (answer, { streamed }) => {
      const text = JSON.stringify(errorBody(upstreamBroke, "server_error", "internal_error"));
      return streamed ? { ...answer, steps: [`data: ${text}\n\n`] } : wholeBody(answer, text);
    },
  },
  "error-mid-stream": {
    says: "an error event after so many events, then the end",
    number: 3,
    change: (answer, context) => {
      const text = JSON.stringify(errorBody(upstreamBroke, "server_error", "internal_error"));
      return context.streamed ? after(answer, context, [`data: ${text}\n\n`]) : wholeBody(answer, text);
    },
  },
  "usage-missing": { says: "no usage, whether asked or not", quirks: { usage: "never" } },
  "usage-on-last-choice": { says: "usage in the chunk with the finish reason", quirks: { usage: "on-last-choice" } },
  "usage-cumulative": { says: "usage so far on every chunk, as vLLM can", quirks: { usage: "cumulative" } },
  "usage-negative": { says: "usage below zero", quirks: { usage: "negative" } },
  "usage-huge": { says: "usage beyond all sense", quirks: { usage: "huge" } },
  "usage-nan": { says: "usage NaN, which is not JSON", quirks: { usage: "not-a-number" } },
  "no-done": {
    says: "a finish reason but no [DONE]",
    change: (answer) => ({ ...answer, steps: filtered(answer.steps, (step) => !isEnd(step)) }),
  },
  "finish-missing": { says: "[DONE] without a finish reason", quirks: { finishMissing: true } },
  "done-twice": {
    says: "[DONE] two times",
    change: (answer, { streamed }) => (streamed ? { ...answer, steps: withEndTwice(answer.steps) } : answer),
  },
  "data-after-done": {
    says: "more content after [DONE]",
    change: (answer, context) => (context.streamed ? ending(answer, [context.contentEvent(" This comes too late.")]) : answer),
  },
  "json-for-stream": { says: "JSON where a stream was asked; without stream, nothing is wrong", flipsStream: true },
  "sse-for-json": { says: "a stream where JSON was asked; with stream, nothing is wrong", flipsStream: true },
  "empty-first-chunk": { says: "a first chunk without choices, as Azure sends it", quirks: { emptyFirstChunk: true } },
  "role-missing": { says: "no role anywhere", quirks: { roleMissing: true } },
  "tool-index-missing": { says: "tool-call deltas without index", quirks: { toolIndex: "missing" } },
  "tool-index-zero": { says: "tool-call deltas all with index 0", quirks: { toolIndex: "zero" } },
  "tool-id-repeated": { says: "tool-call deltas that repeat id and type", quirks: { toolIdRepeated: true } },
  "tool-whole": { says: "each tool call in one delta", quirks: { toolWhole: true } },
  "slow-loris": {
    says: "a byte at a time, so many milliseconds apart",
    number: 20,
    change: (answer, { number }) => ({ ...answer, framing: "chunked", steps: bytewise(answer.steps, number) }),
  },
  redirect: { says: "302 to /healthz", change: () => whole(302, { location: "/healthz" }, "") },
  "content-length-short": {
    says: "declares ten bytes fewer than it sends",
    change: (answer) => declared(answer, (bytes) => Math.max(0, bytes - 10), []),
  },
  "content-length-long": {
    says: "declares ten bytes more than it sends",
    change: (answer) => declared(answer, (bytes) => bytes + 10, [fin]),
  },
  "huge-headers": {
    says: "a response header of so many bytes",
    number: 100_000,
    change: (answer, { number }) => ({ ...answer, headers: { ...answer.headers, "x-sim-padding": "x".repeat(number) } }),
  },
  "ignores-max-tokens": { says: "writes on past max_tokens", ignoresTokensMax: true },
} satisfies Record<string, FaultRow>;

export type FaultName = keyof typeof rows;

export const faultNames = Object.keys(rows) as FaultName[]; // Object.keys loses the type of a closed literal

export interface Fault {
  readonly name: FaultName;
  readonly row: FaultRow;
  readonly number: number;
}

/** Bounds what one header can make the simulator hold in memory. */
const numberMax = 64_000_000;

/** @param text "<name>" or "<name>:<number>". @throws SimulatorError 400 naming the mistake */
export function parseFault(text: string): Fault {
  const [name = "", numberText, ...rest] = text.trim().split(":");
  const row: FaultRow | undefined = isFaultName(name) ? rows[name] : undefined;
  if (!isFaultName(name) || row === undefined) throw mistake(`"${name}" is no fault; use one of ${faultNames.join(", ")}`);
  if (numberText === undefined) return { name, row, number: row.number ?? 0 };
  if (row.number === undefined || rest.length > 0) throw mistake(`the fault ${name} takes no number`);
  const number = Number(numberText);
  if (!/^\d+$/.test(numberText) || number > numberMax) throw mistake(`the fault ${name} takes a whole number from 0 to ${numberMax}`);
  return { name, row, number };
}

export const isFaultName = (name: string): name is FaultName => Object.hasOwn(rows, name);

const mistake = (message: string) => new SimulatorError(400, `x-sim-fault: ${message}`, { param: "x-sim-fault" });

/** The first `context.number` events, or half of a body that is not streamed, and then the rest that is given. */
function after(answer: HttpAnswer, context: FaultContext, rest: readonly Step[]): HttpAnswer {
  return { ...answer, steps: context.streamed ? firstEvents(answer.steps, context.number, rest) : firstHalf(answer.steps, rest) };
}

function* firstEvents(steps: Iterable<Step>, count: number, rest: readonly Step[]): Generator<Step, void> {
  let left = count;
  if (left > 0)
    for (const step of steps) {
      // Never the whole stream: a fault in the middle must not look like success when the answer is short.
      if (isEnd(step)) break;
      yield step;
      if (typeof step === "string" && --left === 0) break;
    }
  yield* rest;
}

function* firstHalf(steps: Iterable<Step>, rest: readonly Step[]): Generator<Step, void> {
  for (const step of steps) yield typeof step === "string" ? step.slice(0, step.length / 2) : step;
  yield* rest;
}

const inserted = (answer: HttpAnswer, count: number, extra: readonly Step[]): HttpAnswer => ({
  ...answer,
  steps: insertedAt(answer.steps, count, extra),
});

function* insertedAt(steps: Iterable<Step>, count: number, extra: readonly Step[]): Generator<Step, void> {
  let left = count;
  for (const step of steps) {
    if (typeof step === "string" && (left === 0 || (left > 0 && isEnd(step)))) {
      yield* extra;
      left = -1;
    }
    yield step;
    if (typeof step === "string" && left > 0) left--;
  }
}

/** What a stream ends with, in either dialect. */
const isEnd = (step: Step): boolean => step === doneEvent || step === stopEvent;

function* withEndTwice(steps: Iterable<Step>): Generator<Step, void> {
  for (const step of steps) {
    yield step;
    if (isEnd(step)) yield step;
  }
}

const ending = (answer: HttpAnswer, extra: readonly Step[]): HttpAnswer => ({ ...answer, steps: joined(answer.steps, extra) });

function* joined(...lists: readonly Iterable<Step>[]): Generator<Step, void> {
  for (const list of lists) yield* list;
}

function* filtered(steps: Iterable<Step>, keep: (step: Step) => boolean): Generator<Step, void> {
  for (const step of steps) if (keep(step)) yield step;
}

function lines(answer: HttpAnswer, end: string): HttpAnswer {
  return { ...answer, steps: endingLinesWith(answer.steps, end) };
}

/** The whole answer at once, under a length that is not its own. */
function declared(answer: HttpAnswer, lengthOf: (bytes: number) => number, rest: readonly Step[]): HttpAnswer {
  const text = [...answer.steps].filter((step) => typeof step === "string").join("");
  return { ...answer, framing: lengthOf(Buffer.byteLength(text)), steps: [text, ...rest] };
}

const errorBody = (message: string, type: string, code: string | number | null): ErrorBody => ({
  error: { message, type, param: null, code },
});

const failure = (status: number, message: string, type: string, code: string | number | null, headers: Record<string, string> = {}) =>
  whole(status, { "content-type": "application/json", ...headers }, JSON.stringify(errorBody(message, type, code)));

const limited = (headers: Record<string, string>) =>
  failure(429, "Rate limit reached. Wait and try again.", "requests", "rate_limit_exceeded", headers);

const wholeBody = (answer: HttpAnswer, body: string) => whole(answer.status, answer.headers, body);

/** An answer that is one text of known length. */
export function whole(status: number, headers: Readonly<Record<string, string>>, body: string): HttpAnswer {
  return { status, headers, framing: Buffer.byteLength(body), steps: body === "" ? [] : [body] };
}
