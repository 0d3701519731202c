/**
 * Knows the nodes: what each last said of itself, over gRPC or Redis, whether it is alive, and which revision it serves.
 * Liveness is judged by when we heard a node, on our own clock; its own clock proves nothing. Nodes belong to the
 * installation, not to an organisation.
 *
 * The rows are for other control planes and for the time after a restart; they lag by at most two seconds, except that a
 * change of the applied or refused revision is written at once. A row that cannot be written is tried again with the next
 * turn; waiting for propagation works from memory and does not need the database.
 */
import type { NodeStatus } from "#proto/penstock/config/v1/node_pb.ts";
import type { Logger } from "../logger.ts";
import type { ConfigRevision, KnownNode, NodeAcknowledgement } from "../services.ts";
import { nodeNames } from "./node-names.ts";

/** Nodes report every two seconds; five reports missed in a row mean that it is gone. */
export const nodeGoneAfterMs = 10_000;
const writeEveryMs = 2_000;
/** While somebody waits, how often those who went silent are looked for; acknowledgements themselves are events. */
const silenceCheckMs = 250;
/** A bound for a channel that anyone in Redis may write to. */
const nodesMax = 10_000;
/** Also those that calls of long ago ran on. */
export const namesMax = 10_000;
/** How often a node of which we know no name is asked for where others note them. */
const namesEveryMs = 30_000;
const forgottenAfterMs = 600_000;
const listedForMs = 7 * 24 * 3600 * 1000;

/** Where the last words of nodes are kept. Rejects while the database is away. */
export interface NodeRegister {
  save(heard: readonly HeardNode[]): Promise<void>;
  /** All that were heard since. */
  heardSince(time: Date): Promise<readonly HeardNode[]>;
  /** Of all that were ever heard and have one, the last heard last, at most `namesMax`. */
  names(): Promise<readonly { readonly id: string; readonly name: string }[]>;
}

export interface HeardNode {
  readonly status: NodeStatus;
  readonly heardAtMs: number;
}

type AskedRevision = Pick<ConfigRevision, "epoch" | "number">;

export interface NodeTracker {
  report(status: NodeStatus): void;
  /** Alive or not, sorted by id: those heard by this process and those that others or an earlier start have noted. */
  nodes(): Promise<readonly KnownNode[]>;
  /** Those in memory alone. */
  heard(): readonly KnownNode[];
  /** What people call it; see node-names.ts. */
  nameOf(nodeId: string): string;
  /** Calls back after each report. @returns a function that ends it. */
  onReport(listener: () => void): () => void;
  /**
   * Waits until each live node has applied the revision, or a later one, or has refused it.
   * @param timeoutMs when it stops waiting; then those that have not answered are listed as not applied.
   */
  wait(revision: AskedRevision, timeoutMs: number): Promise<readonly NodeAcknowledgement[]>;
  close(): Promise<void>;
}

export function trackNodes(register: NodeRegister, logger: Logger, now: () => number = Date.now): NodeTracker {
  const nodes = new Map<string, HeardNode>();
  const names = nodeNames(namesMax);
  const unwritten = new Set<string>();
  const listeners = new Set<() => void>();
  let writing: Promise<void> | undefined;
  /** News came that does not wait for the next turn, while others were written. */
  let writeAgain = false;
  let failing = false;
  let liveBefore = 0;

  const write = () => {
    if (writing !== undefined || unwritten.size === 0) return;
    const ids = [...unwritten];
    unwritten.clear();
    writing = register
      .save(ids.flatMap((id) => nodes.get(id) ?? []))
      .then(
        () => {
          failing = false;
        },
        (error: unknown) => {
          for (const id of ids) if (nodes.has(id)) unwritten.add(id);
          if (!failing) logger.warn({ err: error }, "the nodes' states cannot be written; trying every two seconds");
          failing = true;
        },
      )
      .finally(() => {
        writing = undefined;
        if (!writeAgain) return;
        writeAgain = false;
        write();
      });
  };
  const writeAtOnce = () => {
    writeAgain = writing !== undefined;
    write();
  };
  const remember = (heard: HeardNode): boolean => {
    const { nodeId } = heard.status;
    const before = nodes.get(nodeId);
    if (before === undefined && nodes.size >= nodesMax) return false;
    if (before !== undefined && before.heardAtMs > heard.heardAtMs) return false;
    nodes.set(nodeId, heard);
    names.note(nodeId, heard.status.nodeName);
    for (const listener of [...listeners]) listener();
    return true;
  };
  const isLive = (node: HeardNode) => now() - node.heardAtMs <= nodeGoneAfterMs;
  const turn = setInterval(() => {
    for (const [id, node] of nodes) if (now() - node.heardAtMs > forgottenAfterMs) nodes.delete(id);
    const live = [...nodes.values()].filter(isLive).length;
    // Silence is news too, and nobody reports it.
    if (live < liveBefore) for (const listener of [...listeners]) listener();
    liveBefore = live;
    write();
  }, writeEveryMs);
  // After a restart the nodes are there before their next report is: whoever waits must wait for them too.
  register.heardSince(new Date(now() - nodeGoneAfterMs)).then(
    (heard) => heard.forEach(remember),
    (error: unknown) =>
      logger.warn({ err: error }, "the nodes known before this start cannot be read; they are known again when they report"),
  );

  let namesReadAtMs = Number.NEGATIVE_INFINITY;
  const readNames = () => {
    if (now() - namesReadAtMs < namesEveryMs) return;
    namesReadAtMs = now();
    register.names().then(
      (noted) => {
        for (const { id, name } of noted) names.note(id, name);
        for (const [id, { status }] of nodes) names.note(id, status.nodeName);
      },
      (error: unknown) => logger.warn({ err: error }, "the names of nodes cannot be read; the rest of their ids stands in their place"),
    );
  };
  readNames();

  return {
    report: (status) => {
      if (status.nodeId === "" || status.nodeId.length > 128) return;
      const before = nodes.get(status.nodeId)?.status;
      if (before?.instanceId === status.instanceId && status.settings.length === 0) status.settings = before.settings;
      if (!remember({ status, heardAtMs: now() })) return;
      unwritten.add(status.nodeId);
      if (before?.applied?.number !== status.applied?.number || before?.refused?.number !== status.refused?.number) writeAtOnce();
    },
    nodes: async () => {
      const known = new Map((await register.heardSince(new Date(now() - listedForMs))).map((node) => [node.status.nodeId, node]));
      for (const [id, node] of nodes) if ((known.get(id)?.heardAtMs ?? 0) <= node.heardAtMs) known.set(id, node);
      for (const [id, { status }] of known) names.note(id, status.nodeName);
      return [...known.values()].map((node) => ({ ...node, live: isLive(node) })).sort(byNodeId);
    },
    heard: () => [...nodes.values()].map((node) => ({ ...node, live: isLive(node) })).sort(byNodeId),
    nameOf: (nodeId) => {
      if (!names.knows(nodeId)) readNames();
      return names.of(nodeId);
    },
    onReport: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    wait: (revision, timeoutMs) =>
      new Promise((resolve) => {
        const startedAtMs = now();
        const answered = new Map<string, NodeAcknowledgement>();
        const finish = () => {
          clearTimeout(timeout);
          clearInterval(silence);
          listeners.delete(check);
          resolve(
            [...nodes.values()]
              .filter((node) => isLive(node) || answered.has(node.status.nodeId))
              .map((node) => answered.get(node.status.nodeId) ?? unanswered(node, now() - startedAtMs))
              .sort((one, other) => compare(one.nodeId, other.nodeId)),
          );
        };
        const check = () => {
          let waiting = false;
          for (const node of nodes.values()) {
            if (answered.has(node.status.nodeId) || !isLive(node)) continue;
            const answer = answerOf(node.status, revision, now() - startedAtMs);
            if (answer === undefined) waiting = true;
            else answered.set(node.status.nodeId, answer);
          }
          if (!waiting) finish();
        };
        const timeout = setTimeout(finish, timeoutMs);
        const silence = setInterval(check, silenceCheckMs);
        listeners.add(check);
        check();
      }),
    close: async () => {
      clearInterval(turn);
      await writing;
      write();
      await writing;
    },
  };
}

/** Pure. Undefined: it has not answered yet. A node that refused a later revision cannot be waited for either. */
function answerOf(status: NodeStatus, revision: AskedRevision, waitedMs: number): NodeAcknowledgement | undefined {
  const { applied, refused, nodeId } = status;
  if (applied?.epoch === revision.epoch && applied.number >= revision.number)
    return { nodeId, applied: true, refusedReason: null, waitedMs };
  if (refused?.epoch === revision.epoch && refused.number >= revision.number)
    return { nodeId, applied: false, refusedReason: refused.reason, waitedMs };
  return undefined;
}

const unanswered = (node: HeardNode, waitedMs: number): NodeAcknowledgement => ({
  nodeId: node.status.nodeId,
  applied: false,
  refusedReason: null,
  waitedMs,
});

const byNodeId = (one: HeardNode, other: HeardNode): number => compare(one.status.nodeId, other.status.nodeId);
const compare = (one: string, other: string): number => (one < other ? -1 : one > other ? 1 : 0);
