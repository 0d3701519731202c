/** The name callers ask for as `model`, and how it is served. Imported for its side effects by schema.ts. */
import { ValidationError } from "../../control-error.ts";
import {
  cacheOf,
  cacheTtlSecondsMax,
  type JsonObject,
  type RouteEconomy,
  Route as RouteRow,
  type RouteTimeouts,
} from "../../database/entities/route.ts";
import { requireStorable } from "../../storable-text.ts";
import { builder } from "../builder.ts";
import { configPayload, waitArguments } from "../config-mutation.ts";
import { addArchive, addQueries, configFields, inOrganisation, mutate } from "../config-type.ts";
import { createErrors, updateErrors } from "../errors.ts";
import { byText } from "../list-order.ts";
import { ContentCapture, ContentCaptureInput, captureOf } from "./content-capture.ts";
import { PromptSelection, PromptSelectionInput, selectionOf } from "./prompt-selection.ts";
import { Tier, TierInput, tiersOf } from "./tier.ts";

const defaults: RouteTimeouts = { queueMs: 0, connectMs: 0, firstByteMs: 0, idleMs: 0, writeStallMs: 0, totalMs: 0 };

const Timeouts = builder.objectRef<RouteTimeouts>("RouteTimeouts").implement({
  description: "Milliseconds. 0: the node's default, which stands beside each.",
  fields: (t) => ({
    queueMs: t.exposeInt("queueMs", { description: "Waiting for a place at a backend: 5000." }),
    connectMs: t.exposeInt("connectMs", { description: "TCP and TLS: 1000." }),
    firstByteMs: t.exposeInt("firstByteMs", { description: "Until the first content: 30000." }),
    idleMs: t.exposeInt("idleMs", { description: "Between two events: 30000." }),
    writeStallMs: t.exposeInt("writeStallMs", { description: "The caller does not read: 30000." }),
    totalMs: t.exposeInt("totalMs", { description: "All of it: 900000." }),
  }),
});

const Economy = builder.objectRef<RouteEconomy>("RouteEconomy").implement({
  description: "How calls save before a budget of theirs is spent.",
  fields: (t) => ({
    budgetPercent: t.exposeInt("budgetPercent", {
      description:
        "When a budget of the caller's organisation, project or key has reached this share of its limit, until its period is over.",
    }),
    firstTier: t.exposeInt("firstTier", { description: "Calls begin with this tier then, counted from 0; those before it are left out." }),
  }),
});

export const Route = builder.objectRef<RouteRow>("Route").implement({
  description: "What callers ask for as `model`.",
  fields: (t) => ({
    ...configFields(t),
    name: t.exposeString("name"),
    description: t.exposeString("description"),
    tiers: t.field({ type: [Tier], resolve: (row) => [...row.tiers] }),
    timeouts: t.field({ type: Timeouts, resolve: (row) => row.timeouts }),
    attemptsMax: t.exposeInt("attemptsMax", { description: "Backends tried at the most. 0: 3." }),
    prompt: t.field({ type: PromptSelection, nullable: true, resolve: (row) => row.prompt ?? null }),
    defaultParameters: t.field({
      type: "JSON",
      nullable: true,
      description: "Given where the caller gave none, in the OpenAI chat API's names.",
      resolve: (row) => row.defaultParameters ?? null,
    }),
    forcedParameters: t.field({
      type: "JSON",
      nullable: true,
      description: "Over the caller's, in the OpenAI chat API's names. Shipping an experiment's variant puts its parameters here.",
      resolve: (row) => row.forcedParameters ?? null,
    }),
    dropParameters: t.stringList({
      description:
        'Fields of a call that are left out where a backend cannot be given them, in the OpenAI chat API\'s names and without places in lists: "seed", "messages.name". The answer says so in x-penstock-dropped. Others are refused by name.',
      resolve: (row) => [...(row.dropParameters ?? [])],
    }),
    cache: t.exposeString("cache", { description: "off, or exact: a call that says the same as one before gets its answer." }),
    cacheTtlSeconds: t.int({
      nullable: true,
      description: "How long an answer is good for the next call that says the same. Null: its cache is off.",
      resolve: (row) => row.cacheTtlSeconds ?? null,
    }),
    economy: t.field({
      type: Economy,
      nullable: true,
      description: "Null: budgets do not change its way.",
      resolve: (row) => row.economy ?? null,
    }),
    contentCapture: t.field({
      type: ContentCapture,
      nullable: true,
      description: "Null: as the caller's project.",
      resolve: (row) => row.contentCapture ?? null,
    }),
  }),
});
addQueries("route", { one: "route", many: "routes", orders: { name: byText("name") } }, Route);

const namedMax = 10;
builder.queryField("routesNamed", (t) =>
  t.field({
    type: t.listRef(Route, { nullable: true }),
    description: `The route that callers reach by each name, in their order. Null: there is none. At most ${namedMax}.`,
    authScopes: { viewer: true },
    args: { names: t.arg.stringList({ required: true }) },
    resolve: async (_root, { names }, context) => {
      if (names.length > namedMax) throw new ValidationError([{ path: "names", message: `may be ${namedMax}` }]);
      for (const name of names) requireStorable({ name });
      const found = await inOrganisation(context, (em) => em.find(RouteRow, { name: { $in: [...names] }, archivedAt: null }));
      return names.map((name) => found.find((one) => one.name === name) ?? null);
    },
  }),
);

const TimeoutsInput = builder.inputType("RouteTimeoutsInput", {
  fields: (t) => ({
    queueMs: t.int(),
    connectMs: t.int(),
    firstByteMs: t.int(),
    idleMs: t.int(),
    writeStallMs: t.int(),
    totalMs: t.int(),
  }),
});

const EconomyInput = builder.inputType("RouteEconomyInput", {
  fields: (t) => ({ budgetPercent: t.int({ required: true }), firstTier: t.int({ required: true }) }),
});

const CreateRouteInput = builder.inputType("CreateRouteInput", {
  fields: (t) => ({
    name: t.string({ required: true }),
    description: t.string(),
    tiers: t.field({ type: [TierInput], required: true }),
    timeouts: t.field({ type: TimeoutsInput }),
    attemptsMax: t.int(),
    prompt: t.field({ type: PromptSelectionInput }),
    defaultParameters: t.field({ type: "JSON" }),
    forcedParameters: t.field({ type: "JSON" }),
    dropParameters: t.stringList(),
    cacheTtlSeconds: t.int({ description: `1 to ${cacheTtlSecondsMax}. Null: answers are not kept.` }),
    economy: t.field({ type: EconomyInput }),
    contentCapture: t.field({ type: ContentCaptureInput }),
  }),
});
const CreateRoutePayload = configPayload("CreateRoutePayload", "route", Route);
builder.mutationField("createRoute", (t) =>
  t.field({
    type: CreateRoutePayload,
    authScopes: { operator: true },
    errors: createErrors,
    args: { ...waitArguments, input: t.arg({ type: CreateRouteInput, required: true }) },
    resolve: (_root, { input, ...wait }, context) =>
      mutate(context, wait, { action: "route.create", summary: `route ${input.name} made` }, async (change) =>
        change.create("route", {
          name: input.name,
          description: input.description ?? "",
          tiers: tiersOf(input.tiers),
          timeouts: timeoutsOf(input.timeouts, defaults),
          attemptsMax: input.attemptsMax ?? 0,
          prompt: input.prompt == null ? null : selectionOf("prompt", input.prompt),
          // Any JSON gets here; check-row.ts refuses what is no object.
          defaultParameters: (input.defaultParameters ?? null) as JsonObject | null,
          forcedParameters: (input.forcedParameters ?? null) as JsonObject | null,
          dropParameters: input.dropParameters == null ? null : [...input.dropParameters],
          ...cacheOf(input.cacheTtlSeconds ?? null),
          economy: input.economy == null ? null : { ...input.economy },
          contentCapture: input.contentCapture == null ? null : captureOf(input.contentCapture),
        }),
      ),
  }),
);

const UpdateRouteInput = builder.inputType("UpdateRouteInput", {
  fields: (t) => ({
    id: t.id({ required: true }),
    expectedRevision: t.int({ required: true }),
    name: t.string(),
    description: t.string(),
    tiers: t.field({ type: [TierInput] }),
    timeouts: t.field({ type: TimeoutsInput, description: "Those that are given; the others stay." }),
    attemptsMax: t.int(),
    prompt: t.field({ type: PromptSelectionInput, description: "Null: none." }),
    defaultParameters: t.field({ type: "JSON", description: "Null: none." }),
    forcedParameters: t.field({ type: "JSON", description: "Null: none." }),
    dropParameters: t.stringList({ description: "All of them. Null: none." }),
    cacheTtlSeconds: t.int({ description: `1 to ${cacheTtlSecondsMax}. Null: answers are not kept.` }),
    economy: t.field({ type: EconomyInput, description: "Null: none." }),
    contentCapture: t.field({ type: ContentCaptureInput, description: "Null: as the caller's project." }),
  }),
});
const UpdateRoutePayload = configPayload("UpdateRoutePayload", "route", Route);
builder.mutationField("updateRoute", (t) =>
  t.field({
    type: UpdateRoutePayload,
    authScopes: { operator: true },
    errors: updateErrors,
    args: { ...waitArguments, input: t.arg({ type: UpdateRouteInput, required: true }) },
    resolve: (_root, { input, ...wait }, context) =>
      mutate(context, wait, { action: "route.update", summary: "route changed" }, async (change) => {
        const row = await change.edit("route", input.id, { expectedRevision: input.expectedRevision });
        row.name = input.name ?? row.name;
        row.description = input.description ?? row.description;
        if (input.tiers != null) row.tiers = tiersOf(input.tiers);
        row.timeouts = timeoutsOf(input.timeouts, row.timeouts);
        row.attemptsMax = input.attemptsMax ?? row.attemptsMax;
        if (input.prompt !== undefined) row.prompt = input.prompt === null ? null : selectionOf("prompt", input.prompt);
        if (input.defaultParameters !== undefined) row.defaultParameters = input.defaultParameters as JsonObject | null;
        if (input.forcedParameters !== undefined) row.forcedParameters = input.forcedParameters as JsonObject | null;
        if (input.dropParameters !== undefined) row.dropParameters = input.dropParameters === null ? null : [...input.dropParameters];
        if (input.cacheTtlSeconds !== undefined) Object.assign(row, cacheOf(input.cacheTtlSeconds));
        if (input.economy !== undefined) row.economy = input.economy === null ? null : { ...input.economy };
        if (input.contentCapture !== undefined) row.contentCapture = input.contentCapture === null ? null : captureOf(input.contentCapture);
        change.describe(`route ${row.name} changed`);
        return row;
      }),
  }),
);

addArchive("route", "route", Route);

function timeoutsOf(input: typeof TimeoutsInput.$inferInput | null | undefined, before: RouteTimeouts): RouteTimeouts {
  return {
    queueMs: input?.queueMs ?? before.queueMs,
    connectMs: input?.connectMs ?? before.connectMs,
    firstByteMs: input?.firstByteMs ?? before.firstByteMs,
    idleMs: input?.idleMs ?? before.idleMs,
    writeStallMs: input?.writeStallMs ?? before.writeStallMs,
    totalMs: input?.totalMs ?? before.totalMs,
  };
}
