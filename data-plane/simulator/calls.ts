/**
 * The endpoints that answer like a model, as pure functions from a request to what goes over the wire: reads the body and
 * the `x-sim-*` headers, finds model and fault, plans the answer and lets the fault have its way with it.
 */
import { isUtf8 } from "node:buffer";
import type { IncomingHttpHeaders } from "node:http";
import { planAnswer } from "./answer.ts";
import { chatBody, chatEvents, contentEvent, noQuirks } from "./chat-body.ts";
import { parseChatRequest } from "./chat-request.ts";
import { embeddingBody, parseEmbeddingRequest } from "./embeddings.ts";
import { type Fault, whole } from "./faults.ts";
import { messageBody, messageContentEvent, messageEvents } from "./message-body.ts";
import { withMessageErrors } from "./message-errors.ts";
import { parseMessagesRequest } from "./message-request.ts";
import { flakyFault, modelDefault, modelNamed, type Overrides, parseOverrides, type SimulatedModel } from "./models.ts";
import { moderationBody, parseModerationRequest } from "./moderations.ts";
import { digestOf, seededRandom } from "./seeded-random.ts";
import { SimulatorError } from "./simulator-error.ts";
import type { HttpAnswer, Step } from "./stream-writer.ts";

export interface IncomingCall {
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** The simulator's own; the header x-sim-seed comes before it. */
  readonly seed: string;
  readonly nowMs: number;
}

export interface AnsweredCall {
  readonly model: string;
  readonly streamed: boolean;
  readonly fault: Fault | undefined;
  readonly answer: HttpAnswer;
}

const jsonHeaders = { "content-type": "application/json" };
const streamHeaders = { "content-type": "text/event-stream; charset=utf-8", "cache-control": "no-cache, no-transform" };

/** @throws SimulatorError for what the caller did wrong */
export function answerChat(call: IncomingCall): AnsweredCall {
  const request = parseChatRequest(parseJson(call.body), modelDefault);
  const overrides = parseOverrides(call.headers);
  const seed = overrides.seed ?? call.seed;
  const model = modelServing("chat", request.model);
  const fault = faultOf(model, overrides, seed, request.fingerprint);
  const quirks = fault?.row.quirks === undefined ? noQuirks : { ...noQuirks, ...fault.row.quirks };
  const plan = planAnswer(request, {
    seed,
    reasons: model.reasons,
    tokenCount: overrides.tokenCount,
    opening: fault?.row.opening,
    ignoresTokensMax: fault?.row.ignoresTokensMax,
  });
  const { chunkTokens } = overrides;
  const ttftMs = overrides.ttftMs ?? jittered(model.ttftMs, plan.id);
  const gapMs = overrides.gapMs ?? model.gapMs;
  const streamed = fault?.row.flipsStream === true ? !request.streamed : request.streamed;
  const answer: HttpAnswer = streamed
    ? {
        status: 200,
        headers: streamHeaders,
        framing: "chunked",
        steps: chatEvents(plan, { usageAsked: request.usageAsked, chunkTokens, ttftMs, gapMs, quirks }),
      }
    : delayed(
        whole(200, jsonHeaders, chatBody(plan, quirks)),
        // As long as the stream would have taken: the longest choice decides.
        ttftMs + gapMs * Math.ceil(plan.usage.completionTokens / plan.choices.length / chunkTokens),
      );
  return {
    model: request.model,
    streamed: request.streamed,
    fault,
    answer: faulty(answer, fault, call, streamed, (text) => contentEvent(plan, text)),
  };
}

/** @throws SimulatorError for what the caller did wrong */
export function answerMessages(call: IncomingCall): AnsweredCall {
  const version = call.headers["anthropic-version"];
  const request = parseMessagesRequest(parseJson(call.body), typeof version === "string" ? version : undefined);
  const overrides = parseOverrides(call.headers);
  const seed = overrides.seed ?? call.seed;
  const model = modelServing("chat", request.model);
  const fault = faultOf(model, overrides, seed, request.fingerprint);
  const quirks = fault?.row.quirks === undefined ? noQuirks : { ...noQuirks, ...fault.row.quirks };
  const plan = planAnswer(request, {
    seed,
    reasons: request.thinks,
    tokenCount: overrides.tokenCount,
    opening: fault?.row.opening,
    ignoresTokensMax: fault?.row.ignoresTokensMax,
  });
  const { chunkTokens } = overrides;
  const ttftMs = overrides.ttftMs ?? jittered(model.ttftMs, plan.id);
  const gapMs = overrides.gapMs ?? model.gapMs;
  const streamed = fault?.row.flipsStream === true ? !request.streamed : request.streamed;
  const answer: HttpAnswer = streamed
    ? {
        status: 200,
        headers: streamHeaders,
        framing: "chunked",
        steps: messageEvents(plan, request, { chunkTokens, ttftMs, gapMs, quirks }),
      }
    : delayed(
        whole(200, jsonHeaders, messageBody(plan, request, quirks)),
        ttftMs + gapMs * Math.ceil(plan.usage.completionTokens / chunkTokens),
      );
  return {
    model: request.model,
    streamed: request.streamed,
    fault,
    answer: withMessageErrors(faulty(answer, fault, call, streamed, messageContentEvent)),
  };
}

/** @throws SimulatorError for what the caller did wrong */
export function answerTokenCount(call: IncomingCall): AnsweredCall {
  const body = parseJson(call.body);
  const version = call.headers["anthropic-version"];
  const asked = typeof body === "object" && body !== null ? { ...body, max_tokens: 1 } : body;
  const request = parseMessagesRequest(asked, typeof version === "string" ? version : undefined);
  const { promptTokens } = planAnswer(request, { seed: call.seed, reasons: false }).usage;
  const answer = whole(200, jsonHeaders, JSON.stringify({ input_tokens: promptTokens }));
  return { model: request.model, streamed: false, fault: undefined, answer };
}

/** @throws SimulatorError for what the caller did wrong */
export function answerEmbeddings(call: IncomingCall): AnsweredCall {
  const request = parseEmbeddingRequest(parseJson(call.body), "sim-embed");
  return answerWhole(call, "embeddings", request.model, (seed) => embeddingBody(request, seed));
}

/** @throws SimulatorError for what the caller did wrong */
export function answerModerations(call: IncomingCall): AnsweredCall {
  const request = parseModerationRequest(parseJson(call.body), "sim-moderation");
  return answerWhole(call, "moderations", request.model, (seed) => moderationBody(request, seed));
}

function answerWhole(call: IncomingCall, what: "embeddings" | "moderations", id: string, body: (seed: string) => string): AnsweredCall {
  const overrides = parseOverrides(call.headers);
  const seed = overrides.seed ?? call.seed;
  const model = modelServing(what, id);
  const fault = faultOf(model, overrides, seed, digestOf(call.body.toString("latin1")));
  const answer = delayed(whole(200, jsonHeaders, body(seed)), overrides.ttftMs ?? model.ttftMs);
  // A stream never comes from here, so no fault asks for a content event.
  return { model: id, streamed: false, fault, answer: faulty(answer, fault, call, false, () => "") };
}

function faulty(
  answer: HttpAnswer,
  fault: Fault | undefined,
  call: IncomingCall,
  streamed: boolean,
  contentEventOf: (text: string) => string,
): HttpAnswer {
  if (fault?.row.change === undefined) return answer;
  return fault.row.change(answer, {
    streamed,
    number: fault.number,
    authorization: call.headers.authorization ?? "",
    nowMs: call.nowMs,
    contentEvent: contentEventOf,
  });
}

function faultOf(model: SimulatedModel, overrides: Overrides, seed: string, fingerprint: string): Fault | undefined {
  if (overrides.fault !== undefined) return overrides.fault;
  return model.fault === "some-calls" ? flakyFault(seededRandom(seed, "flaky", fingerprint)) : model.fault;
}

function modelServing(what: Exclude<SimulatedModel["serves"], "all">, id: string): SimulatedModel {
  const model = modelNamed(id);
  if (model.serves !== what && model.serves !== "all")
    throw new SimulatorError(400, `The model "${id}" serves ${model.serves}, not ${what}; use another.`, {
      param: "model",
      code: "unsupported_model",
    });
  return model;
}

function parseJson(body: Buffer): unknown {
  if (!isUtf8(body)) throw new SimulatorError(400, "the request body is not valid UTF-8", { code: "invalid_utf8" });
  try {
    return JSON.parse(body.toString("utf8"));
  } catch {
    throw new SimulatorError(400, "the request body is not valid JSON; check quotes and commas", { code: "invalid_json" });
  }
}

const delayed = (answer: HttpAnswer, waitMs: number): HttpAnswer =>
  waitMs > 0 ? { ...answer, steps: withWait(waitMs, answer.steps) } : answer;

function* withWait(waitMs: number, steps: Iterable<Step>): Generator<Step, void> {
  yield waitMs;
  yield* steps;
}

/** 80 to 120 % of it, the same for the same answer. */
const jittered = (ms: number, id: string): number => (ms === 0 ? 0 : ms * (0.8 + 0.4 * seededRandom(id)()));
