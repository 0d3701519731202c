/**
 * Counts what an answer was: the backend's own usage where it says it, else an estimate from the text that came, because a
 * caller that leaves before the last chunk has used what was generated (the best-known way around the quotas of gateways).
 */
import { AnswerPace } from "./answer-pace.ts";
import type { CallMeter } from "./call-state.ts";
import type { CompletionEvent, TokenUsage } from "./completion-event.ts";
import type { CompletionRequest } from "./completion-request.ts";
import { estimateTokens } from "./estimate-tokens.ts";

export interface AnswerMeter extends CallMeter {
  see(events: readonly CompletionEvent[]): void;
  /** So far, and estimated where the backend has not said. */
  outputTokens(): number;
}

export const answerMeter = (request: CompletionRequest): AnswerMeter => new Meter(request);

class Meter implements AnswerMeter {
  servedModel = "";
  finishReason = "";
  firstContentAtMs: number | undefined = undefined;
  pace: AnswerPace | undefined = undefined;
  readonly #request: CompletionRequest;
  #pieces = 0;
  #piecesPaced = 0;
  #firstAtMs = 0;
  #reported: TokenUsage | undefined;
  #textLength = 0;
  /** Whether the answer had ended when its usage was reported, and the text that came after that. */
  #reportedAtEnd = false;
  #textLengthSince = 0;

  constructor(request: CompletionRequest) {
    this.#request = request;
  }

  see(events: readonly CompletionEvent[]): void {
    for (const event of events) this.#count(event);
    if (this.firstContentAtMs === undefined) {
      this.firstContentAtMs = Date.now();
      if (!this.#request.stream) return;
      this.#firstAtMs = performance.now();
      this.#piecesPaced = this.#pieces;
    } else if (this.#request.stream && this.#pieces > this.#piecesPaced) this.#pacePieces();
  }

  #pacePieces(): void {
    this.pace ??= new AnswerPace(this.#firstAtMs, this.#piecesPaced);
    this.pace.add(this.#pieces - this.#piecesPaced, performance.now());
    this.#piecesPaced = this.#pieces;
  }

  usage(): TokenUsage | undefined {
    const reported = this.#reported;
    if (reported !== undefined) {
      if (this.#reportedAtEnd || this.#textLengthSince === 0) return reported;
      return { ...reported, outputTokens: reported.outputTokens + estimateTokens(this.#textLengthSince), estimated: true };
    }
    if (this.firstContentAtMs === undefined) return undefined;
    return {
      inputTokens: estimateTokens(this.#request.body.text.length),
      outputTokens: estimateTokens(this.#textLength),
      cacheReadTokens: 0,
      cacheWriteTokens: 0,
      reasoningTokens: 0,
      audioInputTokens: 0,
      audioOutputTokens: 0,
      estimated: true,
      raw: "",
    };
  }

  outputTokens(): number {
    const since = estimateTokens(this.#textLengthSince);
    return this.#reported === undefined ? since : this.#reported.outputTokens + (this.#reportedAtEnd ? 0 : since);
  }

  #count(event: CompletionEvent): void {
    switch (event.type) {
      case "usage":
        this.#reported = event.usage;
        // Some backends count along, some say at the start what they know by then: a caller that left got more than that.
        this.#reportedAtEnd = this.finishReason !== "";
        this.#textLengthSince = 0;
        break;
      case "completion-started":
        this.servedModel = event.servedModel;
        break;
      case "choice-finished":
        this.finishReason ||= event.reason.raw;
        break;
      case "native-chunk": {
        this.#text(event.textLength);
        const finished = this.finishReason === "" ? finishMember.exec(event.data) : null;
        if (finished?.[1] !== undefined) this.finishReason = finished[1];
        break;
      }
      case "native-answer":
        this.#text(event.textLength);
        break;
      case "content-delta":
      case "reasoning-delta":
      case "refusal-delta":
        this.#text(event.text.length);
        break;
      case "tool-call-delta":
        this.#text(event.name.length + event.arguments.length);
        break;
      case "audio-delta":
        this.#text(event.transcript.length);
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

  #text(length: number): void {
    if (length > 0) this.#pieces++;
    this.#textLength += length;
    this.#textLengthSince += length;
  }
}

/** Inside of a string its quotes would be escaped. */
const finishMember = /"finish_reason"\s*:\s*"([^"\\]{1,40})"/;
