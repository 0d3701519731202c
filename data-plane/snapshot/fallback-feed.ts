/**
 * Several feeds as one: pulls from the first that answers with something to be believed, listens to all. Redis first, the
 * control plane second: Redis takes the load, the control plane is there when Redis is away, empty, behind or tampered with.
 * Behind is what has less than any feed has hinted at; where no feed has more, the best of their answers is taken.
 */
import type { Revision } from "#proto/penstock/config/v1/snapshot_pb.ts";
import type { ConfigFeed, PulledConfig } from "./config-feed.ts";
import { type ConfigTrust, checkPulled } from "./config-trust.ts";

export function fallbackFeed(feeds: readonly [ConfigFeed, ...ConfigFeed[]], trust: ConfigTrust): ConfigFeed {
  let lastSource = feeds[0].source;
  let hinted: Revision | undefined;
  return {
    /** Of the last pull that was answered. */
    get source() {
      return lastSource;
    },
    pull: async (have, signal) => {
      const failures: unknown[] = [];
      let best: Candidate | undefined;
      for (const feed of feeds) {
        try {
          const pulled = await feed.pull(have, signal);
          const revision = checkPulled(trust, have, pulled);
          const reached = revision?.number ?? 0n;
          const isOfHintedEpoch = hinted === undefined || revision?.epoch === hinted.epoch;
          const isBetter = best === undefined || (isOfHintedEpoch && (!best.isOfHintedEpoch || reached > best.reached));
          if (isBetter) best = { pulled, reached, isOfHintedEpoch, source: feed.source };
          if (isOfHintedEpoch && reached >= (hinted?.number ?? 0n)) break;
        } catch (reason) {
          signal.throwIfAborted();
          failures.push(reason);
        }
      }
      if (best !== undefined) {
        lastSource = best.source;
        return best.pulled;
      }
      const [only] = failures;
      throw failures.length === 1 ? only : new AggregateError(failures, failures.map(reasonText).join("; "));
    },
    watch: (listener) => {
      const hint = (revision: Revision, liveNodes: number) => {
        if (hinted?.epoch !== revision.epoch || revision.number > hinted.number) hinted = revision;
        listener.hint(revision, liveNodes);
      };
      for (const feed of feeds) feed.watch({ hint, linked: () => listener.linked() });
    },
    close: async () => {
      await Promise.all(feeds.map((feed) => feed.close()));
    },
  };
}

interface Candidate {
  readonly pulled: PulledConfig;
  readonly reached: bigint;
  readonly isOfHintedEpoch: boolean;
  readonly source: ConfigFeed["source"];
}

const reasonText = (reason: unknown): string => (reason instanceof Error ? reason.message : String(reason));
