/** Which calls run now, and how far each has come. Imported for its side effects by schema.ts. */
import type { NodeStatus, RunningCall } from "#proto/penstock/config/v1/node_pb.ts";
import { NotFoundError } from "../../control-error.ts";
import { endCall } from "../../operations/end-call.ts";
import type { Propagation } from "../../services.ts";
import { builder } from "../builder.ts";
import { enumOf, inOrganisation } from "../config-type.ts";
import { principalOf } from "../context.ts";
import { nodeNameDescription, nodeNameOf } from "../node-name.ts";

const progresses = ["queued", "connecting", "first-token", "streaming"] as const;
type Progress = (typeof progresses)[number];
const ProgressType = enumOf("CallProgress", progresses);

export interface ListedCall {
  readonly call: RunningCall;
  readonly status: NodeStatus;
  readonly heardAtMs: number;
}

export const RunningCallType = builder.objectRef<ListedCall>("RunningCall").implement({
  fields: (t) => ({
    callId: t.id({ resolve: ({ call }) => call.callId }),
    nodeId: t.id({ resolve: ({ status }) => status.nodeId }),
    nodeName: t.string({ description: nodeNameDescription, resolve: nodeNameOf(({ status }) => status.nodeId) }),
    projectId: t.id({ resolve: ({ call }) => call.projectId }),
    apiKeyId: t.id({ resolve: ({ call }) => call.apiKeyId }),
    routeId: t.id({ resolve: ({ call }) => call.routeId }),
    routeName: t.string({ resolve: ({ call }) => call.routeName }),
    backendId: t.string({ description: "The last that was asked. Empty: none has been.", resolve: ({ call }) => call.backendId }),
    attempts: t.int({ resolve: ({ call }) => call.attempts }),
    progress: t.field({
      type: ProgressType,
      description: "QUEUED: for a place, or for another attempt. FIRST_TOKEN: it waits for it.",
      resolve: ({ call }): Progress => progresses.find((one) => one === call.progress) ?? "queued",
    }),
    outputTokens: t.field({
      type: "BigInt",
      description: "So far, and estimated where the backend has not said.",
      resolve: ({ call }) => call.outputTokens,
    }),
    streamed: t.boolean({ resolve: ({ call }) => call.streamed }),
    since: t.field({ type: "DateTime", resolve: ({ call }) => new Date(Number(call.sinceMs)) }),
    reportedAt: t.field({ type: "DateTime", description: "When the node said so.", resolve: ({ heardAtMs }) => new Date(heardAtMs) }),
  }),
});

/** The oldest first. */
export const listedCalls = (propagation: Pick<Propagation, "heard">, organisationId: string): ListedCall[] =>
  propagation
    .heard()
    .filter(({ live }) => live)
    .flatMap(({ status, heardAtMs }) => status.runningCalls.map((call) => ({ call, status, heardAtMs })))
    .filter(({ call }) => call.organisationId === organisationId)
    .sort((one, other) => Number(one.call.sinceMs - other.call.sinceMs));

builder.queryField("runningCalls", (t) =>
  t.field({
    type: [RunningCallType],
    description:
      "Calls that run now, the oldest first, as live nodes reported within two seconds: of each node the 100 oldest, whoever's they are.",
    authScopes: { viewer: true },
    resolve: (_root, _arguments, context) => listedCalls(context.services.propagation, principalOf(context).organisationId),
  }),
);

const Payload = builder.objectRef<{ readonly callId: string; readonly nodeId: string }>("EndCallPayload").implement({
  fields: (t) => ({
    callId: t.exposeID("callId"),
    nodeId: t.exposeID("nodeId", { description: "Where it ran." }),
    nodeName: t.string({ description: nodeNameDescription, resolve: nodeNameOf(({ nodeId }) => nodeId) }),
  }),
});
const Input = builder.inputType("EndCallInput", { fields: (t) => ({ callId: t.id({ required: true }) }) });

builder.mutationField("endCall", (t) =>
  t.field({
    type: Payload,
    description:
      "Ends a call that runs: its caller is told that an operator did, its backend is let go, and what it used by then is counted.",
    authScopes: { operator: true },
    errors: { types: [NotFoundError] },
    args: { input: t.arg({ type: Input, required: true }) },
    resolve: (_root, { input: { callId } }, context) =>
      endCall(context.services, principalOf(context), callId, (work) => inOrganisation(context, work)),
  }),
);
