/**
 * Configuration for nodes over gRPC: what they follow where there is no Redis, and what they fall back to when it is away.
 * Answers come from memory (snapshot-source.ts), so nodes are served while the database is down, and a thousand of them
 * cost one assembly. UNAVAILABLE until the database has answered once. Only holders of the node token are admitted:
 * the configuration holds key hashes and sealed credentials of every organisation.
 */
import { fromBinary, toBinary } from "@bufbuild/protobuf";
import { Metadata, status } from "@grpc/grpc-js";
import { nodeTokenMatches } from "#agreements/node-token.ts";
import { ConfigService } from "#proto/penstock/config/v1/config_service_pb.ts";
import { type Revision, RevisionSchema } from "#proto/penstock/config/v1/snapshot_pb.ts";
import { UsageService } from "#proto/penstock/usage/v1/usage_event_pb.ts";
import {
  type CallContext,
  type EarlyEnd,
  grpcService,
  type ServiceHandlers,
  type ServiceOptions,
  startGrpcServer,
} from "../../proto/transport/grpc-server.ts";
import { LiveCalls } from "../../proto/transport/live-calls.ts";
import type { Logger } from "../logger.ts";
import type { NodeTracker } from "./node-tracker.ts";
import { heartbeatMs } from "./publish.ts";
import type { SnapshotSource } from "./snapshot-source.ts";

/** A full snapshot of 110,000 resources is some 20 MB; a node takes 256 MB. */
const messageBytesMax = 256 * 1024 * 1024;
const receivedBytesMax = 16 * 1024 * 1024;
/** A watching node that does not read for so long is gone. */
const writeStallMs = 10_000;
const deadlineMsMax = 60_000;
/** Streams end at once at a close: a node connects to another control plane or waits for this one. */
const drainMs = 100;
/** grpc-js freezes a connection over large details; what a node needs to know fits. */
const detailsLengthMax = 1000;

export interface ConfigServiceParts {
  readonly source: SnapshotSource;
  readonly nodes: Pick<NodeTracker, "report" | "heard">;
  readonly usage: ServiceHandlers<typeof UsageService>;
  readonly pepper: string;
  readonly address: { readonly host: string; readonly port: number };
  readonly logger: Logger;
}

export interface RunningConfigService {
  readonly port: number;
  close(): Promise<void>;
}

/** @throws Error naming the address, where it cannot be bound. */
export async function serveConfig(parts: ConfigServiceParts): Promise<RunningConfigService> {
  const options: ServiceOptions = {
    admit: (call) => {
      const [authorization] = call.metadata.get("authorization");
      if (!nodeTokenMatches(parts.pepper, authorization?.toString())) throw unauthenticated;
    },
    endReason: (end) => new CallEnded(end),
    statusOf: (reason) => statusOf(reason, parts.logger),
    writeStallMs,
    deadlineMsMax,
  };
  const liveCalls = new LiveCalls<EarlyEnd>();
  const server = await startGrpcServer(
    parts.address,
    [grpcService(ConfigService, configHandlers(parts), options, liveCalls), grpcService(UsageService, parts.usage, options, liveCalls)],
    liveCalls,
    { "grpc.max_send_message_length": messageBytesMax, "grpc.max_receive_message_length": receivedBytesMax },
  );
  return { port: server.port, close: () => server.close(drainMs) };
}

const configHandlers = ({ source, nodes }: ConfigServiceParts): ServiceHandlers<typeof ConfigService> => ({
  pullConfig: async (request) => {
    // A node that is ahead of what we hold got it from another control plane: look before telling it that it is wrong.
    if (isAhead(request.have, source.current())) await source.refresh().catch(staysAsItIs);
    const pulled = source.pull(request.have);
    if (pulled === undefined) throw notReady;
    return { ...(pulled.snapshot === undefined ? {} : { snapshot: pulled.snapshot }), deltas: [...pulled.deltas] };
  },
  watchConfig: (_request, call) => hints(source, nodes, call),
  reportNodeStatus: async (request) => {
    if (request.status !== undefined) nodes.report(request.status);
    return {};
  },
});

const isAhead = (have: Revision | undefined, current: Revision | undefined): boolean =>
  have !== undefined && current !== undefined && have.epoch === current.epoch && have.number > current.number;

/** A hint at once, after each change and each second, until the call ends. Changes that come together are one hint. */
async function* hints(source: SnapshotSource, nodes: ConfigServiceParts["nodes"], call: CallContext) {
  let wake: () => void = () => {};
  let changed = true;
  const onChange = () => {
    changed = true;
    wake();
  };
  const stopListening = source.onChange(onChange);
  const beat = setInterval(onChange, heartbeatMs);
  const onAbort = () => wake();
  call.signal.addEventListener("abort", onAbort);
  try {
    while (!call.signal.aborted) {
      const current = source.current();
      // A copy, because the message is encoded after this turn.
      if (changed && current !== undefined)
        yield [{ hint: { revision: copyOf(current), liveNodes: nodes.heard().filter(({ live }) => live).length } }];
      changed = false;
      await new Promise<void>((resolve) => {
        wake = resolve;
        if (changed || call.signal.aborted) resolve();
      });
    }
    throw call.signal.reason;
  } finally {
    stopListening();
    clearInterval(beat);
    call.signal.removeEventListener("abort", onAbort);
  }
}

const copyOf = (revision: Revision): Revision => fromBinary(RevisionSchema, toBinary(RevisionSchema, revision));

class CallEnded extends Error {
  override readonly name = "CallEnded";
  readonly end: EarlyEnd;
  constructor(end: EarlyEnd) {
    super(`the call ended: ${end}`);
    this.end = end;
  }
}

/** A refusal whose text the node may read. */
export class ConfigServiceRefusal extends Error {
  override readonly name = "ConfigServiceRefusal";
  readonly code: status;
  constructor(code: status, message: string) {
    super(message);
    this.code = code;
  }
}

const unauthenticated = new ConfigServiceRefusal(
  status.UNAUTHENTICATED,
  "the node token is missing or wrong; start the node with the control plane's PENSTOCK_PEPPER",
);
const notReady = new ConfigServiceRefusal(
  status.UNAVAILABLE,
  "the control plane has not read the configuration yet; try again in a second",
);

const endCodes = {
  deadline: status.DEADLINE_EXCEEDED,
  "caller-left": status.CANCELLED,
  "caller-stalled": status.CANCELLED,
  shutdown: status.UNAVAILABLE,
} satisfies Record<EarlyEnd, status>;

function statusOf(reason: unknown, logger: Logger) {
  const metadata = new Metadata();
  if (reason instanceof CallEnded) return { code: endCodes[reason.end], details: reason.message, metadata };
  if (reason instanceof ConfigServiceRefusal) return { code: reason.code, details: reason.message.slice(0, detailsLengthMax), metadata };
  logger.error({ err: reason }, "a node's call failed");
  return { code: status.INTERNAL, details: "the control plane could not do this; its log says why", metadata };
}

const staysAsItIs = () => {};
