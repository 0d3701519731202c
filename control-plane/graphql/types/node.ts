/** Nodes: which processes serve callers, and from which revision. They belong to the installation, not to an organisation. */
import type { KnownNode, Propagation } from "../../services.ts";
import { builder } from "../builder.ts";
import { nodeNameDescription, nodeNameOf } from "../node-name.ts";

export interface ListedNode extends KnownNode {
  readonly current: ReturnType<Propagation["current"]>;
}

const date = (milliseconds: bigint | number): Date => new Date(Number(milliseconds));

export const NodeType = builder.objectRef<ListedNode>("Node").implement({
  description: "One data-plane process, as it last reported.",
  fields: (t) => ({
    id: t.id({ resolve: ({ status }) => status.nodeId }),
    name: t.string({ description: nodeNameDescription, resolve: nodeNameOf(({ status }) => status.nodeId) }),
    instanceId: t.string({ description: "Changes with each start of the process.", resolve: ({ status }) => status.instanceId }),
    version: t.string({ resolve: ({ status }) => status.version }),
    state: t.string({
      description: "starting, ready, draining, or gone: not heard for ten seconds.",
      resolve: ({ status, live }) => (live ? status.state : "gone"),
    }),
    appliedEpoch: t.string({ nullable: true, resolve: ({ status }) => status.applied?.epoch ?? null }),
    appliedNumber: t.field({ type: "BigInt", nullable: true, resolve: ({ status }) => status.applied?.number ?? null }),
    appliedHash: t.string({
      nullable: true,
      description: "Hex.",
      resolve: ({ status }) => (status.applied === undefined ? null : Buffer.from(status.applied.hash).toString("hex")),
    }),
    appliedAt: t.field({
      type: "DateTime",
      nullable: true,
      resolve: ({ status }) => (status.applied === undefined ? null : date(status.applied.appliedAtMs)),
    }),
    revisionsBehind: t.field({
      type: "BigInt",
      nullable: true,
      description: "0: it serves the newest. Null: it serves none, or one of another epoch.",
      resolve: ({ status, current }) =>
        current === undefined || status.applied?.epoch !== current.epoch ? null : atLeastZero(current.number - status.applied.number),
    }),
    refusedNumber: t.field({ type: "BigInt", nullable: true, resolve: ({ status }) => status.refused?.number ?? null }),
    refusedReason: t.string({ nullable: true, resolve: ({ status }) => status.refused?.reason ?? null }),
    reportedAt: t.field({ type: "DateTime", resolve: ({ heardAtMs }) => date(heardAtMs) }),
    startedAt: t.field({ type: "DateTime", resolve: ({ status }) => date(status.startedAtMs) }),
    callsInFlight: t.int({ resolve: ({ status }) => status.callsInFlight }),
    eventLoopDelayMs: t.float({
      description:
        "How late its timers were over the last two seconds, 99 of 100 of them: what calls wait for because others are worked on.",
      resolve: ({ status }) => status.eventLoopDelayMs,
    }),
    backendsPassedOver: t.int({
      description: "Backends that failed again and again, which its calls try last; Backend.circuits says which and why.",
      resolve: ({ status }) => status.backends.filter(({ circuit }) => circuit !== "closed").length,
    }),
    grpcAddress: t.string({ resolve: ({ status }) => status.grpcAddress }),
    restAddress: t.string({ resolve: ({ status }) => status.restAddress }),
    usageEventsWaiting: t.field({
      type: "BigInt",
      description: "Usage events on its disk that the ledger has not confirmed.",
      resolve: ({ status }) => status.usageEventsWaiting,
    }),
    configSource: t.string({
      description: "redis, control-plane or disk: where its configuration last came from.",
      resolve: ({ status }) => status.configSource,
    }),
  }),
});

builder.queryField("nodes", (t) =>
  t.field({
    type: [NodeType],
    description: "All nodes heard within a week, sorted by id.",
    authScopes: { viewer: true },
    resolve: async (_root, _arguments, { services }) => {
      const current = services.propagation.current();
      return (await services.propagation.nodes()).map((node) => ({ ...node, current }));
    },
  }),
);

/** Between two looks at the nodes, in milliseconds: short enough to watch a change arrive, and a bound for what watching costs. */
const lookEveryMs = 200;
const manyNodes = 50;
const lookAtManyEveryMs = 1_000;

builder.subscriptionField("nodes", (t) =>
  t.field({
    type: [NodeType],
    description: "The nodes that are heard, sorted by id: at once, and after each report or new revision, at most five times a second.",
    authScopes: { viewer: true },
    subscribe: (_root, _arguments, { services }) => nodeNews(services.propagation),
    resolve: (nodes: readonly ListedNode[]) => [...nodes],
  }),
);

/**
 * An iterator by hand, as that of revisions is: `return` must let the listeners go at once, also while nothing happens. What
 * happens between two looks is one look, so a slow reader holds nothing.
 */
export function nodeNews(
  propagation: Pick<Propagation, "current" | "onChange" | "heard" | "onReport">,
): AsyncIterableIterator<readonly ListedNode[]> {
  let changed = true;
  let closed = false;
  let clock: NodeJS.Timeout | undefined;
  let lookedAtMs = 0;
  let pauseMs = 0;
  let deliver: ((result: IteratorResult<readonly ListedNode[]>) => void) | undefined;
  const look = () => {
    if (deliver === undefined || !changed || clock !== undefined) return;
    const waitMs = lookedAtMs + pauseMs - Date.now();
    if (waitMs > 0) {
      clock = setTimeout(() => {
        clock = undefined;
        look();
      }, waitMs);
      return;
    }
    const current = propagation.current();
    const nodes = propagation.heard().map((node) => ({ ...node, current }));
    changed = false;
    lookedAtMs = Date.now();
    pauseMs = nodes.length > manyNodes ? lookAtManyEveryMs : lookEveryMs;
    const send = deliver;
    deliver = undefined;
    send({ value: nodes, done: false });
  };
  const onNews = () => {
    changed = true;
    look();
  };
  const stops = [propagation.onChange(onNews), propagation.onReport(onNews)];
  const end = (): Promise<IteratorResult<readonly ListedNode[]>> => {
    closed = true;
    clearTimeout(clock);
    for (const stop of stops) stop();
    deliver?.({ value: undefined, done: true });
    deliver = undefined;
    return Promise.resolve({ value: undefined, done: true });
  };
  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    next: () =>
      closed
        ? Promise.resolve({ value: undefined, done: true })
        : new Promise((resolve) => {
            deliver = resolve;
            look();
          }),
    return: end,
    throw: async (error) => {
      await end();
      throw error;
    },
  };
}

const atLeastZero = (value: bigint): bigint => (value < 0n ? 0n : value);
