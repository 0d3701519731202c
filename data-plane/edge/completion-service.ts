/** `penstock.inference.v1.CompletionService`: reads the typed request into a CompletionRequest and writes typed answers. */
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import {
  type ChoiceSchema,
  type CompleteResponseSchema,
  type CompletionInput,
  type CompletionService,
  MessageSchema,
  FinishReason as ProtoFinishReason,
  Role,
  type StreamCompleteResponseSchema,
  type ToolCallSchema,
} from "#proto/penstock/inference/v1/completion_pb.ts";
import type { CallContext, ServiceHandlers } from "../../proto/transport/grpc-server.ts";
import { GatewayError } from "../gateway-error.ts";
import { type CompletionDependencies, complete } from "../pipeline/completion.ts";
import type { CallReport, CompletionEvent, FinishReason, TokenLogprob } from "../pipeline/completion-event.ts";
import type { CompletionRequest } from "../pipeline/completion-request.ts";
import { jsonTextOf } from "../pipeline/json-text.ts";
import { checkChatBody } from "./chat-body.ts";
import { chatBodyOfInput } from "./chat-body-of-input.ts";
import { addTrailers, callHead, initialMetadata, reportOf, usageOf } from "./grpc-call.ts";

export function completionService(dependencies: CompletionDependencies): ServiceHandlers<typeof CompletionService> {
  return {
    async complete({ input }, call) {
      const request = completionRequest(input, false, call);
      const answer = openAnswer(request);
      for await (const batch of complete(request, dependencies, call)) {
        for (const event of batch) {
          if (event.type === "committed") call.writeStallMs = event.writeStallMs;
          answer.add(event);
          if (event.type === "finished") addTrailers(call.trailers, event.report);
        }
      }
      return answer.message();
    },

    async *streamComplete({ input }, call) {
      const request = completionRequest(input, true, call);
      let sequenceNumber = 0n;
      for await (const batch of complete(request, dependencies, call)) {
        const messages: MessageInitShape<typeof StreamCompleteResponseSchema>[] = [];
        for (const event of batch) {
          if (event.type === "committed") {
            call.writeStallMs = event.writeStallMs;
            call.sendInitialMetadata(initialMetadata(request.requestId, event.facts));
          }
          const message = streamEvent(event, request);
          if (message !== undefined) messages.push({ sequenceNumber: ++sequenceNumber, event: message });
          if (event.type === "finished") addTrailers(call.trailers, event.report);
        }
        yield messages;
      }
    },
  };
}

function completionRequest(input: CompletionInput | undefined, stream: boolean, call: CallContext): CompletionRequest {
  const head = callHead(call);
  if (input === undefined) throw new GatewayError("INVALID_ARGUMENT", "input must be said", { field: "input" });
  const body = jsonTextOf(chatBodyOfInput(input, stream));
  const { model, prompt, endUserId, metadata, reasoningSigners } = checkChatBody(body.value, body.members);
  return {
    ingress: "grpc",
    ...head,
    model,
    stream,
    body,
    native: undefined,
    reasoningSigners,
    prompt,
    endUserId,
    tags: { ...metadata, ...head.tags },
  };
}

type StreamEvent = MessageInitShape<typeof StreamCompleteResponseSchema>["event"];

/** undefined: the event is not one that callers are told of by itself. */
function streamEvent(event: CompletionEvent, request: CompletionRequest): StreamEvent | undefined {
  switch (event.type) {
    case "completion-started":
      return {
        case: "started",
        value: {
          requestId: request.requestId,
          completionId: event.id,
          model: request.model,
          servedModel: event.servedModel,
          createdAt: timestampFromMs(event.created * 1000),
          systemFingerprint: event.systemFingerprint,
          serviceTier: event.serviceTier,
        },
      };
    case "content-delta":
      return { case: "contentDelta", value: { choice: event.choice, text: event.text, logprobs: event.logprobs.map(logprob) } };
    case "reasoning-delta":
      return { case: "reasoningDelta", value: { choice: event.choice, text: event.text } };
    case "refusal-delta":
      return { case: "refusalDelta", value: { choice: event.choice, text: event.text } };
    case "tool-call-delta":
      return {
        case: "toolCallDelta",
        value: { choice: event.choice, index: event.index, id: event.id, name: event.name, arguments: event.arguments },
      };
    case "choice-finished":
      return {
        case: "choiceFinished",
        value: { choice: event.choice, reason: finishReasons[event.reason.unified], rawReason: event.reason.raw },
      };
    case "finished":
      return { case: "finished", value: { report: reportOf(event.report) } };
    case "usage":
      return { case: "usage", value: { usage: usageOf(event.usage) } };
    case "committed":
    // Native text comes only to callers of the backend's own dialect.
    case "native-chunk":
    case "native-answer":
      return undefined;
    case "reasoning-detail":
    case "part-ended":
    case "annotation":
    case "audio-delta":
    case "image":
    case "foreign-part":
      return undefined;
    default:
      return event satisfies never;
  }
}

interface OpenChoice {
  text: string;
  reasoning: string;
  refusal: string;
  /** By index, which need not begin at 0. */
  readonly toolCalls: Map<number, { id: string; name: string; arguments: string }>;
  readonly logprobs: TokenLogprob[];
  reason: FinishReason | undefined;
}

/** Gathers the events of an answer that was not streamed. */
function openAnswer(request: CompletionRequest): {
  add(event: CompletionEvent): void;
  message(): MessageInitShape<typeof CompleteResponseSchema>;
} {
  const choices = new Map<number, OpenChoice>();
  let head: Extract<CompletionEvent, { type: "completion-started" }> | undefined;
  let report: CallReport | undefined;
  const choice = (index: number): OpenChoice => {
    let open = choices.get(index);
    if (open === undefined) {
      open = { text: "", reasoning: "", refusal: "", toolCalls: new Map(), logprobs: [], reason: undefined };
      choices.set(index, open);
    }
    return open;
  };
  return {
    add(event) {
      switch (event.type) {
        case "completion-started":
          head = event;
          break;
        case "content-delta":
          choice(event.choice).text += event.text;
          choice(event.choice).logprobs.push(...event.logprobs);
          break;
        case "reasoning-delta":
          choice(event.choice).reasoning += event.text;
          break;
        case "refusal-delta":
          choice(event.choice).refusal += event.text;
          break;
        case "tool-call-delta": {
          const { toolCalls } = choice(event.choice);
          const call = toolCalls.get(event.index) ?? { id: "", name: "", arguments: "" };
          toolCalls.set(event.index, {
            id: call.id || event.id,
            name: call.name || event.name,
            arguments: call.arguments + event.arguments,
          });
          break;
        }
        case "choice-finished":
          choice(event.choice).reason = event.reason;
          break;
        case "finished":
          report = event.report;
          break;
        case "usage":
        case "committed":
        case "native-chunk":
        case "native-answer":
        case "reasoning-detail":
        case "part-ended":
        case "annotation":
        case "audio-delta":
        case "image":
        case "foreign-part":
          break;
        default:
          event satisfies never;
      }
    },
    message: () => ({
      requestId: request.requestId,
      completionId: head?.id ?? "",
      model: request.model,
      servedModel: head?.servedModel ?? "",
      ...(head === undefined ? {} : { createdAt: timestampFromMs(head.created * 1000) }),
      systemFingerprint: head?.systemFingerprint ?? "",
      serviceTier: head?.serviceTier ?? "",
      choices: [...choices].sort(([a], [b]) => a - b).map(([index, open]) => choiceMessage(index, open)),
      ...(report?.usage === undefined ? {} : { usage: usageOf(report.usage) }),
      ...(report === undefined ? {} : { report: reportOf(report) }),
    }),
  };
}

function choiceMessage(
  index: number,
  { text, reasoning, refusal, toolCalls, logprobs, reason }: OpenChoice,
): MessageInitShape<typeof ChoiceSchema> {
  const calls: MessageInitShape<typeof ToolCallSchema>[] = [...toolCalls.values()].map((call) => ({
    id: call.id,
    call: { case: "function", value: { name: call.name, arguments: call.arguments } },
  }));
  return {
    index,
    message: create(MessageSchema, {
      role: Role.ASSISTANT,
      content: text === "" ? [] : [{ part: { case: "text", value: { text } } }],
      reasoning,
      refusal,
      toolCalls: calls,
    }),
    finishReason: reason === undefined ? ProtoFinishReason.UNSPECIFIED : finishReasons[reason.unified],
    rawFinishReason: reason?.raw ?? "",
    logprobs: logprobs.map(logprob),
  };
}

const finishReasons = {
  stop: ProtoFinishReason.STOP,
  length: ProtoFinishReason.LENGTH,
  tool_calls: ProtoFinishReason.TOOL_CALLS,
  content_filter: ProtoFinishReason.CONTENT_FILTER,
  function_call: ProtoFinishReason.FUNCTION_CALL,
  other: ProtoFinishReason.OTHER,
} satisfies Record<FinishReason["unified"], ProtoFinishReason>;

const logprob = ({ token, logprob: value, bytes, top }: TokenLogprob) => ({
  token,
  logprob: value,
  tokenBytes: Uint8Array.from(bytes ?? []),
  top: top.map((other) => ({ token: other.token, logprob: other.logprob, tokenBytes: Uint8Array.from(other.bytes ?? []) })),
});
