/**
 * What a response becomes while its completion's events come, whichever of the two forms they have: typed, and then told in
 * events of our own; or native, and then told as the backend told it, with what is the gateway's put in its place.
 */
import type { GatewayError } from "../../gateway-error.ts";
import type { CallReport, CompletionEvent, FinishReason } from "../../pipeline/completion-event.ts";
import { usd } from "../answer-headers.ts";
import { isObject, type Json } from "./fields.ts";
import { type OutputItems, outputItems } from "./output-items.ts";
import { includes, type ResponseRequest } from "./request-body.ts";
import { noEnd, type ResponseEnd, type ResponseStatus, responseObject } from "./response-object.ts";

/** A named event's text: `event: <name>`, `data: <data>`. */
export interface NamedEvent {
  readonly name: string;
  readonly data: string;
}

export interface ResponseAnswer {
  /** What the caller of a stream is told of it. */
  add(event: CompletionEvent): readonly NamedEvent[];
  /** The whole response, once "finished" has come. */
  response(): Json;
  /** Its output as it is to be given back to a model. */
  outputForStoring(): readonly Json[];
  /** The last events of a stream; `stored` is what the response says of itself. */
  finish(stored: boolean): readonly NamedEvent[];
  /** As it is before its end, or after a bad one. */
  unfinished(status: "queued" | "in_progress" | "cancelled" | "failed", error?: GatewayError): Json;
  /** The last event of a stream that has failed. */
  fail(error: GatewayError): readonly NamedEvent[];
}

/** @param idTag names the response and its items. */
export function responseAnswer(request: ResponseRequest, idTag: string): ResponseAnswer {
  const { asked } = request;
  const id = `resp_${idTag}`;
  const createdAt = Math.floor(Date.now() / 1000);
  const items: OutputItems = outputItems({
    idTag,
    reasoningAsSummary:
      isObject(asked["reasoning"]) && (asked["reasoning"]["summary"] ?? asked["reasoning"]["generate_summary"] ?? null) !== null,
    sealedShown: includes(asked["include"], "reasoning.encrypted_content"),
  });
  let sequence = 0;
  let begun = false;
  let reason: FinishReason | undefined;
  let serviceTier = "";
  let report: CallReport | undefined;
  /** The response in the backend's words, and its terminal event, which waits for the report. */
  let native: Json | undefined;
  let nativeEnd: { readonly name: string; readonly event: Json } | undefined;

  const numbered = (events: readonly (Json & { readonly type: string })[]): NamedEvent[] =>
    events.map((event) => ({ name: event.type, data: JSON.stringify({ ...event, sequence_number: sequence++ }) }));

  const begin = (): NamedEvent[] => {
    if (begun) return [];
    begun = true;
    const response = responseObject(request, id, createdAt, noEnd);
    return numbered([
      { type: "response.created", response },
      { type: "response.in_progress", response },
    ]);
  };

  const ours = (response: Json, stored: boolean): Json => ({
    ...response,
    // The backend's own would be known too late for who asks for it in the meantime.
    ...(asked["background"] === true ? { id, background: true } : {}),
    model: asked["model"],
    previous_response_id: asked["previous_response_id"] ?? null,
    store: stored,
  });

  const endOf = (): ResponseEnd => {
    const cut = incompleteReasonOf(reason);
    return {
      status: cut === undefined ? "completed" : "incomplete",
      output: items.output(),
      usage: report?.usage,
      incompleteReason: cut,
      error: undefined,
      serviceTier,
    };
  };

  const made = (stored: boolean): Json =>
    native === undefined ? { ...responseObject(request, id, createdAt, endOf()), store: stored } : ours(native, stored);

  function unfinished(status: ResponseStatus, error?: GatewayError): Json {
    const code = error?.kind.endsWith("RATE_LIMITED") === true ? "rate_limit_exceeded" : "server_error";
    const failure = error === undefined ? undefined : { code, message: error.message };
    return native === undefined
      ? responseObject(request, id, createdAt, { ...noEnd, status, output: items.output(), error: failure })
      : { ...ours(native, request.store), status, error: failure ?? null };
  }

  return {
    add(event) {
      switch (event.type) {
        case "native-answer":
          native = JSON.parse(event.data) as Json;
          return [];
        case "native-chunk":
          return addNative(event.name ?? "", event.data);
        case "completion-started":
          serviceTier = event.serviceTier;
          return native === undefined ? begin() : [];
        case "choice-finished":
          if (event.choice === 0) reason = event.reason;
          return [];
        case "finished":
          report = event.report;
          return native === undefined ? numbered(items.close(reason?.unified !== "length")) : [];
        default:
          return numbered(items.add(event));
      }
    },
    response: () => made(request.store),
    outputForStoring: () =>
      native === undefined ? items.forStoring() : Array.isArray(native["output"]) ? (native["output"] as Json[]) : [],
    finish(stored) {
      const response: Json = { ...made(stored), ...(report === undefined ? {} : { penstock: madeBy(report) }) };
      if (nativeEnd !== undefined) return [{ name: nativeEnd.name, data: JSON.stringify({ ...nativeEnd.event, response }) }];
      return numbered([{ type: response["status"] === "incomplete" ? "response.incomplete" : "response.completed", response }]);
    },
    unfinished,
    fail: (error) => [
      ...(native === undefined ? begin() : []),
      ...numbered([{ type: "response.failed", response: { ...unfinished("failed", error), store: false } }]),
    ],
  };

  /** Deltas go on unread but for their number; events that carry the response say it as the caller asked for it. */
  function addNative(name: string, data: string): NamedEvent[] {
    const number = /"sequence_number"\s*:\s*(\d+)/.exec(data)?.[1];
    if (number !== undefined) sequence = Number(number) + 1;
    if (!lifecycle.has(name)) return [{ name, data }];
    const event = JSON.parse(data) as Json;
    native = isObject(event["response"]) ? event["response"] : {};
    if (terminal.has(name)) {
      nativeEnd = { name, event };
      return [];
    }
    return [{ name, data: JSON.stringify({ ...event, response: ours(native, request.store) }) }];
  }
}

/** undefined: it came to its end. What is no end that responses have a word for is told in the backend's. */
function incompleteReasonOf(reason: FinishReason | undefined): string | undefined {
  switch (reason?.unified) {
    case "length":
      return "max_output_tokens";
    case "content_filter":
      return "content_filter";
    case "other":
      return reason.raw;
    default:
      return undefined;
  }
}

const terminal = new Set(["response.completed", "response.incomplete"]);
const lifecycle = new Set([...terminal, "response.created", "response.queued", "response.in_progress"]);

/** As in the last chunk of a chat stream. */
function madeBy({ route, backend, attempts, revision, variant, promptVersion, costNanodollars, usage }: CallReport): Json {
  return {
    route,
    backend,
    attempts,
    revision,
    ...(variant === "" ? {} : { variant }),
    ...(promptVersion === "" ? {} : { prompt: promptVersion }),
    ...(costNanodollars === undefined ? {} : { cost_usd: Number(usd(costNanodollars)) }),
    ...(usage?.estimated === true ? { usage_estimated: true } : {}),
  };
}
