/**
 * Answers of one process, in its memory: gone with it, and each node has its own. Bounded by entries and by bytes; what was used least
 * recently goes first. A route that changes, or anything it refers to, is another object in the snapshot and so another key: what was
 * answered before the change is never found again and goes by its age.
 */
import { createHash } from "node:crypto";
import type { CompletionEvent } from "../pipeline/completion-event.ts";
import { type CachedAnswer, type CacheEntry, type CacheSubject, type ResponseCache, wantsFresh } from "../pipeline/response-cache.ts";

export interface MemoryResponseCacheBounds {
  readonly entriesMax: number;
  readonly bytesMax: number;
  /** Of one answer. */
  readonly entryBytesMax: number;
}

const defaultBounds: MemoryResponseCacheBounds = { entriesMax: 10_000, bytesMax: 64 * 1024 * 1024, entryBytesMax: 1024 * 1024 };

/** @param nowMs a clock that never goes back. */
export function memoryResponseCache(bounds = defaultBounds, nowMs: () => number = () => performance.now()): ResponseCache {
  const kept = new KeptAnswers(bounds, nowMs);
  const keyOf = cacheKeys();
  return { entry: (subject) => new Entry(kept, keyOf(subject), subject, bounds.entryBytesMax) };
}

interface Kept {
  readonly answer: CachedAnswer;
  readonly bytes: number;
  readonly untilMs: number;
}

class KeptAnswers {
  readonly #bounds: MemoryResponseCacheBounds;
  readonly #nowMs: () => number;
  /** In the order of their use. */
  readonly #answers = new Map<string, Kept>();
  #bytes = 0;

  constructor(bounds: MemoryResponseCacheBounds, nowMs: () => number) {
    this.#bounds = bounds;
    this.#nowMs = nowMs;
  }

  find(key: string): CachedAnswer | undefined {
    const known = this.#answers.get(key);
    if (known === undefined) return undefined;
    if (known.untilMs <= this.#nowMs()) {
      this.#drop(key);
      return undefined;
    }
    this.#answers.delete(key);
    this.#answers.set(key, known);
    return known.answer;
  }

  keep(key: string, answer: CachedAnswer, bytes: number, ttlMs: number): void {
    this.#drop(key);
    this.#answers.set(key, { answer, bytes, untilMs: this.#nowMs() + ttlMs });
    this.#bytes += bytes;
    for (const oldest of this.#answers.keys()) {
      if (this.#answers.size <= this.#bounds.entriesMax && this.#bytes <= this.#bounds.bytesMax) break;
      this.#drop(oldest);
    }
  }

  #drop(key: string): void {
    this.#bytes -= this.#answers.get(key)?.bytes ?? 0;
    this.#answers.delete(key);
  }
}

class Entry implements CacheEntry {
  readonly #kept: KeptAnswers;
  readonly #key: string;
  readonly #fresh: boolean;
  readonly #ttlMs: number;
  readonly #bytesMax: number;
  /** undefined: this answer is not to be kept. */
  #batches: (readonly CompletionEvent[])[] | undefined = [];
  #bytes = 0;

  constructor(kept: KeptAnswers, key: string, { request, route }: CacheSubject, bytesMax: number) {
    this.#kept = kept;
    this.#key = key;
    this.#fresh = wantsFresh(request);
    this.#ttlMs = route.cacheTtlMs;
    this.#bytesMax = bytesMax;
  }

  lookUp(): CachedAnswer | undefined {
    return this.#fresh ? undefined : this.#kept.find(this.#key);
  }

  add(events: readonly CompletionEvent[]): void {
    if (this.#batches === undefined) return;
    this.#batches.push(events);
    for (const event of events) this.#bytes += bytesOf(event);
    if (this.#bytes > this.#bytesMax || events.some(endsBadly)) this.#batches = undefined;
  }

  commit(dropped: readonly string[]): void {
    if (this.#batches === undefined) return;
    this.#kept.keep(this.#key, { batches: this.#batches, dropped }, this.#bytes, this.#ttlMs);
    this.#batches = undefined;
  }
}

/** Cut by a filter, or for a reason that has no word: another try may say more. */
function endsBadly(event: CompletionEvent): boolean {
  if (event.type === "native-chunk") return filtered.test(event.data);
  return event.type === "choice-finished" && (event.reason.unified === "content_filter" || event.reason.unified === "other");
}

/** Inside of a string its quotes would be escaped. */
const filtered = /"finish_reason"\s*:\s*"content_filter"/;

const characterBytes = 2;
/** An object and its place in a list. */
const eventBytes = 200;

const bytesOf = (event: CompletionEvent): number =>
  eventBytes +
  characterBytes * (event.type === "native-chunk" || event.type === "native-answer" ? event.data.length : JSON.stringify(event).length);

/** SHA-256 over all of a subject, each part with its length before it. */
function cacheKeys(): (subject: CacheSubject) => string {
  const numbers = new WeakMap<object, string>();
  let last = 0;
  const numberOf = (part: object): string => {
    let number = numbers.get(part);
    if (number === undefined) {
      number = String(++last);
      numbers.set(part, number);
    }
    return number;
  };
  return ({ caller, route, assignment, rendered, tiers, request }) => {
    const hash = createHash("sha256");
    const add = (part: string) => hash.update(`${part.length}:`).update(part);
    const addAll = (entries: Iterable<readonly [string, string]>) => {
      for (const [name, value] of entries) add(name).update(`${value.length}:`).update(value);
      hash.update(";");
    };
    for (const part of [caller.organisationId, caller.projectId, route.id, numberOf(route), numberOf(tiers)]) add(part);
    add(assignment === undefined ? "" : `${assignment.experiment.id} ${assignment.experiment.phase} ${assignment.variant.key}`);
    add(rendered.prompt === undefined ? "" : `${rendered.prompt.version.promptId} ${rendered.prompt.version.version}`);
    addAll(rendered.replacements);
    add(`${request.ingress} ${request.stream}`);
    add(request.body.text);
    add(request.native?.body.text ?? "");
    addAll(Object.entries(request.native?.headers ?? {}));
    addAll(Object.entries(request.simulation));
    return hash.digest("base64");
  };
}
