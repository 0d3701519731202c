/** What is known of a prompt beside its rows: differences, users, traffic, a dry run. Imported for its side effects by schema.ts. */
import { NotFoundError, ValidationError } from "../../control-error.ts";
import { isUuid } from "../../database/config-kinds.ts";
import { Prompt as PromptEntity } from "../../database/entities/prompt.ts";
import { PromptVersion as PromptVersionEntity } from "../../database/entities/prompt-version.ts";
import type { EntityManager } from "../../database/orm.ts";
import { type PromptDifference, promptDifferences, promptPatch } from "../../operations/compare-prompts.ts";
import {
  dryRun,
  experimentsOfPrompt,
  type PromptUser,
  type PromptVersionMetrics,
  promptVersionMetrics,
  type RenderedMessage,
  usersOfPrompt,
} from "../../operations/prompt-insight.ts";
import { requireStorable } from "../../storable-text.ts";
import { builder } from "../builder.ts";
import { enumOf, inOrganisation } from "../config-type.ts";
import { Experiment } from "./experiment.ts";
import { Prompt, PromptVersion } from "./prompt.ts";

const dayMs = 86_400_000;
const daysMax = 93;
const experimentsShown = 100;

const PromptUserKind = enumOf("PromptUserKind", ["route", "experiment", "prompt"]);
const PromptUserType = builder.objectRef<PromptUser>("PromptUser").implement({
  description: "A route or a variant of a running experiment that binds the prompt, or a version of another prompt that renders it.",
  fields: (t) => ({
    kind: t.field({ type: PromptUserKind, resolve: ({ kind }) => kind }),
    id: t.exposeID("id"),
    name: t.exposeString("name"),
    variant: t.exposeString("variant", { nullable: true }),
    label: t.exposeString("label", { nullable: true }),
    version: t.exposeInt("version", { nullable: true, description: "Of PROMPT: its own that renders this one." }),
  }),
});

const MetricsType = builder.objectRef<PromptVersionMetrics>("PromptVersionMetrics").implement({
  description: "What one version did with the calls that it made.",
  fields: (t) => ({
    version: t.exposeInt("version"),
    calls: t.exposeInt("calls"),
    failedCalls: t.exposeInt("failedCalls", { description: "Neither answered nor the caller's own mistake." }),
    routes: t.stringList({ resolve: ({ routes }) => [...routes] }),
    durationMsP50: t.exposeFloat("durationMsP50", { nullable: true }),
    durationMsP95: t.exposeFloat("durationMsP95", { nullable: true }),
    timeToFirstTokenMsP50: t.exposeFloat("timeToFirstTokenMsP50", { nullable: true }),
    timeToFirstTokenMsP95: t.exposeFloat("timeToFirstTokenMsP95", { nullable: true }),
    inputTokens: t.expose("inputTokens", { type: "BigInt" }),
    outputTokens: t.expose("outputTokens", { type: "BigInt" }),
    costNanodollars: t.expose("costNanodollars", { type: "BigInt" }),
  }),
});

builder.objectFields(Prompt, (t) => ({
  experiments: t.field({
    type: [Experiment],
    description: `Whose variants bring a version of it, in whatever state they are; the newest ${experimentsShown}.`,
    resolve: (row, _args, context) => inOrganisation(context, (em) => experimentsOfPrompt(em, row.id, experimentsShown)),
  }),
  usedBy: t.field({
    type: [PromptUserType],
    resolve: (row, _args, context) => inOrganisation(context, (em) => usersOfPrompt(em, row.id)),
  }),
  versionMetrics: t.field({
    type: [MetricsType],
    description: `Of the versions that were called, the newest first. Default: the last day; at most ${daysMax} days.`,
    args: { since: t.arg({ type: "DateTime" }), until: t.arg({ type: "DateTime" }) },
    resolve: (row, args, context) => {
      const until = args.until ?? new Date();
      const since = args.since ?? new Date(until.getTime() - dayMs);
      const days = (until.getTime() - since.getTime()) / dayMs;
      if (days <= 0 || days > daysMax)
        throw new ValidationError([{ path: "since", message: `must be up to ${daysMax} days before until` }]);
      return inOrganisation(context, (em) => promptVersionMetrics(em, row.id, { since, until }));
    },
  }),
}));

const DifferenceType = builder.objectRef<PromptDifference>("PromptDifference").implement({
  fields: (t) => ({
    path: t.exposeString("path", { description: 'Such as "messages[0].template" or "defaultParameters.temperature".' }),
    before: t.field({ type: "JSON", nullable: true, resolve: ({ before }) => before }),
    after: t.field({ type: "JSON", nullable: true, resolve: ({ after }) => after }),
  }),
});

interface Comparison {
  readonly before: PromptVersionEntity;
  readonly after: PromptVersionEntity;
}
const ComparisonType = builder.objectRef<Comparison>("PromptComparison").implement({
  description: "Two versions of a prompt.",
  fields: (t) => ({
    before: t.field({ type: PromptVersion, resolve: ({ before }) => before }),
    after: t.field({ type: PromptVersion, resolve: ({ after }) => after }),
    differences: t.field({ type: [DifferenceType], resolve: ({ before, after }) => promptDifferences(before, after) }),
    patch: t.string({
      description: "Of the messages, unified. Empty: they are the same.",
      resolve: ({ before, after }) => promptPatch(before, after),
    }),
  }),
});

builder.queryField("comparePromptVersions", (t) =>
  t.field({
    type: ComparisonType,
    authScopes: { viewer: true },
    errors: { types: [NotFoundError], directResult: true },
    args: { promptId: t.arg.id({ required: true }), before: t.arg.int({ required: true }), after: t.arg.int({ required: true }) },
    resolve: (_root, { promptId, before, after }, context) =>
      inOrganisation(context, async (em) => ({
        before: await versionOf(em, promptId, before),
        after: await versionOf(em, promptId, after),
      })),
  }),
);

const RenderedMessageType = builder.objectRef<RenderedMessage>("RenderedMessage").implement({
  fields: (t) => ({ role: t.exposeString("role"), content: t.exposeString("content") }),
});
interface Rendered {
  readonly version: PromptVersionEntity;
  readonly messages: readonly RenderedMessage[];
}
const RenderedPromptType = builder.objectRef<Rendered>("RenderedPrompt").implement({
  fields: (t) => ({
    version: t.field({ type: PromptVersion, resolve: ({ version }) => version }),
    messages: t.field({ type: [RenderedMessageType], resolve: ({ messages }) => [...messages] }),
  }),
});

builder.queryField("renderPrompt", (t) =>
  t.field({
    type: RenderedPromptType,
    description: "What a call with these variables would send, without sending it. Without label and version: production, else latest.",
    authScopes: { viewer: true },
    errors: { types: [ValidationError, NotFoundError], directResult: true },
    args: {
      promptId: t.arg.id({ required: true }),
      label: t.arg.string(),
      version: t.arg.int(),
      variables: t.arg({ type: "JSON" }),
    },
    resolve: (_root, { promptId, label, version, variables }, context) => {
      requireStorable({ label });
      if (variables != null && (typeof variables !== "object" || Array.isArray(variables)))
        throw new ValidationError([{ path: "variables", message: "must be a JSON object" }]);
      return inOrganisation(context, async (em) => {
        const prompt = isUuid(promptId) ? await em.findOne(PromptEntity, { id: promptId }) : null;
        if (prompt === null) throw new NotFoundError("prompt", promptId);
        const number = version ?? (label == null ? (prompt.labels["production"] ?? prompt.labels["latest"]) : prompt.labels[label]);
        if (number === undefined) throw new ValidationError([{ path: "label", message: "the prompt has no version under it" }]);
        const row = await versionOf(em, promptId, number);
        return { version: row, messages: dryRun(row, (variables ?? {}) as Readonly<Record<string, unknown>>) };
      });
    },
  }),
);

interface Folder {
  readonly path: string;
  readonly prompts: number;
}
const FolderType = builder.objectRef<Folder>("PromptFolder").implement({
  fields: (t) => ({ path: t.exposeString("path"), prompts: t.exposeInt("prompts", { description: "Directly in it." }) }),
});
builder.queryField("promptFolders", (t) =>
  t.field({
    type: [FolderType],
    description: "All folders that hold prompts, in order.",
    authScopes: { viewer: true },
    resolve: (_root, _args, context) =>
      inOrganisation(context, (em) =>
        em.execute<Folder[]>(
          "select folder as path, count(*)::int as prompts from prompt where archived_at is null and folder <> '' group by folder order by folder",
        ),
      ),
  }),
);

/** @throws NotFoundError. */
async function versionOf(em: EntityManager, promptId: string, version: number): Promise<PromptVersionEntity> {
  const row = isUuid(promptId) ? await em.findOne(PromptVersionEntity, { promptId, version }) : null;
  if (row === null) throw new NotFoundError("version of this prompt", String(version));
  return row;
}
