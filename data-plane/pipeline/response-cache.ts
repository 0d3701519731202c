/**
 * The port to answers given before. Fails open: a cache that cannot be reached is a miss. What an entry is kept under is the
 * adapter's business and must hold all of the subject (organisation, key, route, variant, every parameter), or one caller reads
 * another's answer.
 */
import type { CompiledRoute } from "../snapshot/compiled-route.ts";
import type { Assignment } from "./assign-variant.ts";
import type { Caller } from "./authenticate.ts";
import type { CompletionEvent } from "./completion-event.ts";
import type { CompletionRequest } from "./completion-request.ts";
import type { RenderedPrompt } from "./render-prompt.ts";

export interface ResponseCache {
  readonly state: "off" | "on";
  /** undefined: a miss. */
  lookUp(subject: CacheSubject, signal: AbortSignal): Promise<CachedAnswer | undefined> | undefined;
  /** Begins an entry for an answer that is on its way. */
  fill(subject: CacheSubject): CacheEntry;
}

export type CachedAnswer = AsyncIterable<readonly CompletionEvent[]>;

/** All that an answer depends on. */
export interface CacheSubject {
  readonly caller: Caller;
  readonly route: CompiledRoute;
  readonly assignment: Assignment | undefined;
  readonly rendered: RenderedPrompt;
  readonly request: CompletionRequest;
}

export interface CacheEntry {
  add(events: readonly CompletionEvent[]): void;
  /** The answer is whole. Without this, nothing is kept: never an answer that failed or was left. */
  commit(): void;
}

const nothingKept: CacheEntry = { add: () => {}, commit: () => {} };

export const noCache: ResponseCache = { state: "off", lookUp: () => undefined, fill: () => nothingKept };
