/**
 * What flows from a backend to a caller, in batches: one for what one read from the backend brought.
 *
 * Two forms of an answer's content. Where caller and backend speak the same dialect and no stage looks into the content, it is
 * `native`: the backend's own JSON text. Else it is typed. A stream holds one form only.
 */
export type CompletionEvent =
  /** First of all, at the commit point: what is known of the call before its content. Edges write their headers on it. */
  | { readonly type: "committed"; readonly facts: CallFacts; readonly writeStallMs: number }
  /** The JSON text of one streamed chunk. `textLength`: of what the model wrote in it, in characters. */
  | { readonly type: "native-chunk"; readonly data: string; readonly textLength: number }
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
  | { readonly type: "refusal-delta"; readonly choice: number; readonly text: string }
  | {
      readonly type: "tool-call-delta";
      readonly choice: number;
      readonly index: number;
      readonly id: string;
      readonly name: string;
      readonly arguments: string;
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
}

export interface RateLimit {
  readonly limit: number;
  readonly remaining: number;
  readonly resetMs: number;
}
