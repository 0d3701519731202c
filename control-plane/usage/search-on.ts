/**
 * Reads on through something in order, some thousand at a time, and keeps what fits, until a page is full or its time is over: what
 * was not looked through by then is the next page's. Each step reads as many as there is time for, at the pace until then.
 */
import { type FoundCalls, type LedgerEntry, ledgerEntry, type Row } from "./read-usage.ts";

export interface ReadOn {
  /** Where the last one stands that was read; undefined: at the beginning. */
  readonly place: string | undefined;
  /** To be read at once. */
  readonly most: number;
  /** Calls that the page has room for. */
  readonly room: number;
}

export interface Search {
  /** On the clock of performance.now(): what was done before the reading counts as well. */
  readonly beganAtMs: number;
  readonly limit: number;
  /** Exclusive. */
  readonly after: string | undefined;
  /** First read at once. */
  readonly readAtOnce: number;
  /** Rows of calls that fit, each with `read`, how many were read, and `reached`, where the last of them stands. None fits: one row with these two. */
  readOn(step: ReadOn): Promise<readonly Row[]>;
  /** Of a place, for whoever goes on from there. */
  cursorAt(place: string): string;
}

/** Of the 300 ms in which a page is answered. */
const searchMs = 150;
const readAtOnceMax = 16_000;

export async function searchOn({ beganAtMs, limit, after, readAtOnce, readOn, cursorAt }: Search): Promise<FoundCalls> {
  const entries: LedgerEntry[] = [];
  let place = after;
  let readInAll = 0;
  for (let most = readAtOnce; ; ) {
    const rows = await readOn({ place, most, room: limit - entries.length });
    for (const row of rows) if (row.call_id !== null) entries.push(ledgerEntry(row));
    const reached = rows[0]?.reached;
    if (entries.length >= limit || Number(rows[0]?.read ?? 0) < most || typeof reached !== "string") return { entries, reached: undefined };
    const passedMs = performance.now() - beganAtMs;
    if (passedMs > searchMs) return { entries, reached: cursorAt(reached) };
    place = reached;
    readInAll += most;
    most = Math.max(readAtOnce, Math.min(readAtOnceMax, Math.floor((readInAll / passedMs) * (searchMs - passedMs))));
  }
}
