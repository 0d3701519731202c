/** How everything else asks for the configuration that is in force right now. */
import { GatewayError } from "../gateway-error.ts";
import type { RuntimeSnapshot } from "./runtime-snapshot.ts";

/** undefined: the node has no configuration yet. */
export type SnapshotSource = () => RuntimeSnapshot | undefined;

/** @throws GatewayError NOT_READY */
export function readSnapshot(source: SnapshotSource): RuntimeSnapshot {
  const snapshot = source();
  if (snapshot === undefined)
    throw new GatewayError("NOT_READY", "this node has no configuration yet; try again in a few seconds", { retryAfterMs: 1000 });
  return snapshot;
}
