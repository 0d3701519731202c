/** Whether anybody here knows the caller: a body is not read, let alone parsed, for one that nobody knows. */
import type { Authenticate, Caller } from "../pipeline/authenticate.ts";
import { readSnapshot, type SnapshotSource } from "../snapshot/snapshot-source.ts";
import type { RestCall } from "./rest-server.ts";

export interface KnownCallerDependencies {
  readonly snapshot: SnapshotSource;
  readonly authenticate: Authenticate;
}

export const isKnown = (dependencies: KnownCallerDependencies, call: Pick<RestCall, "credential" | "receivedAtMs" | "header">): boolean =>
  knownCaller(dependencies, call) !== undefined;

/** undefined: nobody here knows it. The conductor refuses its call, and by that it is counted. */
export function knownCaller(
  { snapshot, authenticate }: KnownCallerDependencies,
  { credential, receivedAtMs, header }: Pick<RestCall, "credential" | "receivedAtMs" | "header">,
): Caller | undefined {
  try {
    return authenticate(readSnapshot(snapshot), credential, receivedAtMs, header);
  } catch {
    return undefined;
  }
}
