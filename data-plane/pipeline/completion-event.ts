/** What flows from a backend to a caller, in batches: one for what one read from the backend brought. */
import type { Dialect } from "./completion-request.ts";

/**
 * Two forms of an answer's content. Where caller and backend speak the same dialect and no stage looks into the content, it is
 * `native`: the backend's own JSON text. Else it is typed. A stream holds one form only, but native content may have beside it the
 * typed `completion-started`, `choice-finished` and `usage` that say the same to the meter: edges that write native text pass them over.
 */
export type CompletionEvent =
  /** First of all, at the commit point: what is known of the call before its content. Edges write their headers on it. */
  | { readonly type: "committed"; readonly facts: CallFacts; readonly writeStallMs: number }
  /** The JSON text of one streamed chunk. `textLength`: of what the model wrote in it, in characters. `name`: of a named event. */
  | { readonly type: "native-chunk"; readonly data: string; readonly textLength: number; readonly name?: string }
  /** The JSON text of a whole, not streamed, answer. */
  | { readonly type: "native-answer"; readonly data: string; readonly textLength: number }
  | {
      readonly type: "completion-started";
      readonly id: string;
      readonly servedModel: string;
      /** Seconds since the epoch. */
      readonly created: number;
      readonly systemFingerprint: string;
      readonly serviceTier: string;
    }
  | { readonly type: "content-delta"; readonly choice: number; readonly text: string; readonly logprobs: readonly TokenLogprob[] }
  | { readonly type: "reasoning-delta"; readonly choice: number; readonly text: string }
  /** What of the reasoning is not its text. A signature is of all reasoning text since the detail before it. */
  | { readonly type: "reasoning-detail"; readonly choice: number; readonly detail: ReasoningDetail }
  | { readonly type: "refusal-delta"; readonly choice: number; readonly text: string }
  | {
      readonly type: "tool-call-delta";
      readonly choice: number;
      readonly index: number;
      readonly id: string;
      readonly name: string;
      readonly arguments: string;
      /** Absent: function. A custom tool's input is text and stands in `arguments`. */
      readonly kind?: "custom";
    }
  /** The content part before it is over: what follows is a part of its own, also where it is of the same kind. */
  | { readonly type: "part-ended"; readonly choice: number }
  /** Belongs to the text part that is under way, or was last. */
  | { readonly type: "annotation"; readonly choice: number; readonly annotation: Annotation }
  /** A piece of a spoken answer; base64. `id`, `transcript` empty and `expiresAt` 0 where a piece does not say them. */
  | {
      readonly type: "audio-delta";
      readonly choice: number;
      readonly id: string;
      readonly data: string;
      readonly transcript: string;
      readonly expiresAt: number;
    }
  /** A picture that the model made, whole: a data URL or an address. */
  | { readonly type: "image"; readonly choice: number; readonly url: string }
  /** A part that only its own dialect has a word for, whole, as JSON text: a tool that the provider ran and its result. */
  | {
      readonly type: "foreign-part";
      readonly choice: number;
      readonly dialect: Dialect | "gemini" | "bedrock" | "cohere";
      readonly data: string;
    }
  | { readonly type: "choice-finished"; readonly choice: number; readonly reason: FinishReason }
  /** Tokens so far. The last one counts; they are not added. `data`: the native chunk that carried it and nothing else. */
  | { readonly type: "usage"; readonly usage: TokenUsage; readonly data: string | undefined }
  /** Last of all, when all went well. */
  | { readonly type: "finished"; readonly report: CallReport };

export interface FinishReason {
  readonly unified: "stop" | "length" | "tool_calls" | "content_filter" | "function_call" | "other";
  /** As the backend said it. */
  readonly raw: string;
  /** The stop sequence that ended it, where the backend says so. */
  readonly stopSequence?: string;
}

/**
 * Reasoning that its provider alone can read or vouch for, to be given back unchanged with the next turn. In the common form it
 * is an entry of `reasoning_details`, as OpenRouter shapes it: `{"type":"reasoning.text","text","signature"}`,
 * `{"type":"reasoning.encrypted","data"}`, `{"type":"reasoning.summary","summary"}`, each with `format`, `provider`, `index` and, where it has one, `id`.
 */
export interface ReasoningDetail {
  /** signature: of the text before it. encrypted: nobody else can read it. summary: text about the reasoning. */
  readonly kind: "signature" | "encrypted" | "summary";
  readonly value: string;
  /** Empty: none. Of a Gemini signature on a tool call: that call's id. */
  readonly id: string;
  /** Whose way of signing: "anthropic-claude-v1", "google-gemini-v1", "openai-responses-v1". */
  readonly format: string;
  /** The key of the provider that signed. */
  readonly provider: string;
  /** The provider passes on what another signed, and takes it back in this shape alone. Absent: it signed itself. */
  readonly relayed?: true;
}

/** Where a part of the answer is taken from. */
export interface Annotation {
  /** Empty where the source is not on the web. */
  readonly url: string;
  readonly title: string;
  /** The words of the source. Empty: not said. */
  readonly citedText: string;
  /** The place in the choice's text, in characters [start, end); undefined: not said. */
  readonly startIndex: number | undefined;
  readonly endIndex: number | undefined;
  /** As the provider said it: JSON text. */
  readonly raw: string;
  readonly dialect: string;
}

export interface TokenLogprob {
  readonly token: string;
  readonly logprob: number;
  readonly bytes: readonly number[] | null;
  readonly top: readonly { readonly token: string; readonly logprob: number; readonly bytes: readonly number[] | null }[];
}

/** input = uncached + cacheRead + cacheWrite; reasoning is a part of output. */
export interface TokenUsage {
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly cacheReadTokens: number;
  readonly cacheWriteTokens: number;
  readonly reasoningTokens: number;
  readonly audioInputTokens: number;
  readonly audioOutputTokens: number;
  /** Parts of input and output. Absent: none that the provider told apart. */
  readonly imageInputTokens?: number;
  readonly imageOutputTokens?: number;
  /** The part of cacheWrite that is kept for an hour. Absent: none. */
  readonly cacheWriteOneHourTokens?: number;
  /** True where Penstock counted because the backend did not say. */
  readonly estimated: boolean;
  /** As the provider said it: JSON text, empty where it did not. */
  readonly raw: string;
}

/** Known at the commit point. */
export interface CallFacts {
  readonly route: string;
  readonly backend: string;
  readonly attempts: number;
  /** "<experiment>:<variant>", or empty. */
  readonly variant: string;
  readonly cache: "off" | "miss" | "hit";
  /** "<epoch>-<number>". */
  readonly revision: string;
  /** "<prompt>@<version>", or empty. */
  readonly promptVersion: string;
  /** Fields of the request that the backend could not be given and the route let go, sorted. */
  readonly dropped: readonly string[];
  readonly limits: RateLimits;
}

export interface CallReport extends CallFacts {
  readonly usage: TokenUsage | undefined;
  /** undefined: no price is known. */
  readonly costNanodollars: bigint | undefined;
}

/** The tightest of the call's quotas for each resource; undefined: none is laid on it. */
export interface RateLimits {
  readonly requests: RateLimit | undefined;
  readonly tokens: RateLimit | undefined;
  /** Of other resources: "input_tokens", "output_tokens", "cost", "concurrent_calls". */
  readonly others: readonly (RateLimit & { readonly resource: string })[];
  /** Keys of soft quotas that are passed. */
  readonly warnings: readonly string[];
}

export interface RateLimit {
  readonly limit: number;
  readonly remaining: number;
  readonly resetMs: number;
}
