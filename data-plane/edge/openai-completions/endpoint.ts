/** `POST /v1/completions`: the API before chat, over backends that have it and over those that only chat. As openai-chat.ts in all else. */
import { type CompletionDependencies, complete } from "../../pipeline/completion.ts";
import type { CompletionEvent, TokenUsage } from "../../pipeline/completion-event.ts";
import type { CompletionRequest } from "../../pipeline/completion-request.ts";
import { type JsonText, jsonTextOf, readJsonText } from "../../pipeline/json-text.ts";
import { answerHeaders, usd } from "../answer-headers.ts";
import { isKnown } from "../known-caller.ts";
import { openaiErrorBody } from "../openai-error-body.ts";
import { type RestCall, type RestEndpoint, readBody, sendJson, simulationHeaders } from "../rest-server.ts";
import { commentHeartbeat, type StreamedDialect, streamAnswer } from "../streamed-answer.ts";
import { type TextCompletionAnswer, textCompletionAnswer } from "./answer.ts";
import { completionField, readTextCompletionBody, type TextCompletionRequest } from "./request-body.ts";

export function openaiCompletions(dependencies: CompletionDependencies): RestEndpoint {
  return async (call) => {
    const known = isKnown(dependencies, call);
    const json = known ? readJsonText(await readBody(call)) : unread;
    const read = known ? readTextCompletionBody(json) : unreadRequest;
    const options = json.value["stream_options"] as { include_usage?: boolean } | null | undefined;
    const usageAsked = options?.include_usage === true;
    const answer = textCompletionAnswer(`cmpl-${call.callId}`, read.model, usageAsked);
    const batches = complete(completionRequest(call, json, read), dependencies, call);
    if (read.stream) await streamAnswer(call, batches, completionStream(call, answer, usageAsked));
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
  native: { body: json, headers: {}, unmapped: read.unmapped, hints: [] },
  reasoningSigners: [],
  callerField: completionField,
  prompt: read.prompt,
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

function completionStream(call: RestCall, answer: TextCompletionAnswer, usageAsked: boolean): StreamedDialect {
  let isNative = false;
  let usageChunk: string | undefined;
  const chunksOf = (event: CompletionEvent): readonly string[] => {
    switch (event.type) {
      case "committed":
        return [];
      case "native-chunk":
        isNative = true;
        return [event.data];
      case "usage":
        usageChunk = event.data ?? usageChunk;
        return [];
      case "finished": {
        const { usage } = event.report;
        return usageAsked && usage !== undefined ? [usageChunk ?? JSON.stringify(answer.usageChunk(usage)), "[DONE]"] : ["[DONE]"];
      }
      default:
        return isNative ? [] : answer.add(event);
    }
  };
  return {
    text: (events) =>
      events
        .flatMap(chunksOf)
        .map((data) => `data: ${data}\n\n`)
        .join(""),
    failure: (error) => `data: ${openaiErrorBody(error, call.requestId)}\n\n`,
    heartbeat: commentHeartbeat,
  };
}
