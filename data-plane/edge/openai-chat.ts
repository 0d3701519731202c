/**
 * `POST /v1/chat/completions`: reads OpenAI's dialect into a CompletionRequest and writes the answer in it, streamed or whole.
 * A failure in a stream is told as `data: {"error":…}` without `[DONE]`.
 */
import { type CompletionDependencies, complete } from "../pipeline/completion.ts";
import type { CallReport, CompletionEvent } from "../pipeline/completion-event.ts";
import type { CompletionRequest } from "../pipeline/completion-request.ts";
import { type JsonText, jsonTextOf, readJsonText } from "../pipeline/json-text.ts";
import { answerHeaders, usd } from "./answer-headers.ts";
import { type ChatBody, checkChatBody } from "./chat-body.ts";
import { isKnown } from "./known-caller.ts";
import { type ChatAnswer, type ChatChunks, chatAnswer, chatChunks, chatUsage } from "./openai-chat-answer.ts";
import { openaiErrorBody } from "./openai-error-body.ts";
import { type RestCall, type RestEndpoint, readBody, sendJson, simulationHeaders } from "./rest-server.ts";
import { commentHeartbeat, type StreamedDialect, streamAnswer } from "./streamed-answer.ts";

export function openaiChat(dependencies: CompletionDependencies): RestEndpoint {
  return async (call) => {
    // A caller that nobody knows is not read, let alone parsed. The conductor refuses it all the same, and by that it is counted.
    const known = isKnown(dependencies, call);
    await serveChat(call, dependencies, known ? readJsonText(await readBody(call)) : undefined);
  };
}

/** @param given the body; undefined: it was not read, because nobody knows the caller. */
export async function serveChat(call: RestCall, dependencies: CompletionDependencies, given: JsonText | undefined): Promise<void> {
  const body = given ?? unread;
  const { model, stream, prompt, endUserId, metadata, reasoningSigners } =
    given === undefined ? unreadBody : checkChatBody(body.value, body.members);
  const request: CompletionRequest = {
    ingress: "openai-chat",
    callId: call.callId,
    requestId: call.requestId,
    receivedAtMs: call.receivedAtMs,
    credential: call.credential,
    model,
    stream,
    body,
    native: undefined,
    reasoningSigners,
    prompt,
    endUserId,
    sessionId: call.sessionId,
    tags: { ...metadata, ...call.tags },
    callerHeader: call.header,
    simulation: simulationHeaders(call),
  };
  const batches = complete(request, dependencies, call);
  if (stream) await streamAnswer(call, batches, chatStream(call, request));
  else await writeAnswer(call, request, batches);
}

const unread = jsonTextOf({});
const unreadBody: ChatBody = { model: "", stream: false, prompt: undefined, endUserId: "", metadata: {}, reasoningSigners: [] };

type Batches = AsyncIterable<readonly CompletionEvent[]>;

async function writeAnswer(call: RestCall, request: CompletionRequest, batches: Batches): Promise<void> {
  let headers: Record<string, string> = {};
  let answer = "";
  let typed: ChatAnswer | undefined;
  for await (const batch of batches) {
    for (const event of batch) {
      if (event.type === "committed") headers = answerHeaders(event.facts);
      else if (event.type === "native-answer") answer = event.data;
      else if (event.type === "finished") {
        if (event.report.costNanodollars !== undefined) headers["x-penstock-cost-usd"] = usd(event.report.costNanodollars);
        if (answer === "") answer = typed?.text(event.report.usage) ?? "";
      } else {
        typed ??= chatAnswer(request.model);
        typed.add(event);
      }
    }
  }
  headers["openai-processing-ms"] = String(Date.now() - call.receivedAtMs);
  sendJson(call, 200, answer, headers);
}

function chatStream(call: RestCall, request: CompletionRequest): StreamedDialect {
  const usageAsked = (request.body.value["stream_options"] as { include_usage?: boolean } | undefined)?.include_usage === true;
  let head: Extract<CompletionEvent, { type: "completion-started" }> | undefined;
  let native = false;
  let typed: ChatChunks | undefined;
  let usageChunk: string | undefined;
  const textOf = (event: CompletionEvent): string => {
    switch (event.type) {
      case "committed":
        return "";
      case "completion-started":
        head = event;
        return "";
      case "native-chunk":
        native = true;
        return `data: ${event.data}\n\n`;
      case "usage":
        usageChunk = event.data ?? usageChunk;
        return "";
      case "finished": {
        const withUsage = usageAsked && event.report.usage !== undefined;
        return `${withUsage ? `data: ${finalChunk(event.report, usageChunk, head, request.model)}\n\n` : ""}data: [DONE]\n\n`;
      }
      default:
        // Beside native text stand only events for the meter.
        if (native) return "";
        typed ??= chatChunks(head, request.model, usageAsked);
        return typed.add(event);
    }
  };
  return {
    text: (events) => {
      let text = "";
      for (const event of events) text += textOf(event);
      return text;
    },
    failure: (error) => `data: ${openaiErrorBody(error, call.requestId)}\n\n`,
    heartbeat: commentHeartbeat,
  };
}

/** The chunk with usage and no choices that OpenAI's SDKs look for, in the backend's own words where it sent one, with what made the answer. */
function finalChunk(
  report: CallReport,
  native: string | undefined,
  head: { readonly id: string; readonly created: number } | undefined,
  model: string,
): string {
  const { usage, costNanodollars, backend, attempts, revision, promptVersion, variant } = report;
  const penstock = JSON.stringify({
    route: report.route,
    backend,
    attempts,
    revision,
    ...(variant === "" ? {} : { variant }),
    ...(promptVersion === "" ? {} : { prompt: promptVersion }),
    ...(costNanodollars === undefined ? {} : { cost_usd: Number(usd(costNanodollars)) }),
    ...(usage?.estimated === true ? { usage_estimated: true } : {}),
  });
  const chunk =
    native ??
    JSON.stringify({
      id: head?.id,
      object: "chat.completion.chunk",
      created: head?.created,
      model,
      choices: [],
      usage: usage === undefined ? undefined : chatUsage(usage),
    });
  return `${chunk.slice(0, chunk.lastIndexOf("}"))},"penstock":${penstock}}`;
}
