/** Which calls hold something of a quota now. Imported for its side effects by schema.ts. */
import type { LiveHold, LiveReservation, NodeStatus } from "#proto/penstock/config/v1/node_pb.ts";
import { isUuid } from "../../database/config-kinds.ts";
import { builder } from "../builder.ts";
import { principalOf } from "../context.ts";
import { nodeNameDescription, nodeNameOf } from "../node-name.ts";
import { Quota } from "./quota.ts";

interface Listed {
  readonly reservation: LiveReservation;
  readonly status: NodeStatus;
  readonly heardAtMs: number;
}

const HoldType = builder.objectRef<LiveHold>("LiveHold").implement({
  fields: (t) => ({
    quotaId: t.exposeID("quotaId"),
    quota: t.field({
      type: Quota,
      nullable: true,
      resolve: async ({ quotaId }, _args, context) => (isUuid(quotaId) ? ((await context.loaders.quota.load(quotaId)) ?? null) : null),
    }),
    quotaKey: t.exposeString("quotaKey"),
    subject: t.exposeString("subject", { description: "The end user's hash, where each is counted. Empty: all together." }),
    resource: t.exposeString("resource"),
    amount: t.expose("amount", { type: "BigInt", description: "Of cost: nano-dollars." }),
  }),
});

const ReservationType = builder.objectRef<Listed>("LiveReservation").implement({
  description: "What one running call holds: its estimate, or more where it has run on beyond it.",
  fields: (t) => ({
    callId: t.id({ resolve: ({ reservation }) => reservation.callId }),
    nodeId: t.id({ resolve: ({ status }) => status.nodeId }),
    nodeName: t.string({ description: nodeNameDescription, resolve: nodeNameOf(({ status }) => status.nodeId) }),
    projectId: t.id({ resolve: ({ reservation }) => reservation.projectId }),
    apiKeyId: t.id({ resolve: ({ reservation }) => reservation.apiKeyId }),
    routeId: t.id({ resolve: ({ reservation }) => reservation.routeId }),
    routeName: t.string({ resolve: ({ reservation }) => reservation.routeName }),
    since: t.field({ type: "DateTime", resolve: ({ reservation }) => new Date(Number(reservation.sinceMs)) }),
    reportedAt: t.field({ type: "DateTime", description: "When the node said so.", resolve: ({ heardAtMs }) => new Date(heardAtMs) }),
    holds: t.field({ type: [HoldType], resolve: ({ reservation }) => [...reservation.holds] }),
  }),
});

builder.queryField("liveReservations", (t) =>
  t.field({
    type: [ReservationType],
    description:
      "Calls that hold something of a quota now, the oldest first, as live nodes reported within two seconds: of each node the 100 oldest, whoever's they are.",
    authScopes: { viewer: true },
    args: { quotaId: t.arg.id(), apiKeyId: t.arg.id() },
    resolve: (_root, { quotaId, apiKeyId }, context): Listed[] => {
      const { organisationId } = principalOf(context);
      return context.services.propagation
        .heard()
        .filter(({ live }) => live)
        .flatMap(({ status, heardAtMs }) => status.reservations.map((reservation) => ({ reservation, status, heardAtMs })))
        .filter(({ reservation }) => reservation.organisationId === organisationId)
        .filter(({ reservation }) => apiKeyId == null || reservation.apiKeyId === apiKeyId)
        .filter(({ reservation }) => quotaId == null || reservation.holds.some((hold) => hold.quotaId === quotaId))
        .sort((one, other) => Number(one.reservation.sinceMs - other.reservation.sinceMs));
    },
  }),
);
