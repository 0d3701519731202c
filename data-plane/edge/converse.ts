/**
 * `CompletionService.Converse`: a conversation of several turns in one stream. The gateway keeps what has been said, with the
 * reasoning that only its provider can read, so a tool loop sends the results of its tools and nothing twice.
 *
 * Each turn passes the conductor as a call of its own. What a caller sends ahead waits in its own window, unread, until the turn is
 * over; a caller that is silent for ten minutes has stalled; a conversation may have as much text as a request.
 */
import type { MessageInitShape } from "@bufbuild/protobuf";
import type {
  CompletionInput,
  ConversationTurn,
  ConverseRequest,
  ConverseResponseSchema,
} from "#proto/penstock/inference/v1/completion_pb.ts";
import type { CallContext } from "../../proto/transport/grpc-server.ts";
import { GatewayError } from "../gateway-error.ts";
import { inCallersWordsIfThrown } from "../pipeline/caller-field.ts";
import { type CompletionDependencies, complete } from "../pipeline/completion.ts";
import { jsonTextOf } from "../pipeline/json-text.ts";
import { chatBodyOfInput, chatMessage, chatToolChoice } from "./chat-body-of-input.ts";
import { requestOfBody } from "./completion-input.ts";
import { completionEvents } from "./completion-messages.ts";
import { addTrailers, callHead, initialMetadata } from "./grpc-call.ts";
import { inputField } from "./input-field.ts";
import { chatAnswer } from "./openai-chat-answer.ts";
import { bodyBytesMax } from "./rest-server.ts";

type Json = Record<string, unknown>;
type Batch = readonly MessageInitShape<typeof ConverseResponseSchema>[];

const silenceMsMax = 600_000;

export async function* converse(
  requests: AsyncIterable<ConverseRequest>,
  dependencies: CompletionDependencies,
  call: CallContext,
): AsyncGenerator<Batch, void> {
  const next = reader(requests, call);
  const opening = await next();
  if (opening?.request.case !== "open") throw wrong("request", "must open the conversation first");
  const conversation = opened(opening.request.value);
  let sequenceNumber = 0n;
  for (let turn = 1; ; turn++) {
    const head = callHead(call);
    const request = requestOfBody(head, jsonTextOf(conversation.body()), conversation.fieldName);
    const stream = completionEvents(request, sequenceNumber);
    const answer = chatAnswer(request.model);
    for await (const batch of complete(request, dependencies, call)) {
      const told: MessageInitShape<typeof ConverseResponseSchema>[] = [];
      for (const event of batch) {
        if (event.type === "committed") {
          call.writeStallMs = event.writeStallMs;
          if (turn === 1) call.sendInitialMetadata(initialMetadata(head.requestId, event.facts));
        }
        answer.add(event);
        if (event.type === "finished") addTrailers(call.trailers, event.report);
        const message = stream.messageOf(event);
        if (message !== undefined) {
          sequenceNumber = message.sequenceNumber ?? sequenceNumber;
          told.push({ turn, callId: head.callId, event: message });
        }
      }
      yield told;
    }
    conversation.answered(assistantMessage(answer.text(undefined)));
    const following = await next();
    if (following === undefined) return;
    if (following.request.case !== "turn") throw wrong("request", "must be a turn: the conversation is open");
    conversation.goesOn(following.request.value);
  }
}

function opened(input: CompletionInput) {
  const body: Json = inCallersWordsIfThrown(() => chatBodyOfInput(input, true), { callerField: (field) => `open.${field}` });
  const messages = [...(body["messages"] as Json[])];
  /** Where the messages of the turn begin; 0: it is the first. */
  let turnFrom = 0;
  const forced = typeof body["tool_choice"] === "object" || body["tool_choice"] === "required";
  return {
    body: (): Json => ({ ...body, messages }),
    answered: (message: Json) => void messages.push(message),
    /** In the message that said it: that of the turn, or the one that opened; what lies between was right when it was said. */
    fieldName(field: string): string {
      const index = Number(/^messages\[(\d+)\]/.exec(field)?.[1] ?? -1);
      return turnFrom > 0 && index >= turnFrom
        ? `turn.${inputField(field.replace(/\d+/, String(index - turnFrom)))}`
        : `open.${inputField(field)}`;
    },
    /** @throws GatewayError INVALID_ARGUMENT, PAYLOAD_TOO_LARGE. */
    goesOn(turn: ConversationTurn): void {
      if (turn.messages.length === 0) throw wrong("turn.messages", "must hold at least one message");
      turnFrom = messages.length;
      messages.push(...turn.messages.map((message, i) => chatMessage(message, `turn.messages[${i}]`)));
      if (turn.toolChoice !== undefined) body["tool_choice"] = chatToolChoice(turn.toolChoice);
      else if (forced) body["tool_choice"] = "auto";
      if (JSON.stringify(messages).length > bodyBytesMax)
        throw new GatewayError("PAYLOAD_TOO_LARGE", `the conversation has more than ${bodyBytesMax} characters; begin another with less`);
    },
  };
}

/** What chat gives back to a model of an answer; how it was counted, sourced or drawn is not a part of it. */
function assistantMessage(answer: string): Json {
  const { choices } = JSON.parse(answer) as { choices: readonly { message: Json }[] };
  const { content = null, tool_calls, refusal, reasoning_details, audio } = choices[0]?.message ?? {};
  const spoken = audio as Json | undefined;
  return {
    role: "assistant",
    content,
    ...(tool_calls === undefined ? {} : { tool_calls }),
    ...(typeof refusal === "string" ? { refusal } : {}),
    ...(reasoning_details === undefined ? {} : { reasoning_details }),
    ...(spoken?.["id"] === undefined ? {} : { audio: { id: spoken["id"] } }),
  };
}

/** The caller's next request; undefined when it has said its last. Waits no longer than it may, and not beyond the call's end. */
function reader(requests: AsyncIterable<ConverseRequest>, { signal }: CallContext): () => Promise<ConverseRequest | undefined> {
  const iterator = requests[Symbol.asyncIterator]();
  return () =>
    new Promise((resolve, reject) => {
      const settle = () => {
        clearTimeout(timer);
        signal.removeEventListener("abort", onAbort);
      };
      const onAbort = () => {
        settle();
        reject(signal.reason);
      };
      const timer = setTimeout(() => {
        settle();
        reject(new GatewayError("CALLER_STALLED", `nothing more of the conversation came for ${silenceMsMax / 60_000} minutes`));
      }, silenceMsMax);
      signal.addEventListener("abort", onAbort);
      if (signal.aborted) onAbort();
      iterator.next().then(
        ({ done, value }) => {
          settle();
          resolve(done === true ? undefined : value);
        },
        (reason: unknown) => {
          settle();
          reject(reason);
        },
      );
    });
}

const wrong = (field: string, what: string) => new GatewayError("INVALID_ARGUMENT", `${field} ${what}`, { field });
