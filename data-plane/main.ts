/**
 * One node, wired: what it keeps on disk, where its configuration comes from, what a call passes through, where callers come in.
 * Nothing here decides anything. The order matters: a node listens only once it can say whether it is ready, and it closes from
 * the callers inwards, so that what finished is still recorded.
 */
import { randomUUID } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { create } from "@bufbuild/protobuf";
import type { Logger } from "pino";
import type { Registry } from "prom-client";
import { pseudonymOf } from "#agreements/pseudonym.ts";
import { Health } from "#proto/grpc/health/v1/health_pb.ts";
import { ServerReflection as ReflectionV1 } from "#proto/grpc/reflection/v1/reflection_pb.ts";
import { ServerReflection as ReflectionV1Alpha } from "#proto/grpc/reflection/v1alpha/reflection_pb.ts";
import { type BackendStatus, BackendStatusSchema } from "#proto/penstock/config/v1/node_pb.ts";
import { CompletionService } from "#proto/penstock/inference/v1/completion_pb.ts";
import { EmbeddingService } from "#proto/penstock/inference/v1/embedding_pb.ts";
import { FeedbackService } from "#proto/penstock/inference/v1/feedback_pb.ts";
import { ModelService } from "#proto/penstock/inference/v1/model_pb.ts";
import { type EarlyEnd, grpcService, type ServiceOptions, startGrpcServer } from "../proto/transport/grpc-server.ts";
import { LiveCalls } from "../proto/transport/live-calls.ts";
import { backendLoads } from "./backend-loads.ts";
import { controlPlaneConfigFeed } from "./control-plane-client/config-feed.ts";
import { connectControlPlane } from "./control-plane-client/connect.ts";
import { controlPlaneContent } from "./control-plane-client/content.ts";
import { controlPlaneNodeStatus } from "./control-plane-client/node-status.ts";
import { controlPlaneQuotaUse } from "./control-plane-client/quota-use.ts";
import { controlPlaneUsageStream } from "./control-plane-client/usage-stream.ts";
import { lockDataDirectory } from "./data-directory.ts";
import { countTokens } from "./edge/anthropic-messages/count-tokens.ts";
import { anthropicMessages } from "./edge/anthropic-messages/endpoint.ts";
import { sendMessagesError } from "./edge/anthropic-messages/error-body.ts";
import { completionService } from "./edge/completion-service.ts";
import { embeddingService } from "./edge/embedding-service.ts";
import { endCallEndpoint } from "./edge/end-call-endpoint.ts";
import { recordFeedback } from "./edge/feedback.ts";
import { feedbackService } from "./edge/feedback-service.ts";
import { grpcStatus } from "./edge/grpc-status.ts";
import { healthService, type Readiness, UnknownServiceError } from "./edge/health-service.ts";
import { modelService } from "./edge/model-service.ts";
import { modelEndpoints } from "./edge/models.ts";
import { openaiChat } from "./edge/openai-chat.ts";
import { openaiCompletions } from "./edge/openai-completions/endpoint.ts";
import { openaiOperations } from "./edge/openai-operations.ts";
import { backgroundResponses } from "./edge/openai-responses/background-responses.ts";
import { openaiResponses } from "./edge/openai-responses/endpoint.ts";
import { storedResponses } from "./edge/openai-responses/stored-responses.ts";
import { openaiStorage } from "./edge/openai-storage/endpoints.ts";
import { startOpsServer } from "./edge/ops-server.ts";
import { describePrompt, runPrompt } from "./edge/prompt-endpoint.ts";
import { reflectionService } from "./edge/reflection-service.ts";
import { replayEndpoint } from "./edge/replay-endpoint.ts";
import { startRestServer } from "./edge/rest-server.ts";
import { watchEventLoop } from "./event-loop-delay.ts";
import { GatewayError } from "./gateway-error.ts";
import { memoryQuotaLedger } from "./memory/quota-ledger.ts";
import { memoryResponseCache } from "./memory/response-cache.ts";
import { memoryResponseStore } from "./memory/response-store.ts";
import { memoryStickyVariants } from "./memory/sticky-variants.ts";
import { metrics } from "./metrics.ts";
import { readNodeId } from "./node-identity.ts";
import { authenticator } from "./pipeline/authenticate.ts";
import { backendPlaces } from "./pipeline/backend-places.ts";
import type { CallState } from "./pipeline/call-state.ts";
import { CallsUnderway } from "./pipeline/calls-underway.ts";
import { type BackendCircuit, backendCircuits } from "./pipeline/circuits.ts";
import type { CompletionDependencies } from "./pipeline/completion.ts";
import { type Guard, noGuard } from "./pipeline/guard.ts";
import { liveReservations } from "./pipeline/live-reservations.ts";
import type { OperationDependencies } from "./pipeline/operation.ts";
import { ownedIds } from "./pipeline/owned-id.ts";
import { runningCalls } from "./pipeline/running-calls.ts";
import { lostRecordBytes, usageRecordBytes } from "./pipeline/usage-record.ts";
import { anthropicProvider } from "./providers/anthropic/provider.ts";
import { anthropicTokenCount, estimatedTokenCount } from "./providers/anthropic/token-count.ts";
import { bedrockOperations } from "./providers/bedrock/operation.ts";
import { bedrockProvider } from "./providers/bedrock/provider.ts";
import { cohereOperations } from "./providers/cohere/operation.ts";
import { cohereProvider } from "./providers/cohere/provider.ts";
import { unknownFinishOnce } from "./providers/finish-reasons.ts";
import { geminiOperations } from "./providers/gemini/operation.ts";
import { geminiProvider } from "./providers/gemini/provider.ts";
import { openaiProvider } from "./providers/openai/provider.ts";
import { openaiCompatibleOperations } from "./providers/openai-compatible/operation.ts";
import { openaiCompatibleProvider } from "./providers/openai-compatible/provider.ts";
import { upstreamPools } from "./providers/upstream-pools.ts";
import { openLeaseJournal } from "./quota/lease-ledger/lease-journal.ts";
import { redisConfigFeed } from "./redis/config-feed.ts";
import { connectRedis } from "./redis/connect.ts";
import { redisNodeStatus } from "./redis/node-status.ts";
import { redisQuotaLedger } from "./redis/quota-ledger.ts";
import { redisResponseStore } from "./redis/response-store.ts";
import { redisStickyVariants } from "./redis/sticky-variants.ts";
import { redisUsageStream } from "./redis/usage-stream.ts";
import type { DataPlaneSettings } from "./settings.ts";
import { configTrust } from "./snapshot/config-trust.ts";
import { fallbackFeed } from "./snapshot/fallback-feed.ts";
import { fallbackNodeStatus } from "./snapshot/fallback-node-status.ts";
import { nodeSettingsReport } from "./snapshot/node-settings-report.ts";
import { buildRuntimeSnapshot, type RuntimeSnapshot } from "./snapshot/runtime-snapshot.ts";
import { openSnapshotFile } from "./snapshot/snapshot-file.ts";
import { openSnapshots } from "./snapshot/snapshots.ts";
import { shipContent } from "./usage/ship-content.ts";
import { shipUsage } from "./usage/ship-usage.ts";
import { openUnderwayLog } from "./usage/underway-log.ts";
import { openUsageLog } from "./usage/usage-log.ts";

export interface DataPlane {
  readonly nodeId: string;
  readonly restPort: number;
  readonly grpcPort: number;
  readonly opsPort: number;
  /** Resolves when the node has a configuration. */
  readonly ready: Promise<void>;
  readonly metrics: Registry;
  /** Calls in progress may finish within the drain limit; then what is recorded is handed in as far as that goes. */
  close(): Promise<void>;
}

export const version = "0.1.0";
const usageDrainMs = 3000;

/** @param guard what every call passes. @throws Error that says what to do: a port is taken, the data directory is in use. */
export async function startDataPlane(settings: DataPlaneSettings, logger: Logger, guard: Guard = noGuard): Promise<DataPlane> {
  await mkdir(settings.dataDirectory, { recursive: true, mode: 0o700 });
  const lock = await lockDataDirectory(settings.dataDirectory);
  const nodeId = await readNodeId(settings.dataDirectory);
  const instanceId = randomUUID();
  const startedAtMs = Date.now();
  let draining = false;

  // What the node keeps, and where it hears and tells.
  const controlPlane = connectControlPlane({ address: settings.configAddress, nodeId, pepper: settings.pepper });
  const redis = settings.redisUrl === undefined ? undefined : connectRedis(settings.redisUrl, logger);
  const trust = configTrust(settings.verifier);
  const overControlPlane = controlPlaneConfigFeed(controlPlane);
  const feed = redis === undefined ? overControlPlane : fallbackFeed([redisConfigFeed(redis), overControlPlane], trust);
  const report = nodeSettingsReport(
    fallbackNodeStatus([...(redis === undefined ? [] : [redisNodeStatus(redis)]), controlPlaneNodeStatus(controlPlane)]),
    settings.resolved,
  );
  const usageLog = await openUsageLog({ directory: join(settings.dataDirectory, "usage"), nodeId, logger });
  const usageStream =
    redis === undefined
      ? controlPlaneUsageStream(controlPlane, (sequence, record, reason) =>
          logger.error(
            { sequence: String(sequence), record: Buffer.from(record).toString("base64"), err: reason },
            "a usage record cannot be read; it is set aside here",
          ),
        )
      : redisUsageStream({ redis, logName: usageLog.name, confirmed: usageLog.confirmed });
  const shipping = shipUsage({ log: usageLog, stream: usageStream, logger });
  const content = shipContent(controlPlaneContent(controlPlane), logger);
  const pseudonym = (id: string) => pseudonymOf(settings.pepper, id);
  const recordContext = () => ({ nodeId, nowMs: Date.now(), pseudonym });
  const leaseJournal = redis === undefined ? undefined : await openLeaseJournal(join(settings.dataDirectory, "leases"), logger);
  const underway = new CallsUnderway(
    (state) => lostRecordBytes(state, recordContext()),
    () => underwayLog.wake(),
  );
  const underwayLog = await openUnderwayLog({ directory: join(settings.dataDirectory, "underway"), usageLog, calls: underway, logger });

  const counted = metrics({
    callsInFlight: () => callsInFlight(),
    configNumber: () => Number(snapshots.revision()?.number ?? -1),
    configStaleMs: () => snapshots.staleMs(),
    usageEventsWaiting: () => Number(usageLog.waiting()),
    usageEventsDropped: () => Number(usageLog.dropped()),
    contentDropped: () => content.dropped(),
  });
  const snapshotFile = await openSnapshotFile(join(settings.dataDirectory, "snapshot"), logger);
  // From here to where callers come in nothing is waited for: the node reports what is made on the way.
  const snapshots = openSnapshots<RuntimeSnapshot>({
    feed,
    trust,
    file: snapshotFile,
    report,
    build: buildRuntimeSnapshot,
    withDelta: (current, delta, revision) => current.withDelta(delta, revision),
    nodeFacts: () => ({
      nodeId,
      nodeName: settings.nodeName,
      instanceId,
      version,
      startedAtMs: BigInt(startedAtMs),
      callsInFlight: callsInFlight(),
      grpcAddress: grpcPort === 0 ? "" : `${settings.host}:${grpcPort}`,
      restAddress: restPort === 0 ? "" : `${settings.host}:${restPort}`,
      usageEventsWaiting: BigInt(usageLog.waiting()),
      ...liveReservations(underway),
      ...runningCalls(underway),
      backends: backendStatuses(circuits.known()),
      loads: loads.now(),
      eventLoopDelayMs: eventLoopDelay.sinceLastAskedMs(),
      draining,
    }),
    logger,
    onChange: counted.configApplied,
  });

  // What a call passes through.
  const circuits = backendCircuits(() => snapshots.reportNow());
  const places = backendPlaces();
  const loads = backendLoads(places, counted);
  const eventLoopDelay = watchEventLoop();
  const pools = upstreamPools(settings.sealingKey, settings.privateAddresses);
  const unknownFinish = unknownFinishOnce((dialect, reason) =>
    logger.warn({ dialect, reason }, "a backend ended an answer for a reason that this node does not know; it is handed on as it is"),
  );
  const openaiCompatible = openaiCompatibleProvider(pools, unknownFinish);
  const providerKinds = new Map([
    ["openai", openaiProvider(pools, openaiCompatible, ["openai-responses", "openai-completions"])],
    ["openai-compatible", openaiProvider(pools, openaiCompatible, ["openai-completions"])],
    ["simulated", openaiCompatible],
    ["anthropic", anthropicProvider(pools, unknownFinish)],
    ["gemini", geminiProvider(pools, unknownFinish)],
    ["bedrock", bedrockProvider(pools, unknownFinish)],
    ["cohere", cohereProvider(pools, unknownFinish)],
  ]);
  const operations = openaiCompatibleOperations(pools);
  const tokenCount = anthropicTokenCount(pools);
  const operationKinds = new Map([
    ["openai", operations],
    ["openai-compatible", operations],
    ["simulated", operations],
    ["gemini", geminiOperations(pools)],
    ["bedrock", bedrockOperations(pools)],
    ["cohere", cohereOperations(pools)],
  ]);
  const baselines = controlPlaneQuotaUse(controlPlane);
  const quota =
    redis === undefined
      ? memoryQuotaLedger({ baselines })
      : redisQuotaLedger({
          redis,
          owner: nodeId,
          nodes: snapshots.liveNodes,
          baselines,
          journal: leaseJournal,
        });
  const responses = redis === undefined ? memoryResponseStore() : redisResponseStore(redis);
  const background = backgroundResponses(responses);
  const authenticate = authenticator(settings.pepper, settings.trustedProxies);
  const dependencies: CompletionDependencies & OperationDependencies = {
    snapshot: () => snapshots.current(),
    authenticate,
    guard,
    quota,
    cache: memoryResponseCache(),
    stickyVariants: redis === undefined ? memoryStickyVariants() : redisStickyVariants(redis),
    providerOf: (kind) => providerKinds.get(kind),
    places,
    circuits,
    operationsOf: (kind) => operationKinds.get(kind),
    random: Math.random,
    pseudonym,
    underway,
    record: (state) => {
      try {
        const record = usageRecordBytes(state, recordContext());
        if (record !== undefined) usageLog.append(record);
        counted.count(state);
        if (state.captured !== undefined) content.keep(state.captured.content(state.rendered));
      } catch (error) {
        logger.error({ err: error, callId: state.request.callId }, "a finished call could not be recorded");
      }
    },
  };

  const recordBatch = (state: CallState, endedAtMs: number) => {
    try {
      const record = usageRecordBytes(state, { nodeId, nowMs: endedAtMs, pseudonym });
      if (record !== undefined) usageLog.append(record);
    } catch (error) {
      logger.error({ err: error, callId: state.request.callId }, "a finished batch could not be recorded");
    }
  };

  // Where callers come in.
  const readiness = snapshotReadiness(snapshots.ready, () => draining);
  const liveCalls = new LiveCalls<EarlyEnd>();
  const callsInFlight = () => liveCalls.size + (rest?.callsInFlight ?? 0) + background.size;
  const inference = [CompletionService, EmbeddingService, ModelService, FeedbackService] as const;
  const models = { snapshot: dependencies.snapshot, authenticate };
  const options = serviceOptions(logger);
  const reflection = reflectionService([...inference, Health]);
  const services = [
    grpcService(CompletionService, completionService(dependencies), options, liveCalls),
    grpcService(EmbeddingService, embeddingService(dependencies), options, liveCalls),
    grpcService(ModelService, modelService(models), options, liveCalls),
    grpcService(FeedbackService, feedbackService({ ...models, nodeId, pseudonym, append: usageLog.append }), options, liveCalls),
    grpcService(
      Health,
      healthService(
        inference.map(({ typeName }) => typeName),
        readiness,
      ),
      options,
      liveCalls,
    ),
    ...(settings.reflection
      ? [
          grpcService(ReflectionV1, reflection.v1, options, liveCalls),
          grpcService(ReflectionV1Alpha, reflection.v1alpha, options, liveCalls),
        ]
      : []),
  ];
  let rest: Awaited<ReturnType<typeof startRestServer>> | undefined;
  let restPort = 0;
  let grpcPort = 0;
  const opened: (() => Promise<void>)[] = [];
  const closeInside = async () => {
    await quota.close();
    await Promise.all([shipping.close(usageDrainMs), content.close(usageDrainMs)]);
    await usageLog.close();
    await underwayLog.close();
    await snapshots.close();
    await pools.close();
    controlPlane.close();
    redis?.close();
    await lock.release();
  };
  try {
    rest = await startRestServer(
      [
        { method: "POST", path: "/v1/chat/completions", serve: openaiChat(dependencies) },
        ...openaiOperations(dependencies),
        ...openaiStorage({ ...dependencies, ownedIds: ownedIds(settings.pepper), recordBatch }),
        { method: "POST", path: "/v1/completions", serve: openaiCompletions(dependencies) },
        { method: "POST", path: "/v1/responses", serve: openaiResponses({ ...dependencies, responses, background }) },
        ...storedResponses({ ...models, responses, background }),
        { method: "POST", path: "/v1/messages", serve: anthropicMessages(dependencies), sendError: sendMessagesError },
        {
          method: "POST",
          path: "/v1/messages/count_tokens",
          serve: countTokens({ ...dependencies, operationsOf: (kind) => (kind === "anthropic" ? tokenCount : estimatedTokenCount) }),
          sendError: sendMessagesError,
        },
        { method: "POST", path: "/v1/feedback", serve: recordFeedback({ ...models, nodeId, pseudonym, append: usageLog.append }) },
        { method: "POST", path: "/v1/prompts/*", serve: runPrompt(dependencies) },
        { method: "GET", path: "/v1/prompts/*", serve: describePrompt(dependencies) },
        { method: "POST", path: "/v1/replay", serve: replayEndpoint({ ...dependencies, verifier: settings.verifier }) },
        { method: "POST", path: "/v1/calls/end", serve: endCallEndpoint({ ...models, underway }) },
        ...modelEndpoints(models),
      ],
      {
        host: settings.host,
        port: settings.restPort,
        ...(settings.allowedOrigins.length === 0 ? {} : { allowedOrigins: settings.allowedOrigins }),
        logError: (error, requestId) => logger.error({ err: error.cause ?? error, requestId }, "a REST call failed"),
      },
    );
    const { close: closeRest } = rest;
    restPort = rest.port;
    opened.push(() => closeRest(settings.drainMs));
    opened.push(() => background.close(settings.drainMs));
    const grpc = await startGrpcServer({ host: settings.host, port: settings.grpcPort }, services, liveCalls);
    grpcPort = grpc.port;
    opened.push(() => grpc.close(settings.drainMs));
    const ops = await startOpsServer(
      { host: settings.host, port: settings.opsPort },
      {
        ready: () => ({
          ready: readiness.ready,
          reason: readiness.ready ? "" : draining ? "draining" : "no configuration yet",
          details: {
            node: nodeId,
            name: settings.nodeName,
            revision: snapshots.current()?.revisionText ?? null,
            // What a node without Redis takes its share of rates by.
            liveNodes: snapshots.liveNodes(),
            staleSeconds: Number.isFinite(snapshots.staleMs()) ? Math.round(snapshots.staleMs() / 1000) : null,
          },
        }),
        metrics: async () => ({ contentType: counted.registry.contentType, text: await counted.registry.metrics() }),
      },
    );
    snapshots.reportNow();
    return {
      nodeId,
      restPort,
      grpcPort,
      opsPort: ops.port,
      ready: snapshots.ready,
      metrics: counted.registry,
      async close() {
        draining = true;
        readiness.changed();
        snapshots.reportNow();
        await Promise.all(opened.map((close) => close()));
        await ops.close();
        await closeInside();
      },
    };
  } catch (error) {
    await Promise.all(opened.map((close) => close()));
    await closeInside();
    throw error;
  }
}

const backendsReportedMax = 50;
const messageLengthMax = 160;

const backendStatuses = (circuits: readonly BackendCircuit[]): BackendStatus[] =>
  circuits.slice(0, backendsReportedMax).map((circuit) =>
    create(BackendStatusSchema, {
      backendId: circuit.backendId,
      circuit: circuit.state,
      sinceMs: BigInt(circuit.sinceMs),
      openUntilMs: BigInt(circuit.openUntilMs),
      failuresInRow: circuit.failuresInRow,
      lastError: circuit.lastError,
      lastMessage: circuit.lastMessage.slice(0, messageLengthMax).toWellFormed(),
      lastHttpStatus: circuit.lastHttpStatus,
      lastErrorAtMs: BigInt(circuit.lastErrorAtMs),
    }),
  );

/** A caller's deadline further away than this is taken as this, in milliseconds. */
const deadlineMsMax = 900_000;
const writeStallMsDefault = 30_000;

function serviceOptions(logger: Logger): ServiceOptions {
  const ends = {
    deadline: () => new GatewayError("DEADLINE_EXCEEDED", "the deadline that the caller set has passed"),
    "caller-left": () => new GatewayError("CANCELLED", "the caller went away"),
    "caller-stalled": () => new GatewayError("CALLER_STALLED", "the caller did not read its answer"),
    shutdown: () => new GatewayError("SHUTTING_DOWN", "the gateway is shutting down; try again", { retryAfterMs: 1000 }),
  } satisfies Record<EarlyEnd, () => GatewayError>;
  return {
    endReason: (end) => ends[end](),
    badMessage: (cause) =>
      new GatewayError(
        "INVALID_ARGUMENT",
        "the request is not a message of this method; check the contract that the caller was built with",
        { cause },
      ),
    statusOf: (reason, trailers) => {
      if (reason instanceof UnknownServiceError) return { code: reason.code, details: reason.message, metadata: trailers };
      const error = GatewayError.from(reason);
      if (error.kind === "INTERNAL")
        logger.error({ err: error.cause ?? error, requestId: trailers.get("x-request-id")[0] }, "a gRPC call failed");
      return grpcStatus(error, trailers);
    },
    writeStallMs: writeStallMsDefault,
    deadlineMsMax,
  };
}

function snapshotReadiness(configured: Promise<void>, draining: () => boolean): Readiness & { changed(): void } {
  const listeners = new Set<() => void>();
  let hasConfiguration = false;
  const changed = () => {
    for (const listener of [...listeners]) listener();
  };
  void configured.then(() => {
    hasConfiguration = true;
    changed();
  });
  return {
    get ready() {
      return hasConfiguration && !draining();
    },
    changed,
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
