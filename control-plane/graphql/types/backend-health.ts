/** How a backend does, seen from each node, and a call that finds out. Imported for its side effects by schema.ts. */
import { ForbiddenError, NotFoundError } from "../../control-error.ts";
import { isUuid } from "../../database/config-kinds.ts";
import type { Backend as BackendRow } from "../../database/entities/backend.ts";
import { type BackendTest, testBackend } from "../../operations/test-backend.ts";
import type { KnownNode } from "../../services.ts";
import { builder } from "../builder.ts";
import { enumOf, inOrganisation } from "../config-type.ts";
import type { GraphQLContext } from "../context.ts";
import { nodeNameDescription, nodeNameOf } from "../node-name.ts";
import { Backend } from "./backend.ts";

const CircuitState = enumOf("CircuitState", ["closed", "open", "half-open"]);

interface NodeCircuit {
  readonly node: KnownNode;
  readonly backendId: string;
}

const reported = ({ node, backendId }: NodeCircuit) => node.status.backends.find((one) => one.backendId === backendId);
const load = ({ node, backendId }: NodeCircuit) => node.status.loads.find((one) => one.backendId === backendId);
const date = (ms: bigint | undefined): Date | null => (ms === undefined || ms === 0n ? null : new Date(Number(ms)));

const BackendCircuit = builder.objectRef<NodeCircuit>("BackendCircuit").implement({
  description: "A backend as one node sees it. After five failures in a row a node tries every other backend of the route first.",
  fields: (t) => ({
    nodeId: t.id({ resolve: ({ node }) => node.status.nodeId }),
    nodeName: t.string({ description: nodeNameDescription, resolve: nodeNameOf(({ node }) => node.status.nodeId) }),
    state: t.field({
      type: CircuitState,
      description: "OPEN: calls try it last. HALF_OPEN: one call tries it.",
      resolve: (circuit) => (reported(circuit)?.circuit ?? "closed") as "closed" | "open" | "half-open",
    }),
    since: t.field({
      type: "DateTime",
      nullable: true,
      description: "Of the state. Null: nothing failed since the node's start.",
      resolve: (circuit) => date(reported(circuit)?.sinceMs),
    }),
    openUntil: t.field({
      type: "DateTime",
      nullable: true,
      description: "When a call tries it again.",
      resolve: (circuit) => (reported(circuit)?.circuit === "open" ? date(reported(circuit)?.openUntilMs) : null),
    }),
    failuresInRow: t.int({ resolve: (circuit) => reported(circuit)?.failuresInRow ?? 0 }),
    lastError: t.string({
      nullable: true,
      description: "Of the data plane's catalogue, such as UPSTREAM_TIMEOUT.",
      resolve: (circuit) => reported(circuit)?.lastError || null,
    }),
    lastMessage: t.string({ nullable: true, resolve: (circuit) => reported(circuit)?.lastMessage || null }),
    lastHttpStatus: t.int({ nullable: true, resolve: (circuit) => reported(circuit)?.lastHttpStatus || null }),
    lastErrorAt: t.field({ type: "DateTime", nullable: true, resolve: (circuit) => date(reported(circuit)?.lastErrorAtMs) }),
    callsInFlight: t.int({
      description: "Now, of the backend's concurrentCallsMax on each node.",
      resolve: (circuit) => load(circuit)?.callsInFlight ?? 0,
    }),
    callsWaiting: t.int({ description: "Now, for a place.", resolve: (circuit) => load(circuit)?.callsWaiting ?? 0 }),
    attempts: t.int({
      description: "Tries of the last five minutes that say something of the backend, whatever became of their calls.",
      resolve: (circuit) => load(circuit)?.attempts ?? 0,
    }),
    attemptsFailed: t.int({ description: "Of those, the ones that it failed.", resolve: (circuit) => load(circuit)?.attemptsFailed ?? 0 }),
    attemptsRateLimited: t.int({
      description: "Of those, the ones that it refused because it was asked too much.",
      resolve: (circuit) => load(circuit)?.attemptsRateLimited ?? 0,
    }),
  }),
});

/** Of one request: all backends of a page are seen from the same nodes, read once. */
const nodesOf = new WeakMap<GraphQLContext, Promise<readonly KnownNode[]>>();

builder.objectField(Backend, "circuits", (t) =>
  t.field({
    type: [BackendCircuit],
    description: "One for each node that is heard, sorted by its id.",
    resolve: async (backend, _args, context) => {
      const nodes = nodesOf.get(context) ?? context.services.propagation.nodes();
      nodesOf.set(context, nodes);
      return (await nodes).filter(({ live }) => live).map((node) => ({ node, backendId: backend.id }));
    },
  }),
);

interface Outage {
  readonly node_id: string;
  readonly began_at: string;
  readonly ended_at: string | null;
  readonly last_error: string;
  readonly last_http_status: number;
  readonly last_message: string;
}

const OutageType = builder.objectRef<Outage>("BackendOutage").implement({
  description: "A time in which one node passed the backend over.",
  fields: (t) => ({
    nodeId: t.id({ resolve: ({ node_id }) => node_id }),
    nodeName: t.string({ description: nodeNameDescription, resolve: nodeNameOf(({ node_id }) => node_id) }),
    beganAt: t.field({ type: "DateTime", resolve: ({ began_at }) => new Date(began_at) }),
    endedAt: t.field({
      type: "DateTime",
      nullable: true,
      description: "Null: it goes on, or its node was not heard again.",
      resolve: ({ ended_at }) => (ended_at === null ? null : new Date(ended_at)),
    }),
    lastError: t.string({ resolve: ({ last_error }) => last_error }),
    lastHttpStatus: t.int({ nullable: true, resolve: ({ last_http_status }) => last_http_status || null }),
    lastMessage: t.string({ resolve: ({ last_message }) => last_message }),
  }),
});

const outagesMax = 100;

builder.objectField(Backend, "outages", (t) =>
  t.field({
    type: [OutageType],
    description: `The last ${outagesMax} of 90 days, newest first.`,
    resolve: (backend, _args, context) =>
      inOrganisation(context, (em) =>
        em.execute<Outage[]>(
          `select node_id, began_at, ended_at, last_error, last_http_status, last_message from backend_outage
           where backend_id = ? order by began_at desc limit ${outagesMax}`,
          [backend.id],
        ),
      ),
  }),
);

const BackendTestType = builder.objectRef<BackendTest>("BackendTest").implement({
  description: "What came of a test call. It stands in the ledger as any call does.",
  fields: (t) => ({
    nodeId: t.exposeID("nodeId"),
    nodeName: t.string({ description: nodeNameDescription, resolve: nodeNameOf(({ nodeId }) => nodeId) }),
    callId: t.exposeID("callId", { description: "Empty: the node did not get so far." }),
    status: t.exposeInt("status", { description: "HTTP's, as the node answered." }),
    durationMs: t.exposeInt("durationMs"),
    timeToFirstTokenMs: t.exposeInt("timeToFirstTokenMs", { nullable: true }),
    request: t.exposeString("request", { description: "The body that the node was sent." }),
    response: t.exposeString("response", {
      description: "What the node answered as it came: status, headers, body. The beginning of it, where it is long.",
    }),
    content: t.exposeString("content"),
    errorReason: t.string({ nullable: true, description: "Null: it went well.", resolve: ({ error }) => error?.reason ?? null }),
    errorMessage: t.string({ nullable: true, resolve: ({ error }) => error?.message ?? null }),
    inputTokens: t.exposeInt("inputTokens", { nullable: true }),
    outputTokens: t.exposeInt("outputTokens", { nullable: true }),
    costUsd: t.exposeFloat("costUsd", { nullable: true, description: "Null: not known." }),
  }),
});

const TestBackendInput = builder.inputType("TestBackendInput", {
  fields: (t) => ({
    id: t.id({ required: true }),
    nodeId: t.id({ description: "The node that makes the call. Left out: any that is ready." }),
  }),
});
builder.mutationField("testBackend", (t) =>
  t.field({
    type: BackendTestType,
    description: "Makes one small call to the backend, past all routes. It costs what a call costs.",
    authScopes: { operator: true },
    errors: { types: [NotFoundError, ForbiddenError] },
    args: { input: t.arg({ type: TestBackendInput, required: true }) },
    resolve: async (_root, { input }, context) => {
      const backend: BackendRow | undefined = isUuid(input.id) ? await context.loaders.backend.load(input.id) : undefined;
      if (backend === undefined || backend.archivedAt != null) throw new NotFoundError("backend", input.id);
      return testBackend(context.services, backend, input.nodeId ?? null);
    },
  }),
);
