/**
 * The port to answers given before. Fails open: a cache that cannot be reached is a miss. Keys must carry the organisation, the
 * key's scope, the route, the variant and every parameter, or one caller reads another's answer.
 */
import type { CompletionEvent } from "./completion-event.ts";

export interface ResponseCache {
  readonly state: "off" | "on";
  lookUp(key: string, signal: AbortSignal): Promise<readonly CompletionEvent[] | undefined> | undefined;
  /** Only whole answers; never one that failed or was left. */
  store(key: string, events: readonly CompletionEvent[]): void;
}

export const noCache: ResponseCache = { state: "off", lookUp: () => undefined, store: () => {} };
