/**
 * The port to answers given before, and which calls may have one. Off for a route until it says for how long answers are good
 * (issue 5). Fails open: a cache that cannot be reached is a miss. What an entry is kept under is the adapter's business and must
 * hold all of the subject (organisation, project, route, variant, every parameter), or one caller reads another's answer.
 */
import type { CompiledRoute, CompiledTier } from "../snapshot/compiled-route.ts";
import type { Assignment } from "./assign-variant.ts";
import { type Caller, controlPlaneKeyId } from "./authenticate.ts";
import type { CompletionEvent } from "./completion-event.ts";
import type { CompletionRequest } from "./completion-request.ts";
import type { RenderedPrompt } from "./render-prompt.ts";

export interface ResponseCache {
  /** Where this call's answer is kept. */
  entry(subject: CacheSubject): CacheEntry;
}

/** All that an answer depends on. */
export interface CacheSubject {
  readonly caller: Caller;
  readonly route: CompiledRoute;
  readonly assignment: Assignment | undefined;
  readonly rendered: RenderedPrompt;
  /** Where the call's attempts begin: a budget may have moved them. */
  readonly tiers: readonly CompiledTier[];
  readonly request: CompletionRequest;
}

export interface CacheEntry {
  /** undefined: a miss. */
  lookUp(signal: AbortSignal): Promise<CachedAnswer | undefined> | CachedAnswer | undefined;
  add(events: readonly CompletionEvent[]): void;
  /**
   * The answer is whole. Without this, nothing is kept: never an answer that failed or was left.
   * @param dropped as of CallFacts.
   */
  commit(dropped: readonly string[]): void;
}

export interface CachedAnswer {
  /** As they came, from the commit point on. */
  readonly batches: readonly (readonly CompletionEvent[])[];
  readonly dropped: readonly string[];
}

/** undefined: this call is not one whose answer is good for the next. */
export const entryOf = (cache: ResponseCache, subject: CacheSubject): CacheEntry | undefined =>
  isCacheable(subject) ? cache.entry(subject) : undefined;

/**
 * Not where somebody tries something out (a variant that was chosen, a call or a replay of the control plane's), where the answer
 * is stored under an id, or where the caller says `cache-control: no-store` (RFC 9111, 5.2.1.5).
 */
const isCacheable = ({ caller, assignment, request }: CacheSubject): boolean =>
  caller.apiKey.id !== controlPlaneKeyId &&
  assignment?.forced !== true &&
  request.stored !== true &&
  request.body.value["store"] !== true &&
  !cacheControl(request, "no-store");

/** The caller wants an answer that was made for it; the next may have it (RFC 9111, 5.2.1.4). */
export const wantsFresh = (request: CompletionRequest): boolean => cacheControl(request, "no-cache");

/** The answer in its batches. @throws the signal's reason, between two of them. */
export async function* replayed({ batches }: CachedAnswer, signal: AbortSignal): AsyncGenerator<readonly CompletionEvent[], void> {
  for (const batch of batches) {
    signal.throwIfAborted();
    yield batch;
  }
}

const cacheControl = ({ callerHeader }: CompletionRequest, directive: "no-store" | "no-cache"): boolean =>
  callerHeader?.("cache-control")
    ?.toLowerCase()
    .split(",")
    .some((one) => one.trim() === directive) === true;
