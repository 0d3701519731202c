/**
 * `POST /v1/replay`: a call of chat that the control plane makes for a person, served from the configuration that comes with it and not
 * from the node's own. All stages are the same, ledger included. For the control plane alone, and the configuration has to be signed for
 * this: nobody else can say where a call goes.
 */
import { fromBinary } from "@bufbuild/protobuf";
import type { Verifier } from "#agreements/signature.ts";
import { SignedSnapshotSchema, SnapshotSchema } from "#proto/penstock/config/v1/snapshot_pb.ts";
import { GatewayError } from "../gateway-error.ts";
import { controlPlaneKeyId } from "../pipeline/authenticate.ts";
import type { CompletionDependencies } from "../pipeline/completion.ts";
import { jsonTextOf, readJsonText } from "../pipeline/json-text.ts";
import { buildRuntimeSnapshot, type RuntimeSnapshot } from "../snapshot/runtime-snapshot.ts";
import { knownCaller } from "./known-caller.ts";
import { serveChat } from "./openai-chat.ts";
import { type RestEndpoint, readBody } from "./rest-server.ts";

/** A run makes all its calls with a few of them. */
const snapshotsKept = 16;

export function replayEndpoint(dependencies: CompletionDependencies & { readonly verifier: Verifier }): RestEndpoint {
  const known = new Map<string, RuntimeSnapshot>();
  const snapshotOf = (text: string): RuntimeSnapshot => {
    let snapshot = known.get(text);
    if (snapshot !== undefined) return snapshot;
    snapshot = readReplaySnapshot(dependencies.verifier, text);
    if (known.size >= snapshotsKept) for (const oldest of known.keys()) if (known.delete(oldest)) break;
    known.set(text, snapshot);
    return snapshot;
  };
  return async (call) => {
    const caller = knownCaller(dependencies, call);
    if (caller === undefined) return serveChat(call, dependencies, undefined);
    if (caller.apiKey.id !== controlPlaneKeyId)
      throw new GatewayError("UNSUPPORTED_ENDPOINT", "replays are started in the control plane, with the mutation replayCalls");
    const { snapshot, request } = readJsonText(await readBody(call)).value;
    if (typeof snapshot !== "string" || typeof request !== "object" || request === null)
      throw new GatewayError("INVALID_ARGUMENT", "a replay brings a snapshot and a request");
    const served = snapshotOf(snapshot);
    await serveChat(call, { ...dependencies, snapshot: () => served }, jsonTextOf(request as Record<string, unknown>));
  };
}

/** @throws GatewayError INVALID_ARGUMENT: it was not signed for this, or does not hold together. */
function readReplaySnapshot(verifier: Verifier, text: string): RuntimeSnapshot {
  try {
    const { payload, signature, keyId } = fromBinary(SignedSnapshotSchema, Buffer.from(text, "base64"));
    if (keyId !== verifier.keyId || !verifier.verify("replay", payload, signature))
      throw new Error("it is not signed by the control plane of this node");
    return buildRuntimeSnapshot(fromBinary(SnapshotSchema, payload));
  } catch (cause) {
    throw new GatewayError(
      "INVALID_ARGUMENT",
      `the configuration to replay with cannot be used: ${cause instanceof Error ? cause.message : "it cannot be read"}`,
      { cause, field: "snapshot" },
    );
  }
}
