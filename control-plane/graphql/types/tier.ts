/** Tiers of weighted backends: what routes have, and experiments' variants may have instead. */
import type { RouteTarget, RouteTier } from "../../database/entities/route.ts";
import { builder } from "../builder.ts";
import { Backend } from "./backend.ts";

const Target = builder.objectRef<RouteTarget>("RouteTarget").implement({
  fields: (t) => ({
    backendId: t.exposeID("backendId"),
    weight: t.exposeInt("weight", { description: "Over the sum of its tier's weights. 0: takes no calls." }),
    backend: t.field({
      type: Backend,
      nullable: true,
      resolve: async (target, _args, context) => (await context.loaders.backend.load(target.backendId)) ?? null,
    }),
  }),
});

export const Tier = builder.objectRef<RouteTier>("RouteTier").implement({
  description: "Backends that a call is drawn among by weight. The next tier is tried when this one has failed.",
  fields: (t) => ({ targets: t.field({ type: [Target], resolve: (tier) => [...tier.targets] }) }),
});

const TargetInput = builder.inputType("RouteTargetInput", {
  fields: (t) => ({ backendId: t.id({ required: true }), weight: t.int({ required: true }) }),
});

export const TierInput = builder.inputType("RouteTierInput", {
  fields: (t) => ({ targets: t.field({ type: [TargetInput], required: true }) }),
});

export const tiersOf = (input: readonly (typeof TierInput.$inferInput)[]): RouteTier[] =>
  input.map(({ targets }) => ({ targets: targets.map(({ backendId, weight }) => ({ backendId, weight })) }));
