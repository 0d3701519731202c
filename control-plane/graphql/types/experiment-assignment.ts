/** Who takes part in an experiment: namespace and targeting. */
import type { ExperimentCondition, ExperimentNamespace, ExperimentTargeting } from "../../database/entities/experiment.ts";
import { builder } from "../builder.ts";
import { ApiKey } from "./api-key.ts";
import { Project } from "./project.ts";

export const ExperimentNamespaceType = builder.objectRef<ExperimentNamespace>("ExperimentNamespace").implement({
  description: "Experiments with the same namespace exclude each other: each owns a range of its units.",
  fields: (t) => ({
    name: t.exposeString("name"),
    start: t.exposeFloat("start", { description: "0 to 1." }),
    end: t.exposeFloat("end", { description: "Not included." }),
  }),
});

const Condition = builder.objectRef<ExperimentCondition>("ExperimentCondition").implement({
  fields: (t) => ({ name: t.exposeString("name"), values: t.stringList({ resolve: ({ values }) => [...values] }) }),
});

export const ExperimentTargetingType = builder.objectRef<ExperimentTargeting>("ExperimentTargeting").implement({
  description: "Which calls take part. All that is given must hold; an empty list holds for every call.",
  fields: (t) => ({
    apiKeyIds: t.idList({ resolve: ({ apiKeyIds }) => [...apiKeyIds] }),
    apiKeys: t.field({
      type: t.listRef(ApiKey, { nullable: true }),
      description: "In the order of apiKeyIds.",
      resolve: ({ apiKeyIds }, _args, { loaders }) => Promise.all(apiKeyIds.map(async (id) => (await loaders.api_key.load(id)) ?? null)),
    }),
    projectIds: t.idList({ resolve: ({ projectIds }) => [...projectIds] }),
    projects: t.field({
      type: t.listRef(Project, { nullable: true }),
      description: "In the order of projectIds.",
      resolve: ({ projectIds }, _args, { loaders }) => Promise.all(projectIds.map(async (id) => (await loaders.project.load(id)) ?? null)),
    }),
    tags: t.field({ type: [Condition], resolve: ({ tags }) => [...tags] }),
    headers: t.field({ type: [Condition], resolve: ({ headers }) => [...headers] }),
    share: t.exposeFloat("share", { description: "Of the units, above 0 and up to 1, drawn apart from coverage." }),
  }),
});

export const ExperimentNamespaceInput = builder.inputType("ExperimentNamespaceInput", {
  fields: (t) => ({ name: t.string({ required: true }), start: t.float({ required: true }), end: t.float({ required: true }) }),
});

const ConditionInput = builder.inputType("ExperimentConditionInput", {
  description: "The tag or header has one of the values.",
  fields: (t) => ({ name: t.string({ required: true }), values: t.stringList({ required: true }) }),
});

export const ExperimentTargetingInput = builder.inputType("ExperimentTargetingInput", {
  fields: (t) => ({
    apiKeyIds: t.idList(),
    projectIds: t.idList(),
    tags: t.field({ type: [ConditionInput] }),
    headers: t.field({ type: [ConditionInput], description: "Of the caller's request, or its gRPC metadata." }),
    share: t.float({ description: "Default 1." }),
  }),
});

export const targetingOf = (input: typeof ExperimentTargetingInput.$inferInput | null | undefined): ExperimentTargeting | null =>
  input == null
    ? null
    : {
        apiKeyIds: [...(input.apiKeyIds ?? [])],
        projectIds: [...(input.projectIds ?? [])],
        tags: [...(input.tags ?? [])],
        headers: (input.headers ?? []).map(({ name, values }) => ({ name: name.toLowerCase(), values: [...values] })),
        share: input.share ?? 1,
      };
