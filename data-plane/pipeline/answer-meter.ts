/**
 * Counts what an answer was: the backend's own usage where it says it, else an estimate from the text that came, because a
 * caller that leaves before the last chunk has used what was generated (the best-known way around the quotas of gateways).
 */
import type { CallMeter } from "./call-state.ts";
import type { CompletionEvent, TokenUsage } from "./completion-event.ts";
import type { CompletionRequest } from "./completion-request.ts";
import { estimateTokens } from "./estimate-tokens.ts";

export interface AnswerMeter extends CallMeter {
  see(events: readonly CompletionEvent[]): void;
}

export function answerMeter(request: CompletionRequest): AnswerMeter {
  let reported: TokenUsage | undefined;
  let textLength = 0;
  /** Whether the answer had ended when its usage was reported, and the text that came after that. */
  let reportedAtEnd = false;
  let textLengthSince = 0;
  let servedModel = "";
  let finishReason = "";
  let firstContentAtMs: number | undefined;
  const count = (length: number) => {
    textLength += length;
    textLengthSince += length;
  };
  return {
    see(events) {
      firstContentAtMs ??= Date.now();
      for (const event of events) {
        switch (event.type) {
          case "usage":
            reported = event.usage;
            // Some backends count along, some say at the start what they know by then: a caller that left got more than that.
            reportedAtEnd = finishReason !== "";
            textLengthSince = 0;
            break;
          case "completion-started":
            servedModel = event.servedModel;
            break;
          case "choice-finished":
            finishReason ||= event.reason.raw;
            break;
          case "native-chunk": {
            count(event.textLength);
            const finished = finishReason === "" ? finishMember.exec(event.data) : null;
            if (finished?.[1] !== undefined) finishReason = finished[1];
            break;
          }
          case "native-answer":
            count(event.textLength);
            break;
          case "content-delta":
          case "reasoning-delta":
          case "refusal-delta":
            count(event.text.length);
            break;
          case "tool-call-delta":
            count(event.name.length + event.arguments.length);
            break;
          case "audio-delta":
            count(event.transcript.length);
            break;
          case "reasoning-detail":
          case "part-ended":
          case "annotation":
          case "image":
          case "foreign-part":
          case "committed":
          case "finished":
            break;
          default:
            event satisfies never;
        }
      }
    },
    usage() {
      if (reported !== undefined) {
        if (reportedAtEnd || textLengthSince === 0) return reported;
        return { ...reported, outputTokens: reported.outputTokens + estimateTokens(textLengthSince), estimated: true };
      }
      if (firstContentAtMs === undefined) return undefined;
      return {
        inputTokens: estimateTokens(request.body.text.length),
        outputTokens: estimateTokens(textLength),
        cacheReadTokens: 0,
        cacheWriteTokens: 0,
        reasoningTokens: 0,
        audioInputTokens: 0,
        audioOutputTokens: 0,
        estimated: true,
        raw: "",
      };
    },
    get servedModel() {
      return servedModel;
    },
    get finishReason() {
      return finishReason;
    },
    get firstContentAtMs() {
      return firstContentAtMs;
    },
  };
}

/** Inside of a string its quotes would be escaped. */
const finishMember = /"finish_reason"\s*:\s*"([^"\\]{1,40})"/;
