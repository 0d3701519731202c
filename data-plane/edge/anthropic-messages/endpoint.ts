/**
 * `POST /v1/messages`: reads Anthropic's dialect into a CompletionRequest and writes the answer in it, streamed or whole.
 *
 * The common form is only made where something asks for it: a call to a backend of the same dialect passes as it was written. As on
 * every endpoint the 200 is not sent before the commit point; after it a failure is an `error` event and no `message_stop`.
 */
import { GatewayError } from "../../gateway-error.ts";
import { type CompletionDependencies, complete } from "../../pipeline/completion.ts";
import type { CallFacts, CallReport, CompletionEvent } from "../../pipeline/completion-event.ts";
import type { CompletionRequest, NativeRequest } from "../../pipeline/completion-request.ts";
import { parseExactly } from "../../pipeline/exact-json.ts";
import { type JsonText, jsonTextOf, readJsonText } from "../../pipeline/json-text.ts";
import { factHeaders, usd } from "../answer-headers.ts";
import { isKnown } from "../known-caller.ts";
import { type RestCall, type RestEndpoint, readBody, sendJson, simulationHeaders } from "../rest-server.ts";
import { type StreamedDialect, streamAnswer } from "../streamed-answer.ts";
import { type CommonForm, commonFormOf } from "./common-form.ts";
import { messagesErrorBody } from "./error-body.ts";
import { messagesField } from "./field-names.ts";
import { type MessageEvent, messageEvents, messageOf } from "./message-events.ts";
import { checkMessagesBody, type MessagesBody } from "./messages-body.ts";
import { rateLimitHeaders } from "./rate-limit-headers.ts";

/** What the dialect has for a heartbeat. */
const ping = 'event: ping\ndata: {"type": "ping"}\n\n';

export function anthropicMessages(dependencies: CompletionDependencies): RestEndpoint {
  return async (restCall) => {
    const call = { ...restCall, credential: credentialOf(restCall) };
    const request = await readRequest(call, dependencies, true);
    const batches = complete(request, dependencies, call);
    if (request.stream) await streamAnswer(call, batches, messageStream(call, request));
    else await writeAnswer(call, request, batches);
  };
}

/** Anthropic's SDKs have sent `x-api-key` and send `authorization` by now; where both are there, Anthropic takes the first. */
export function credentialOf({ request, credential }: RestCall): string | undefined {
  const key = request.headers["x-api-key"];
  return typeof key === "string" && key !== "" ? key : credential;
}

/** @throws GatewayError INVALID_ARGUMENT, UNSUPPORTED_PARAMETER naming the field. */
export async function readRequest(
  call: RestCall,
  dependencies: CompletionDependencies,
  tokensMaxNeeded: boolean,
): Promise<CompletionRequest> {
  // A caller that nobody knows is not read, let alone parsed. The conductor refuses it all the same, and by that it is counted.
  const known = isKnown(dependencies, call);
  const body = known ? readJsonText(await readBody(call)) : unread;
  const { model, stream, prompt, endUserId, reasoningSigners } = known
    ? checkMessagesBody(body.value, body.members, tokensMaxNeeded)
    : unreadBody;
  return new MessagesRequest(call, body, { model, stream, prompt, endUserId, reasoningSigners });
}

/**
 * A class, because accessors on an object made for each call would keep the call alive (see the tidy test): the common form is
 * made when a stage first asks for it, and most never do.
 */
class MessagesRequest implements CompletionRequest {
  readonly ingress = "anthropic-messages";
  readonly callId: string;
  readonly requestId: string;
  readonly receivedAtMs: number;
  readonly credential: string | undefined;
  readonly model: string;
  readonly stream: boolean;
  readonly native: NativeMessages;
  readonly reasoningSigners: CompletionRequest["reasoningSigners"];
  readonly prompt: CompletionRequest["prompt"];
  readonly endUserId: string;
  readonly sessionId: string;
  readonly tags: CompletionRequest["tags"];
  readonly callerHeader: CompletionRequest["callerHeader"];
  readonly simulation: CompletionRequest["simulation"];
  private made: JsonText | undefined;

  constructor(call: RestCall, body: JsonText, { model, stream, prompt, endUserId, reasoningSigners }: MessagesBody) {
    this.callId = call.callId;
    this.requestId = call.requestId;
    this.receivedAtMs = call.receivedAtMs;
    this.credential = call.credential;
    this.model = model;
    this.stream = stream;
    this.native = new NativeMessages(body, dialectHeaders(call));
    this.reasoningSigners = reasoningSigners;
    this.prompt = prompt;
    this.endUserId = endUserId;
    this.sessionId = call.sessionId;
    this.tags = call.tags;
    this.callerHeader = call.header;
    this.simulation = simulationHeaders(call);
  }

  callerField(field: string): string {
    return messagesField(this.native.body.value, field);
  }

  get body(): JsonText {
    this.made ??= jsonTextOf(this.native.common().body);
    return this.made;
  }
}

class NativeMessages implements NativeRequest {
  readonly body: JsonText;
  readonly headers: Readonly<Record<string, string>>;
  private made: CommonForm | undefined;

  constructor(body: JsonText, headers: Readonly<Record<string, string>>) {
    this.body = body;
    this.headers = headers;
  }

  get unmapped(): readonly string[] {
    return this.common().unmapped;
  }

  get hints(): readonly string[] {
    return this.common().hints;
  }

  common(): CommonForm {
    this.made ??= commonFormOf(parseExactly(this.body.text) as Record<string, unknown>);
    return this.made;
  }
}

const unread = jsonTextOf({});
const unreadBody: MessagesBody = { model: "", stream: false, prompt: undefined, endUserId: "", reasoningSigners: [] };

/** What of the caller's headers belongs to the dialect. */
function dialectHeaders({ request }: RestCall): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const name of ["anthropic-version", "anthropic-beta"]) {
    const value = request.headers[name];
    if (typeof value === "string" && /^[\w.,: -]{1,1000}$/.test(value)) headers[name] = value;
  }
  return headers;
}

type Batches = AsyncIterable<readonly CompletionEvent[]>;

async function writeAnswer(call: RestCall, request: CompletionRequest, batches: Batches): Promise<void> {
  let headers: Record<string, string> = {};
  let native = "";
  let report: CallReport | undefined;
  const writer = messageEvents(request.model);
  const events: MessageEvent[] = [];
  for await (const batch of batches) {
    for (const event of batch) {
      if (event.type === "committed") headers = headersOf(call, event.facts);
      else if (event.type === "native-answer") native = event.data;
      else if (event.type === "finished") report = event.report;
      else events.push(...writer.add(event));
    }
  }
  if (report?.costNanodollars !== undefined) headers["x-penstock-cost-usd"] = usd(report.costNanodollars);
  if (native === "") events.push(...writer.end(report?.usage, {}));
  sendJson(call, 200, native === "" ? JSON.stringify(messageOf(events, inputOf)) : native, headers);
}

/** A tool's input is an object here; what the model wrote instead is shown to whoever called, for it cannot be called with. */
function inputOf(text: string): unknown {
  try {
    return parseExactly(text);
  } catch (cause) {
    throw new GatewayError("UPSTREAM_PROTOCOL", "the backend called a tool with arguments that are not JSON", { cause });
  }
}

function messageStream(call: RestCall, request: CompletionRequest): StreamedDialect {
  const writer = messageEvents(request.model);
  let native = false;
  /** The native end, held until what the call cost is known and can go with it. */
  let nativeEnd = "";
  const textOf = (event: CompletionEvent): string => {
    switch (event.type) {
      case "committed":
        return "";
      case "native-chunk":
        native = true;
        if (event.name !== "message_stop") return `event: ${event.name ?? "message"}\ndata: ${event.data}\n\n`;
        nativeEnd = event.data;
        return "";
      case "finished":
        return native
          ? `event: message_stop\ndata: ${withReport(nativeEnd, event.report)}\n\n`
          : written(writer.end(event.report.usage, { penstock: reportShown(event.report) }));
      default:
        return native ? "" : written(writer.add(event));
    }
  };
  return {
    text: (events) => {
      let text = "";
      for (const event of events) text += textOf(event);
      return text;
    },
    failure: (error) => `event: error\ndata: ${messagesErrorBody(error, call.requestId)}\n\n`,
    heartbeat: ping,
    headers: (facts) => headersOf(call, facts),
  };
}

function written(events: readonly MessageEvent[]): string {
  let text = "";
  for (const event of events) text += `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;
  return text;
}

const withReport = (stop: string, report: CallReport): string =>
  `${stop.slice(0, stop.lastIndexOf("}"))},"penstock":${JSON.stringify(reportShown(report))}}`;

/** What made the answer, for callers who look. */
const reportShown = ({ route, backend, attempts, revision, variant, promptVersion, costNanodollars, usage }: CallReport) => ({
  route,
  backend,
  attempts,
  revision,
  ...(variant === "" ? {} : { variant }),
  ...(promptVersion === "" ? {} : { prompt: promptVersion }),
  ...(costNanodollars === undefined ? {} : { cost_usd: Number(usd(costNanodollars)) }),
  ...(usage?.estimated === true ? { usage_estimated: true } : {}),
});

const headersOf = (call: RestCall, facts: CallFacts): Record<string, string> => ({
  ...factHeaders(facts),
  ...rateLimitHeaders(facts.limits, Date.now()),
  "request-id": call.requestId,
});
