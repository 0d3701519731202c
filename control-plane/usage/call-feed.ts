/**
 * Tells who listens which calls have just come into the ledger: their ids, by organisation. Whoever listens reads the calls
 * themselves, behind the tenant wall. Fails open: news that is lost is in the ledger all the same.
 */

export interface NewCalls {
  readonly organisationId: string;
  /** At most `idsMax`. */
  readonly callIds: readonly string[];
  /** Others of the same moment that are not named. */
  readonly more: number;
}

export const idsMax = 100;

export interface CallFeed {
  /** Never throws, and waits for nobody. */
  publish(calls: readonly { readonly callId: string; readonly organisationId: string }[]): void;
  /** @returns ends it. */
  subscribe(organisationId: string, listener: (news: NewCalls) => void): () => void;
}

/** Within one process; `onward` hands the same news to others. */
export function localCallFeed(onward: (news: NewCalls) => void = () => {}): CallFeed & { deliver(news: NewCalls): void } {
  const listeners = new Map<string, Set<(news: NewCalls) => void>>();
  const deliver = (news: NewCalls) => {
    for (const listener of listeners.get(news.organisationId) ?? []) listener(news);
  };
  return {
    deliver,
    publish: (calls) => {
      for (const [organisationId, own] of Map.groupBy(calls, (call) => call.organisationId.toLowerCase())) {
        const callIds = own.slice(-idsMax).map(({ callId }) => callId);
        const news = { organisationId, callIds, more: own.length - callIds.length };
        deliver(news);
        onward(news);
      }
    },
    subscribe: (organisationId, listener) => {
      const own = listeners.get(organisationId) ?? new Set();
      listeners.set(organisationId, own.add(listener));
      return () => {
        own.delete(listener);
        if (own.size === 0) listeners.delete(organisationId);
      };
    },
  };
}
