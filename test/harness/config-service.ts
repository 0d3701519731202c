/**
 * A stand-in for the control plane's gRPC port: serves the published configuration to nodes that show the node token, hints
 * each second, and keeps what nodes report and hand in.
 */
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { Metadata, status } from "@grpc/grpc-js";
import { nodeTokenMatches } from "#agreements/node-token.ts";
import { revisionHash } from "#agreements/signature.ts";
import { ConfigService, PullConfigResponseSchema } from "#proto/penstock/config/v1/config_service_pb.ts";
import type { NodeStatus } from "#proto/penstock/config/v1/node_pb.ts";
import {
  DeltaSchema,
  type Revision,
  RevisionSchema,
  type SignedDelta,
  type SignedSnapshot,
  SnapshotSchema,
} from "#proto/penstock/config/v1/snapshot_pb.ts";
import { type CallContent, type UsageRecord, UsageService } from "#proto/penstock/usage/v1/usage_event_pb.ts";
import { type CallContext, type EarlyEnd, grpcService, startGrpcServer } from "../../proto/transport/grpc-server.ts";
import { LiveCalls } from "../../proto/transport/live-calls.ts";

export interface TestConfigService {
  readonly address: string;
  readonly port: number;
  publishSnapshot(snapshot: SignedSnapshot): void;
  publishDelta(delta: SignedDelta): void;
  readonly reports: NodeStatus[];
  readonly records: UsageRecord[];
  readonly contents: CallContent[];
  /** Whether hints go out; calls are answered all the same. */
  mute(muted: boolean): void;
  readonly watchers: number;
  close(): Promise<void>;
}

export async function startConfigService(pepper: string, port = 0): Promise<TestConfigService> {
  let base: { signed: SignedSnapshot; revision: Revision } | undefined;
  let deltas: { signed: SignedDelta; revision: Revision }[] = [];
  const reports: NodeStatus[] = [];
  const records: UsageRecord[] = [];
  const contents: CallContent[] = [];
  let muted = false;
  let watchers = 0;
  let wake: (() => void)[] = [];
  const newest = () => deltas.at(-1)?.revision ?? base?.revision;
  const changed = () => {
    for (const one of wake.splice(0)) one();
  };
  const liveCalls = new LiveCalls<EarlyEnd>();
  const options = {
    endReason: (end: string) => new Error(end),
    statusOf: (reason: unknown) => ({
      code: reason instanceof Error && reason.message === "token" ? status.UNAUTHENTICATED : status.UNAVAILABLE,
      details: String(reason),
      metadata: new Metadata(),
    }),
    admit: (call: CallContext) => {
      if (!nodeTokenMatches(pepper, String(call.metadata.get("authorization")[0]))) throw new Error("token");
    },
    writeStallMs: 5000,
    deadlineMsMax: 60_000,
  };
  const config = grpcService(
    ConfigService,
    {
      pullConfig: async ({ have }) => {
        if (base === undefined) throw new Error("nothing published");
        const known = [base.revision, ...deltas.map((delta) => delta.revision)].findIndex(
          (one) => one.epoch === have?.epoch && one.number === have.number,
        );
        const following = deltas.slice(Math.max(0, known)).map((delta) => delta.signed);
        const answer = known >= 0 ? { deltas: following } : { snapshot: base.signed, deltas: following };
        // Through the wire's own bytes, so that nothing is shared between the two sides.
        return fromBinary(PullConfigResponseSchema, toBinary(PullConfigResponseSchema, create(PullConfigResponseSchema, answer)));
      },
      watchConfig: async function* (_, { signal }) {
        watchers++;
        try {
          while (!signal.aborted) {
            const revision = newest();
            if (!muted) yield [revision === undefined ? {} : { hint: { revision } }];
            await new Promise<void>((resolve) => {
              const timer = setTimeout(resolve, 1000);
              wake.push(() => {
                clearTimeout(timer);
                resolve();
              });
              signal.addEventListener("abort", () => resolve(), { once: true });
            });
          }
        } finally {
          watchers--;
        }
      },
      reportNodeStatus: async ({ status: reported }) => {
        if (reported !== undefined) reports.push(reported);
        return {};
      },
    },
    options,
    liveCalls,
  );
  const usage = grpcService(
    UsageService,
    {
      // Nothing was used before the node came.
      readQuotaUse: async () => ({ uses: [] }),
      recordContent: async (request) => {
        contents.push(...request.contents);
        return { recorded: request.contents.length };
      },
      recordUsage: async (request) => {
        records.push(...request.records);
        return { recorded: request.records.length };
      },
    },
    options,
    liveCalls,
  );
  const server = await startGrpcServer({ host: "127.0.0.1", port }, [config, usage], liveCalls);
  return {
    address: `127.0.0.1:${server.port}`,
    port: server.port,
    publishSnapshot: (signed) => {
      const { revision } = fromBinary(SnapshotSchema, signed.payload);
      if (revision === undefined) throw new Error("no revision");
      base = { signed, revision };
      deltas = [];
      changed();
    },
    publishDelta: (signed) => {
      const before = newest();
      if (before === undefined) throw new Error("publish a snapshot first");
      const { epoch, number } = fromBinary(DeltaSchema, signed.payload);
      deltas.push({ signed, revision: create(RevisionSchema, { epoch, number, hash: revisionHash(before.hash, signed.payload) }) });
      changed();
    },
    reports,
    records,
    contents,
    mute: (value) => {
      muted = value;
    },
    get watchers() {
      return watchers;
    },
    close: async () => {
      wake = [];
      await server.close(0);
    },
  };
}
