/** `POST /v1/completions`: the API before chat, over backends that have it and over those that only chat. As openai-chat.ts in all else. */
import { GatewayError } from "../../gateway-error.ts";
import { type CompletionDependencies, complete } from "../../pipeline/completion.ts";
import type { CompletionEvent, TokenUsage } from "../../pipeline/completion-event.ts";
import type { CompletionRequest } from "../../pipeline/completion-request.ts";
import { type JsonText, jsonTextOf, readJsonText } from "../../pipeline/json-text.ts";
import { answerHeaders, usd } from "../answer-headers.ts";
import { isKnown } from "../known-caller.ts";
import { openaiErrorBody } from "../openai-error-body.ts";
import { type RestCall, type RestEndpoint, readBody, sendJson, simulationHeaders } from "../rest-server.ts";
import { drained, streamHeaders } from "../streamed-answer.ts";
import { type TextCompletionAnswer, textCompletionAnswer } from "./answer.ts";
import { readTextCompletionBody, type TextCompletionRequest } from "./request-body.ts";

const heartbeatMs = 10_000;

export function openaiCompletions(dependencies: CompletionDependencies): RestEndpoint {
  return async (call) => {
    const known = isKnown(dependencies, call);
    const json = known ? readJsonText(await readBody(call)) : unread;
    const read = known ? readTextCompletionBody(json) : unreadRequest;
    const options = json.value["stream_options"] as { include_usage?: boolean } | null | undefined;
    const usageAsked = options?.include_usage === true;
    const answer = textCompletionAnswer(`cmpl-${call.callId}`, read.model, usageAsked);
    const batches = complete(completionRequest(call, json, read), dependencies, call);
    if (read.stream) await writeStream(call, batches, answer, usageAsked);
    else await writeWhole(call, batches, answer);
  };
}

const unread = jsonTextOf({});
const unreadRequest: TextCompletionRequest = {
  model: "",
  stream: false,
  prompt: undefined,
  endUserId: "",
  metadata: {},
  reasoningSigners: [],
  body: unread,
  unmapped: [],
};

const completionRequest = (call: RestCall, json: JsonText, read: TextCompletionRequest): CompletionRequest => ({
  ingress: "openai-completions",
  callId: call.callId,
  requestId: call.requestId,
  receivedAtMs: call.receivedAtMs,
  credential: call.credential,
  model: read.model,
  stream: read.stream,
  body: read.body,
  native: { body: json, headers: {}, unmapped: read.unmapped },
  reasoningSigners: [],
  prompt: undefined,
  endUserId: read.endUserId,
  sessionId: call.sessionId,
  tags: { ...read.metadata, ...call.tags },
  callerHeader: call.header,
  simulation: simulationHeaders(call),
});

type Batches = AsyncIterable<readonly CompletionEvent[]>;

async function writeWhole(call: RestCall, batches: Batches, answer: TextCompletionAnswer): Promise<void> {
  let headers: Record<string, string> = {};
  let native: string | undefined;
  let usage: TokenUsage | undefined;
  for await (const batch of batches) {
    for (const event of batch) {
      if (event.type === "committed") headers = answerHeaders(event.facts);
      else if (event.type === "native-answer") native = event.data;
      else if (event.type === "finished") {
        usage = event.report.usage;
        if (event.report.costNanodollars !== undefined) headers["x-penstock-cost-usd"] = usd(event.report.costNanodollars);
      } else answer.add(event);
    }
  }
  headers["openai-processing-ms"] = String(Date.now() - call.receivedAtMs);
  sendJson(call, 200, native ?? JSON.stringify(answer.whole(usage)), headers);
}

async function writeStream(call: RestCall, batches: Batches, answer: TextCompletionAnswer, usageAsked: boolean): Promise<void> {
  const { response } = call;
  let writeStallMs = 0;
  let isNative = false;
  let usageChunk: string | undefined;
  let heartbeat: NodeJS.Timeout | undefined;
  try {
    for await (const batch of batches) {
      const chunks: string[] = [];
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
          case "native-chunk":
            isNative = true;
            chunks.push(event.data);
            break;
          case "usage":
            usageChunk = event.data ?? usageChunk;
            break;
          case "finished":
            if (usageAsked && event.report.usage !== undefined)
              chunks.push(usageChunk ?? JSON.stringify(answer.usageChunk(event.report.usage)));
            chunks.push("[DONE]");
            break;
          default:
            if (!isNative) chunks.push(...answer.add(event));
        }
      }
      const text = chunks.map((data) => `data: ${data}\n\n`).join("");
      if (text !== "" && !response.write(text)) await drained(call, writeStallMs);
      if (text !== "") heartbeat?.refresh();
    }
    response.end();
  } catch (reason) {
    if (!response.headersSent) throw reason;
    const error = GatewayError.from(call.signal.aborted ? call.signal.reason : reason);
    if (error.kind === "CALLER_STALLED" || response.destroyed) response.destroy();
    else response.end(`data: ${openaiErrorBody(error, call.requestId)}\n\n`);
  } finally {
    clearInterval(heartbeat);
  }
}
