/**
 * What was said in one call, for an organisation that keeps it. Off by default: a call asks the snapshot whether anybody keeps
 * anything, and only then whose setting holds. Nothing here changes what the caller gets, and a failure costs the content alone.
 */
import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { ContentCapture } from "#proto/penstock/config/v1/snapshot_pb.ts";
import { type CallContent, CallContentSchema } from "#proto/penstock/usage/v1/usage_event_pb.ts";
import type { CompiledRoute } from "../../snapshot/compiled-route.ts";
import type { RuntimeSnapshot } from "../../snapshot/runtime-snapshot.ts";
import type { Caller } from "../authenticate.ts";
import type { CompletionEvent } from "../completion-event.ts";
import type { CompletionRequest, PromptReference } from "../completion-request.ts";
import type { RenderedPrompt } from "../render-prompt.ts";
import { AnswerTexts } from "./answer-texts.ts";
import { redact } from "./redact.ts";

/** Of a request or an answer, in characters as JSON: what a person can read, and not what a file is. */
const lengthMax = 256 * 1024;

export interface CapturedContent {
  add(events: readonly CompletionEvent[]): void;
  /** To be asked once, at the call's end. */
  content(rendered: RenderedPrompt | undefined): CallContent;
}

/** undefined: this call's content is not kept. @param random draws whether the call is in the share. */
export function captureContent(
  snapshot: RuntimeSnapshot,
  route: CompiledRoute,
  caller: Caller,
  request: CompletionRequest,
  random: () => number,
): CapturedContent | undefined {
  const capture = captureOf(snapshot, route, caller);
  return capture?.on === true && random() < capture.share ? new Captured(capture, caller, request) : undefined;
}

/** The nearest that says anything. */
function captureOf(snapshot: RuntimeSnapshot, route: CompiledRoute, { projectId, organisationId }: Caller): ContentCapture | undefined {
  return route.contentCapture ?? snapshot.project(projectId)?.contentCapture ?? snapshot.organisation(organisationId)?.contentCapture;
}

class Captured implements CapturedContent {
  readonly #capture: ContentCapture;
  readonly #caller: Caller;
  readonly #request: CompletionRequest;
  readonly #answer: AnswerTexts;

  constructor(capture: ContentCapture, caller: Caller, request: CompletionRequest) {
    this.#capture = capture;
    this.#caller = caller;
    this.#request = request;
    this.#answer = new AnswerTexts(request.native === undefined || request.ingress === "grpc" ? "openai-chat" : request.ingress, lengthMax);
  }

  add(events: readonly CompletionEvent[]): void {
    this.#answer.add(events);
  }

  content(rendered: RenderedPrompt | undefined): CallContent {
    const { redact: redactions, retentionDays } = this.#capture;
    const request = this.#requestText();
    const prompt = redact(rendered?.messages.map((message) => JSON.parse(message) as unknown) ?? [], redactions, lengthMax);
    const messages = this.#answer.messages();
    const answer = redact(messages, redactions, lengthMax);
    return create(CallContentSchema, {
      callId: this.#request.callId,
      organisationId: this.#caller.organisationId,
      startedAt: timestampFromMs(this.#request.receivedAtMs),
      retentionDays,
      request: request.text,
      requestCut: request.cut,
      promptMessages: rendered === undefined || rendered.messages.length === 0 ? "" : JSON.stringify(prompt.value).toWellFormed(),
      answer: messages.length === 0 ? "" : JSON.stringify(answer.value).toWellFormed(),
      answerCut: this.#answer.cut,
      unmapped: [...(this.#request.native?.unmapped ?? [])].slice(0, unmappedMax),
    });
  }

  /** The common form, with what other dialects say beside it, and without who asked: the ledger has a hash of it. */
  #requestText(): { readonly text: string; readonly cut: boolean } {
    const { body, model, prompt } = this.#request;
    const entries = Object.entries(body.value).filter(([name]) => !leftOut.has(name));
    const whole = Object.fromEntries([
      ["model", model],
      ...entries,
      ...(prompt === undefined ? [] : [["prompt", referenceOf(prompt)] as const]),
    ]);
    const { value, cut } = redact(whole, this.#capture.redact, lengthMax);
    const text = JSON.stringify(value).toWellFormed();
    return cut || text.length > textLengthMax ? { text: text.slice(0, lengthMax).toWellFormed(), cut: true } : { text, cut: false };
  }
}

/** Said below in a form that all dialects share; and an end user's own id, which leaves a node towards nobody but the backend. */
const leftOut = new Set(["model", "prompt", "user", "safety_identifier"]);
/** With names, quotes and what JSON escapes. */
const textLengthMax = 2 * lengthMax;
const unmappedMax = 100;

const referenceOf = ({ name, selector, variables }: PromptReference): object => ({
  ...(name === "" ? {} : { name }),
  ...(selector.case === undefined ? {} : { [selector.case]: selector.value }),
  variables,
});
