/** Calls as they come into the ledger, over a subscription: what a call log shows without being asked again. */
import { ControlError } from "../../control-error.ts";
import type { CallFeed, NewCalls } from "../../usage/call-feed.ts";
import { idsMax } from "../../usage/call-feed.ts";
import { callsById, type LedgerEntry } from "../../usage/read-usage.ts";
import { builder } from "../builder.ts";
import { principalOf } from "../context.ts";
import { UsageEventType } from "./usage-event.ts";
import { callFilterFields, callFilterOf } from "./usage-filter.ts";

/** Looks at the ledger, over all listeners of a process: each is a statement. */
const listenersMax = 200;
const pauseMs = 250;

export interface LiveCalls {
  readonly calls: readonly LedgerEntry[];
  readonly skipped: number;
}

const FilterType = builder.inputType("LiveCallFilter", { fields: callFilterFields });

export const LiveCallsType = builder.objectRef<LiveCalls>("LiveCalls").implement({
  fields: (t) => ({
    calls: t.field({ type: [UsageEventType], description: `Newest first, at most ${idsMax}.`, resolve: ({ calls }) => [...calls] }),
    skipped: t.exposeInt("skipped", {
      description:
        "Calls that came meanwhile and are not shown, because they were too many: usageEvents has them. Not narrowed by the filter.",
    }),
  }),
});

builder.subscriptionField("liveCalls", (t) =>
  t.field({
    type: LiveCallsType,
    description: "Calls as they come into the ledger, four times a second at the most.",
    authScopes: { viewer: true },
    args: { filter: t.arg({ type: FilterType }) },
    subscribe: (_root, { filter }, context) => {
      const { organisationId } = principalOf(context);
      const { callFeed, database, settings } = context.services;
      const asked = callFilterOf(filter, settings.pepper);
      return liveCalls(callFeed, organisationId, (callId) => callsById(database, organisationId, { ...asked, callId }));
    },
    resolve: (live: LiveCalls) => live,
  }),
);

let listeners = 0;

/**
 * @param callsMax shown of one look; the others are counted.
 *
 * An iterator by hand, as that of revisions is: `return` must let the feed go at once, also while nothing happens. What comes
 * between two looks waits, up to a bound, the newest first; the rest is counted.
 */
export function liveCalls(
  feed: CallFeed,
  organisationId: string,
  read: (callIds: readonly string[]) => Promise<readonly LedgerEntry[]>,
  callsMax = idsMax,
): AsyncIterableIterator<LiveCalls> {
  if (listeners >= listenersMax)
    throw new ControlError("UNAVAILABLE", `${listenersMax} listeners to calls are served at once; try again, or ask usageEvents`);
  listeners++;
  let waiting: readonly string[] = [];
  let skipped = 0;
  let closed = false;
  let wake = () => {};
  const stopListening = feed.subscribe(organisationId, ({ callIds, more }: NewCalls) => {
    const all = [...waiting, ...callIds];
    waiting = all.slice(-callsMax);
    skipped += all.length - waiting.length + more;
    wake();
  });
  const news = () =>
    new Promise<void>((resolve) => {
      wake = resolve;
      if (closed || waiting.length > 0 || skipped > 0) resolve();
    });
  const close = () => {
    if (closed) return;
    closed = true;
    listeners--;
    stopListening();
    wake();
  };
  let lookedAtMs = 0;
  const next = async (): Promise<IteratorResult<LiveCalls>> => {
    while (!closed) {
      await news();
      await pause(lookedAtMs + pauseMs - Date.now());
      if (closed) break;
      lookedAtMs = Date.now();
      const [callIds, passedOver] = [waiting, skipped];
      waiting = [];
      skipped = 0;
      const calls = callIds.length === 0 ? [] : await read(callIds);
      if (calls.length > 0 || passedOver > 0) return { value: { calls, skipped: passedOver }, done: false };
    }
    return { value: undefined, done: true };
  };
  return {
    next: () =>
      next().catch((error: unknown) => {
        close();
        throw error;
      }),
    return: async () => {
      close();
      return { value: undefined, done: true };
    },
    throw: async (error) => {
      close();
      throw error;
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

const pause = (ms: number): Promise<void> => (ms <= 0 ? Promise.resolve() : new Promise((resolve) => setTimeout(resolve, ms)));
