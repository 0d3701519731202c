/**
 * Keeps the node's configuration current: the one reference that calls read, and everything that moves it.
 *
 * From disk first, so that a node serves at once; then it pulls on each hint that names another revision, on each time a link
 * comes back, and on a poll of 5 s give or take a fifth, because hints get lost. One pull at a time. What is pulled is
 * verified, built, swapped in as one reference, written to disk, reported. What is refused changes nothing: its reason is
 * reported and logged once. Within an epoch a node never goes back; another epoch, signed, is taken.
 * A node without any configuration is not ready and tries again 0.1 s to 5 s later.
 */
import { create } from "@bufbuild/protobuf";
import type { Logger } from "pino";
import { type NodeStatus, NodeStatusSchema } from "#proto/penstock/config/v1/node_pb.ts";
import type { Revision } from "#proto/penstock/config/v1/snapshot_pb.ts";
import { backOff } from "../back-off.ts";
import { applyConfig, type RuntimeBuilder } from "./apply-config.ts";
import type { ConfigFeed, PulledConfig } from "./config-feed.ts";
import { ConfigRefused, type ConfigTrust } from "./config-trust.ts";
import type { NodeStatusReport } from "./node-status-report.ts";
import type { SnapshotFile } from "./snapshot-file.ts";

/** What the node knows of itself beyond its configuration. */
export type NodeFacts = Pick<
  NodeStatus,
  "nodeId" | "instanceId" | "version" | "startedAtMs" | "callsInFlight" | "grpcAddress" | "restAddress" | "usageEventsWaiting"
> &
  Partial<Pick<NodeStatus, "nodeName" | "reservations" | "reservationsHeld" | "eventLoopDelayMs" | "loads">> & {
    readonly draining: boolean;
  };

export interface SnapshotsOptions<R> extends RuntimeBuilder<R> {
  readonly feed: ConfigFeed;
  /** The one that a fallback feed uses too, so that nothing is verified twice. */
  readonly trust: ConfigTrust;
  readonly file: SnapshotFile;
  readonly report: NodeStatusReport;
  readonly nodeFacts: () => NodeFacts;
  readonly logger: Logger;
  /** Called after each swap and each refusal, for metrics. */
  readonly onChange?: (change: "applied" | "refused") => void;
}

export interface Snapshots<R> {
  /** A call takes it once, at its start, and keeps it. Undefined: none yet. */
  current(): R | undefined;
  /** Resolves when there is a configuration. Stays open for as long as there is none. */
  readonly ready: Promise<void>;
  revision(): Revision | undefined;
  /** Milliseconds since a feed last confirmed or replaced what is served. Infinity: none has since the start. */
  staleMs(): number;
  /** As the control plane last said; 1 until it has. */
  liveNodes(): number;
  status(): NodeStatus;
  /** At once, for a change that only the node knows of, such as draining. */
  reportNow(): void;
  close(): Promise<void>;
}

const pollMs = 5000;
const reportMs = 2000;
/** A pull that takes longer is given up, in milliseconds. */
const pullMsMax = 35_000;
const closeMsMax = 2000;
/** A node without any configuration serves nobody: it asks often enough to be ready two seconds after the control plane is. */
const coldWaitMsMax = 500;
/** Not worth a line: a control plane that starts at the same time as the node, in milliseconds. */
const quietMs = 5000;
/** A disk that takes no base must not make the node pull everything at each poll, in milliseconds. */
const baseRetryMs = 60_000;

export function openSnapshots<R>(options: SnapshotsOptions<R>): Snapshots<R> {
  const { feed, trust, file, report, nodeFacts, logger } = options;
  let current: { readonly runtime: R; readonly revision: Revision; readonly appliedAtMs: number; readonly source: string } | undefined;
  let refused: { readonly epoch: string; readonly number: bigint; readonly reason: string; readonly refusedAtMs: number } | undefined;
  let hinted: Revision | undefined;
  let liveNodes = 1;
  let confirmedAtMs = Number.NEGATIVE_INFINITY;
  /** The newest number for which a full snapshot was tried because its deltas were refused. */
  let fullTriedFor = "";
  let baseNotBeforeMs = 0;
  let unreachableLogged = false;
  let unreachableSinceMs: number | undefined;
  const closed = new AbortController();
  const becameReady = Promise.withResolvers<void>();

  const swap = (runtime: R, revision: Revision, source: string) => {
    const before = current?.revision;
    if (before !== undefined && before.epoch !== revision.epoch)
      logger.warn(
        { from: before.epoch, to: revision.epoch },
        "another epoch of configuration: the control plane's history was lost or replaced",
      );
    current = { runtime, revision, appliedAtMs: Date.now(), source };
    if (refused !== undefined && (refused.epoch !== revision.epoch || refused.number <= revision.number)) refused = undefined;
    logger.info({ epoch: revision.epoch, number: String(revision.number), source }, "configuration applied");
    options.onChange?.("applied");
    becameReady.resolve();
    reportNow();
  };
  const refuse = (refusal: ConfigRefused) => {
    const epoch = refusal.epoch || (hinted?.epoch ?? "");
    const number = refusal.number || (hinted?.number ?? 0n);
    if (refused?.epoch === epoch && refused.number === number && refused.reason === refusal.message) return;
    refused = { epoch, number, reason: refusal.message, refusedAtMs: Date.now() };
    logger.error({ epoch, number: String(number), reason: refusal.message }, "configuration refused; the one before it stays");
    options.onChange?.("refused");
    reportNow();
  };

  /** @throws ConfigRefused where nothing could be taken. @returns what stopped it on the way. */
  const take = (pulled: PulledConfig, source: string): ConfigRefused | undefined => {
    const applied = applyConfig(current, pulled, trust, options);
    confirmedAtMs = performance.now();
    if (applied === undefined) {
      if (current !== undefined && current.source !== source) current = { ...current, source };
      return undefined;
    }
    const isNew =
      current === undefined || current.revision.epoch !== applied.revision.epoch || current.revision.number < applied.revision.number;
    if (isNew) swap(applied.runtime, applied.revision, source);
    if (isNew || pulled.snapshot !== undefined) file.save({ snapshot: pulled.snapshot, deltas: pulled.deltas.slice(0, applied.deltas) });
    return applied.refused;
  };

  const pullAndTake = async (have: Revision | undefined): Promise<ConfigRefused | undefined> => {
    const limit = new AbortController();
    const timer = setTimeout(() => limit.abort(new Error(`no configuration came within ${pullMsMax / 1000} s`)), pullMsMax);
    const abort = () => limit.abort(closed.signal.reason);
    closed.signal.addEventListener("abort", abort);
    try {
      return take(await feed.pull(have, limit.signal), feed.source);
    } catch (error) {
      const refusal = refusalIn(error);
      if (refusal === undefined) throw error;
      return refusal;
    } finally {
      clearTimeout(timer);
      closed.signal.removeEventListener("abort", abort);
    }
  };
  /** @returns whether a feed answered. */
  const pullOnce = async (): Promise<boolean> => {
    try {
      const baseWanted = file.wantsBase && performance.now() >= baseNotBeforeMs;
      if (baseWanted) baseNotBeforeMs = performance.now() + baseRetryMs;
      const wholeWanted = current === undefined || baseWanted;
      let refusal = await pullAndTake(wholeWanted ? undefined : current?.revision);
      const seen = `${hinted?.epoch}/${hinted?.number}/${refusal?.number}`;
      if (refusal !== undefined && !wholeWanted && fullTriedFor !== seen) {
        fullTriedFor = seen;
        const before = current?.revision;
        const refusedWhole = await pullAndTake(undefined);
        // Where everything led no further than where we stand, what was wrong with the changes is still to be told.
        if (refusedWhole !== undefined || current?.revision !== before) refusal = refusedWhole;
      }
      if (refusal !== undefined) refuse(refusal);
      if (unreachableLogged) logger.info("configuration can be pulled again");
      unreachableLogged = false;
      unreachableSinceMs = undefined;
      return true;
    } catch (error) {
      unreachableSinceMs ??= performance.now();
      if (closed.signal.aborted || unreachableLogged || performance.now() - unreachableSinceMs < quietMs) return false;
      // The reason and not its stack: that something else is away is no mistake in here.
      logger.warn(
        { reason: error instanceof Error ? error.message : String(error) },
        current === undefined
          ? "no configuration can be pulled; not ready until it can"
          : "configuration cannot be pulled; the last good one is served",
      );
      unreachableLogged = true;
      return false;
    }
  };

  let wake = () => {};
  let wanted = false;
  const pullSoon = () => {
    wanted = true;
    wake();
  };
  const keepPulling = async () => {
    const wait = backOff({ lastMs: coldWaitMsMax });
    while (!closed.signal.aborted) {
      wanted = false;
      await pullOnce();
      if (current !== undefined) {
        wait.reset();
        await new Promise<void>((resolve) => {
          if (wanted || closed.signal.aborted) return resolve();
          const timer = setTimeout(resolve, pollMs * (0.8 + Math.random() * 0.4));
          wake = () => {
            clearTimeout(timer);
            resolve();
          };
        });
      } else if (!wanted) await wait.next(closed.signal);
    }
  };

  const loadFromDisk = async () => {
    const loaded = await file.load(trust, ({ snapshot, deltas }) => {
      const applied = applyConfig<R>(undefined, { snapshot, deltas }, trust, options);
      if (applied === undefined) throw new Error("it is empty");
      if (applied.refused !== undefined) throw applied.refused;
      const newest = deltas.at(-1);
      const { createdAtMs } = newest === undefined ? trust.snapshot(snapshot) : trust.delta(newest);
      return { ...applied, ageMs: Date.now() - Number(createdAtMs) };
    });
    if (loaded === undefined) return;
    logger.info({ number: String(loaded.revision.number), ageMs: loaded.ageMs }, "configuration loaded from disk");
    swap(loaded.runtime, loaded.revision, "disk");
  };

  const status = (): NodeStatus => {
    const { draining, ...facts } = nodeFacts();
    return create(NodeStatusSchema, {
      ...facts,
      reportedAtMs: BigInt(Date.now()),
      state: draining ? "draining" : current === undefined ? "starting" : "ready",
      configSource: current?.source ?? "",
      ...(current === undefined
        ? {}
        : {
            applied: {
              epoch: current.revision.epoch,
              number: current.revision.number,
              hash: current.revision.hash,
              appliedAtMs: BigInt(current.appliedAtMs),
            },
          }),
      ...(refused === undefined ? {} : { refused: { ...refused, refusedAtMs: BigInt(refused.refusedAtMs) } }),
    });
  };
  let reporting = false;
  let reportAgain = false;
  const reportNow = () => {
    if (reporting) {
      reportAgain = true;
      return;
    }
    reporting = true;
    // A lost report is followed by another in two seconds; whoever waits for it sees the node as gone until then.
    Promise.resolve()
      .then(() => report.report(status(), closed.signal))
      .catch(() => undefined)
      .finally(() => {
        reporting = false;
        if (!reportAgain || closed.signal.aborted) return;
        reportAgain = false;
        reportNow();
      });
  };

  const run = async () => {
    await loadFromDisk().catch((error: unknown) => logger.error({ err: error }, "the configuration on disk cannot be read"));
    if (closed.signal.aborted) return;
    feed.watch({
      linked: pullSoon,
      hint: (revision, live) => {
        hinted = revision;
        if (live > 0) liveNodes = live;
        const ours = current?.revision;
        const isOurs = ours !== undefined && ours.epoch === revision.epoch && revision.number <= ours.number;
        const isRefused = refused !== undefined && refused.epoch === revision.epoch && refused.number === revision.number;
        if (!isOurs && !isRefused) pullSoon();
      },
    });
    await keepPulling();
  };
  const reports = setInterval(reportNow, reportMs);
  const running = run();

  return {
    current: () => current?.runtime,
    ready: becameReady.promise,
    revision: () => current?.revision,
    staleMs: () => performance.now() - confirmedAtMs,
    liveNodes: () => liveNodes,
    status,
    reportNow,
    close: async () => {
      clearInterval(reports);
      closed.abort(new Error("the node shuts down"));
      wake();
      const limit = new Promise<void>((resolve) => setTimeout(resolve, closeMsMax).unref());
      await Promise.race([Promise.all([running, feed.close(), report.close()]), limit]);
      await file.flushed();
    },
  };
}

/** A refusal among the reasons why no feed gave anything to be believed. */
function refusalIn(error: unknown): ConfigRefused | undefined {
  if (error instanceof ConfigRefused) return error;
  if (error instanceof AggregateError) return error.errors.find((one: unknown) => one instanceof ConfigRefused);
  return undefined;
}
