/**
 * `POST /v1/chat/completions`: reads OpenAI's dialect into a CompletionRequest and writes the answer in it, streamed or whole.
 *
 * The 200 is not sent before the commit point, so that what fails until then has a true status. After it a failure is told in
 * band, as `data: {"error":…}` without `[DONE]`: a caller must never take half an answer for a whole one.
 */
import { GatewayError } from "../gateway-error.ts";
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
import { drained, streamHeaders } from "./streamed-answer.ts";

/** A comment line this often while nothing else is written, so that proxies between do not take a thinking model for a dead one. */
const heartbeatMs = 10_000;

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
  if (stream) await writeStream(call, request, batches);
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

async function writeStream(call: RestCall, request: CompletionRequest, batches: Batches): Promise<void> {
  const { response } = call;
  const usageAsked = (request.body.value["stream_options"] as { include_usage?: boolean } | undefined)?.include_usage === true;
  let writeStallMs = 0;
  let heartbeat: NodeJS.Timeout | undefined;
  let head: Extract<CompletionEvent, { type: "completion-started" }> | undefined;
  let native = false;
  let typed: ChatChunks | undefined;
  let usageChunk: string | undefined;
  try {
    for await (const batch of batches) {
      let text = "";
      for (const event of batch) {
        switch (event.type) {
          case "committed":
            writeStallMs = event.writeStallMs;
            response.writeHead(200, {
              ...answerHeaders(event.facts),
              "x-request-id": call.requestId,
              "x-penstock-call-id": call.callId,
              ...streamHeaders,
            });
            heartbeat = setInterval(() => response.writableLength === 0 && response.write(": keep-alive\n\n"), heartbeatMs);
            break;
          case "completion-started":
            head = event;
            break;
          case "native-chunk":
            native = true;
            text += `data: ${event.data}\n\n`;
            break;
          case "usage":
            usageChunk = event.data ?? usageChunk;
            break;
          case "finished":
            if (usageAsked && event.report.usage !== undefined)
              text += `data: ${finalChunk(event.report, usageChunk, head, request.model)}\n\n`;
            text += "data: [DONE]\n\n";
            break;
          default:
            // Beside native text stand only events for the meter.
            if (native) break;
            typed ??= chatChunks(head, request.model, usageAsked);
            text += typed.add(event);
        }
      }
      if (text !== "" && !response.write(text)) await drained(call, writeStallMs);
      if (text !== "") heartbeat?.refresh();
    }
    response.end();
  } catch (reason) {
    if (!response.headersSent) throw reason;
    const error = GatewayError.from(call.signal.aborted ? call.signal.reason : reason);
    // A caller that stalls would not read this either, and one that left is not there.
    if (error.kind === "CALLER_STALLED" || response.destroyed) response.destroy();
    else response.end(`data: ${openaiErrorBody(error, call.requestId)}\n\n`);
  } finally {
    clearInterval(heartbeat);
  }
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
