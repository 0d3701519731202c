/**
 * Configuration from the control plane itself: the way without Redis, and the way out when Redis is away or not to be believed.
 *
 * How it fails: pull rejects; watch opens its stream again for ever, 0.1 s later at first and 5 s at the most. A stream over
 * which no hint came for 3 s (they come each second) is cancelled, because a half-open link says nothing.
 */

import { backOff } from "../back-off.ts";
import type { ConfigFeed, ConfigFeedListener } from "../snapshot/config-feed.ts";
import type { ControlPlaneConnection } from "./connect.ts";

/** A full snapshot of 110,000 resources over a slow link, in milliseconds. */
const pullMsMax = 30_000;
const silenceMsMax = 3000;

export function controlPlaneConfigFeed(controlPlane: ControlPlaneConnection): ConfigFeed {
  const closed = new AbortController();
  const listeners = new Set<ConfigFeedListener>();
  let watching: Promise<void> | undefined;

  const watchOnce = async (onHint: () => void): Promise<void> => {
    const silent = new AbortController();
    const silence = setTimeout(() => silent.abort(new Error("no hint came for 3 s")), silenceMsMax);
    const end = () => silent.abort(closed.signal.reason);
    closed.signal.addEventListener("abort", end);
    try {
      const hints = controlPlane.config.watchConfig(
        { nodeId: controlPlane.nodeId },
        { signal: silent.signal, timeoutMs: Number.POSITIVE_INFINITY, metadata: controlPlane.metadata },
      );
      let linked = false;
      for await (const { hint } of hints) {
        silence.refresh();
        onHint();
        if (!linked) for (const listener of listeners) listener.linked();
        linked = true;
        if (hint?.revision !== undefined) for (const listener of listeners) listener.hint(hint.revision, hint.liveNodes);
      }
    } finally {
      clearTimeout(silence);
      closed.signal.removeEventListener("abort", end);
    }
  };
  const watchForEver = async () => {
    const wait = backOff();
    while (!closed.signal.aborted) {
      // Refused, cut off, silent: the answer is the same, and whoever pulls meets the reason.
      await watchOnce(wait.reset).catch(() => undefined);
      await wait.next(closed.signal);
    }
  };

  return {
    source: "control-plane",
    pull: async (have, signal) => {
      const answer = await controlPlane.config.pullConfig(
        have === undefined ? { nodeId: controlPlane.nodeId } : { nodeId: controlPlane.nodeId, have },
        { signal, timeoutMs: pullMsMax, metadata: controlPlane.metadata },
      );
      return { snapshot: answer.snapshot, deltas: answer.deltas };
    },
    watch: (listener) => {
      listeners.add(listener);
      watching ??= watchForEver();
    },
    close: async () => {
      listeners.clear();
      closed.abort(new Error("closed"));
      await watching;
    },
  };
}
