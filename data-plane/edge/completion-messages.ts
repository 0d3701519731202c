/** A completion's events as the messages of CompletionService: one by one for a stream, or gathered into an answer. */
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import {
  type AnnotationSchema,
  type ChoiceSchema,
  type CompleteResponseSchema,
  type ForeignPartSchema,
  MessageSchema,
  FinishReason as ProtoFinishReason,
  ReasoningDetailKind,
  type ReasoningDetailSchema,
  Role,
  type StreamCompleteResponseSchema,
  type ToolCallSchema,
} from "#proto/penstock/inference/v1/completion_pb.ts";
import type { Annotation, CallReport, CompletionEvent, FinishReason, ReasoningDetail, TokenLogprob } from "../pipeline/completion-event.ts";
import type { CompletionRequest } from "../pipeline/completion-request.ts";
import { reportOf, usageOf } from "./grpc-call.ts";

type StreamEvent = MessageInitShape<typeof StreamCompleteResponseSchema>["event"];

export interface CompletionEvents {
  /** undefined: the event is not one that callers are told of by itself. */
  messageOf(event: CompletionEvent): MessageInitShape<typeof StreamCompleteResponseSchema> | undefined;
}

/** @param sequenceStart the number before the first message's. */
export function completionEvents(request: CompletionRequest, sequenceStart = 0n): CompletionEvents {
  let sequenceNumber = sequenceStart;
  const unsigned = unsignedReasoning();
  return {
    messageOf(event) {
      const told = streamEvent(event, request, unsigned.see(event));
      return told === undefined ? undefined : { sequenceNumber: ++sequenceNumber, event: told };
    },
  };
}

/** The reasoning of each choice since its last detail: what a signature is of. */
function unsignedReasoning(): { see(event: CompletionEvent): string } {
  const texts = new Map<number, string>();
  return {
    see(event) {
      if (event.type === "reasoning-delta") texts.set(event.choice, (texts.get(event.choice) ?? "") + event.text);
      if (event.type !== "reasoning-detail") return "";
      const text = texts.get(event.choice) ?? "";
      texts.delete(event.choice);
      return text;
    },
  };
}

function streamEvent(event: CompletionEvent, request: CompletionRequest, signedText: string): StreamEvent | undefined {
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
        value: {
          choice: event.choice,
          index: event.index,
          id: event.id,
          name: event.name,
          arguments: event.arguments,
          custom: event.kind === "custom",
        },
      };
    case "choice-finished":
      return {
        case: "choiceFinished",
        value: {
          choice: event.choice,
          reason: finishReasons[event.reason.unified],
          rawReason: event.reason.raw,
          stopSequence: event.reason.stopSequence ?? "",
        },
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
      return { case: "reasoningDetailed", value: { choice: event.choice, detail: reasoningDetail(event.detail, signedText) } };
    case "annotation":
      return { case: "annotated", value: { choice: event.choice, annotation: annotation(event.annotation) } };
    case "audio-delta":
      return { case: "audioDelta", value: audio(event) };
    case "image":
      return { case: "imageMade", value: { choice: event.choice, url: event.url } };
    case "foreign-part":
      return { case: "foreignPart", value: { choice: event.choice, dialect: event.dialect, data: event.data } };
    case "part-ended":
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
  readonly toolCalls: Map<number, { id: string; name: string; arguments: string; custom: boolean }>;
  readonly details: MessageInitShape<typeof ReasoningDetailSchema>[];
  readonly annotations: MessageInitShape<typeof AnnotationSchema>[];
  audio: SpokenAnswer | undefined;
  readonly imageUrls: string[];
  readonly foreignParts: MessageInitShape<typeof ForeignPartSchema>[];
  readonly logprobs: TokenLogprob[];
  reason: FinishReason | undefined;
}

/** Gathers the events of an answer that was not streamed. */
export function completionAnswer(request: CompletionRequest): {
  add(event: CompletionEvent): void;
  message(): MessageInitShape<typeof CompleteResponseSchema>;
} {
  const choices = new Map<number, OpenChoice>();
  let head: Extract<CompletionEvent, { type: "completion-started" }> | undefined;
  let report: CallReport | undefined;
  const unsigned = unsignedReasoning();
  const choice = (index: number): OpenChoice => {
    let open = choices.get(index);
    if (open === undefined) {
      open = {
        text: "",
        reasoning: "",
        refusal: "",
        toolCalls: new Map(),
        details: [],
        annotations: [],
        audio: undefined,
        imageUrls: [],
        foreignParts: [],
        logprobs: [],
        reason: undefined,
      };
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
          unsigned.see(event);
          break;
        case "refusal-delta":
          choice(event.choice).refusal += event.text;
          break;
        case "tool-call-delta": {
          const { toolCalls } = choice(event.choice);
          const call = toolCalls.get(event.index) ?? { id: "", name: "", arguments: "", custom: event.kind === "custom" };
          toolCalls.set(event.index, {
            id: call.id || event.id,
            name: call.name || event.name,
            arguments: call.arguments + event.arguments,
            custom: call.custom,
          });
          break;
        }
        case "choice-finished":
          choice(event.choice).reason = event.reason;
          break;
        case "finished":
          report = event.report;
          break;
        case "reasoning-detail":
          choice(event.choice).details.push(reasoningDetail(event.detail, unsigned.see(event)));
          break;
        case "annotation":
          choice(event.choice).annotations.push(annotation(event.annotation));
          break;
        case "audio-delta":
          choice(event.choice).audio = spoken(choice(event.choice).audio, event);
          break;
        case "image":
          choice(event.choice).imageUrls.push(event.url);
          break;
        case "foreign-part":
          choice(event.choice).foreignParts.push({ choice: event.choice, dialect: event.dialect, data: event.data });
          break;
        case "usage":
        case "committed":
        case "native-chunk":
        case "native-answer":
        case "part-ended":
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
  { text, reasoning, refusal, toolCalls, details, annotations, audio: said, imageUrls, foreignParts, logprobs, reason }: OpenChoice,
): MessageInitShape<typeof ChoiceSchema> {
  const calls: MessageInitShape<typeof ToolCallSchema>[] = [...toolCalls.values()].map((call) => ({
    id: call.id,
    call: call.custom
      ? { case: "custom", value: { name: call.name, input: call.arguments } }
      : { case: "function", value: { name: call.name, arguments: call.arguments } },
  }));
  return {
    index,
    message: create(MessageSchema, {
      role: Role.ASSISTANT,
      content: text === "" ? [] : [{ part: { case: "text", value: { text } } }],
      reasoning,
      refusal,
      toolCalls: calls,
      reasoningDetails: details,
      audioId: said?.id ?? "",
    }),
    finishReason: reason === undefined ? ProtoFinishReason.UNSPECIFIED : finishReasons[reason.unified],
    rawFinishReason: reason?.raw ?? "",
    logprobs: logprobs.map(logprob),
    annotations,
    ...(said === undefined ? {} : { audio: { ...audioMember(said), choice: index, data: Buffer.concat(said.pieces) } }),
    imageUrls,
    foreignParts,
    stopSequence: reason?.stopSequence ?? "",
  };
}

interface SpokenAnswer {
  readonly id: string;
  readonly transcript: string;
  readonly expiresAt: number;
  readonly pieces: readonly Buffer[];
}

type AudioEvent = Extract<CompletionEvent, { type: "audio-delta" }>;

const spoken = (before: SpokenAnswer | undefined, { id, transcript, expiresAt, data }: AudioEvent): SpokenAnswer => ({
  id: before?.id || id,
  transcript: (before?.transcript ?? "") + transcript,
  expiresAt: before?.expiresAt || expiresAt,
  pieces: [...(before?.pieces ?? []), Buffer.from(data, "base64")],
});

const audio = (event: AudioEvent) => ({ choice: event.choice, ...audioMember(event), data: Buffer.from(event.data, "base64") });

const audioMember = ({ id, transcript, expiresAt }: Pick<SpokenAnswer, "id" | "transcript" | "expiresAt">) => ({
  id,
  transcript,
  ...(expiresAt === 0 ? {} : { expiresAt: timestampFromMs(expiresAt * 1000) }),
});

const detailKinds = {
  signature: ReasoningDetailKind.SIGNATURE,
  encrypted: ReasoningDetailKind.ENCRYPTED,
  summary: ReasoningDetailKind.SUMMARY,
} satisfies Record<ReasoningDetail["kind"], ReasoningDetailKind>;

const reasoningDetail = ({ kind, value, id, format, provider }: ReasoningDetail, text: string) => ({
  kind: detailKinds[kind],
  value,
  id,
  format,
  provider,
  text: kind === "signature" ? text : "",
});

const annotation = ({ url, title, citedText, startIndex, endIndex }: Annotation) => ({
  url,
  title,
  citedText,
  ...(startIndex === undefined ? {} : { startIndex }),
  ...(endIndex === undefined ? {} : { endIndex }),
});

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
