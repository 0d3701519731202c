/** Whether anybody here knows the caller: a body is not read, let alone parsed, for one that nobody knows. */
import type { Authenticate } from "../pipeline/authenticate.ts";
import { readSnapshot, type SnapshotSource } from "../snapshot/snapshot-source.ts";
import type { RestCall } from "./rest-server.ts";

export interface KnownCallerDependencies {
  readonly snapshot: SnapshotSource;
  readonly authenticate: Authenticate;
}

export function isKnown(
  { snapshot, authenticate }: KnownCallerDependencies,
  { credential, receivedAtMs }: Pick<RestCall, "credential" | "receivedAtMs">,
): boolean {
  try {
    authenticate(readSnapshot(snapshot), credential, receivedAtMs);
    return true;
  } catch {
    return false;
  }
}
