/** What is known of a prompt beside its rows: who uses it, what its versions do in production, and what one renders to. */
import { fromBinary } from "@bufbuild/protobuf";
import { compileInputs, derivedInputs, type InputSchema } from "#agreements/prompt-inputs.ts";
import { compileTemplate, MissingVariable } from "#agreements/prompt-template.ts";
import { type PromptBinding, ResourceSchema } from "#proto/penstock/config/v1/snapshot_pb.ts";
import { ValidationError } from "../control-error.ts";
import { ConfigResource } from "../database/entities/config-resource.ts";
import { Experiment } from "../database/entities/experiment.ts";
import type { PromptVersion } from "../database/entities/prompt-version.ts";
import type { EntityManager } from "../database/orm.ts";

export interface PromptUser {
  /** prompt: one that renders it. */
  readonly kind: "route" | "experiment" | "prompt";
  readonly id: string;
  readonly name: string;
  /** Of an experiment; null: a route. */
  readonly variant: string | null;
  /** What it asks for; of a prompt: its own version that renders this one. */
  readonly label: string | null;
  readonly version: number | null;
}

/** Routes and running experiments that bind it, by label or version; prompts that render it, in versions that can be asked for. */
export async function usersOfPrompt(em: EntityManager, promptId: string): Promise<PromptUser[]> {
  const rows = await em.find(
    ConfigResource,
    { referenceIds: { $contains: [promptId] } },
    { orderBy: { kind: "asc", id: "asc" }, disableIdentityMap: true },
  );
  const asked = (binding: PromptBinding) => ({
    label: binding.selector.case === "label" ? binding.selector.value : null,
    version: binding.selector.case === "version" ? binding.selector.value : null,
  });
  const bound = rows.flatMap(({ payload }): PromptUser[] => {
    const { resource } = fromBinary(ResourceSchema, payload);
    if (resource.case === "route" && resource.value.prompt?.promptId === promptId)
      return [{ kind: "route", id: resource.value.id, name: resource.value.name, variant: null, ...asked(resource.value.prompt) }];
    if (resource.case !== "experiment") return [];
    const { id, key, variants } = resource.value;
    return variants.flatMap(({ key: variant, prompt }) =>
      prompt?.promptId === promptId ? [{ kind: "experiment" as const, id, name: key, variant, ...asked(prompt) }] : [],
    );
  });
  const rendering = await em.execute<{ id: string; name: string; version: number }[]>(
    `select other.id::text as id, other.name, version.version from prompt_version as version
     join prompt as other on other.id = version.prompt_id and other.archived_at is null
     join prompt as partial on partial.id = ?
     where version.partials @> jsonb_build_array(jsonb_build_object('name', partial.name))
       and exists (select from jsonb_each_text(other.labels) as label where label.value::integer = version.version)
     order by other.name, version.version desc`,
    [promptId],
  );
  return [...bound, ...rendering.map((row): PromptUser => ({ kind: "prompt", ...row, variant: null, label: null }))];
}

/** Whose variants bring a version of it, in whatever state they are; the newest first. */
export async function experimentsOfPrompt(em: EntityManager, promptId: string, limit: number): Promise<Experiment[]> {
  const found = await em.execute<{ id: string }[]>(
    "select id::text as id from experiment where archived_at is null and variants @> ?::jsonb order by id desc limit ?",
    [JSON.stringify([{ prompt: { promptId } }]), limit],
  );
  return em.find(Experiment, { id: { $in: found.map(({ id }) => id) } }, { orderBy: { id: "desc" } });
}

export interface PromptVersionMetrics {
  readonly version: number;
  readonly calls: number;
  /** Neither answered nor the caller's own mistake. */
  readonly failedCalls: number;
  readonly routes: readonly string[];
  /** Null: no call had one. */
  readonly durationMsP50: number | null;
  readonly durationMsP95: number | null;
  readonly timeToFirstTokenMsP50: number | null;
  readonly timeToFirstTokenMsP95: number | null;
  readonly inputTokens: bigint;
  readonly outputTokens: bigint;
  readonly costNanodollars: bigint;
}

/** Of the versions that were called in the range, the newest first. */
export async function promptVersionMetrics(
  em: EntityManager,
  promptId: string,
  range: { readonly since: Date; readonly until: Date },
): Promise<PromptVersionMetrics[]> {
  const rows = await em.execute<Readonly<Record<string, unknown>>[]>(
    `select prompt_version, count(*)::int as calls,
       (count(*) filter (where outcome in ('upstream_error', 'timeout', 'internal_error')))::int as failed_calls,
       array_agg(distinct route_name) as routes,
       percentile_disc(0.5) within group (order by duration_ms)::float8 as duration_p50,
       percentile_disc(0.95) within group (order by duration_ms)::float8 as duration_p95,
       percentile_disc(0.5) within group (order by time_to_first_token_ms)::float8 as first_token_p50,
       percentile_disc(0.95) within group (order by time_to_first_token_ms)::float8 as first_token_p95,
       coalesce(sum(input_tokens), 0)::text as input_tokens, coalesce(sum(output_tokens), 0)::text as output_tokens,
       coalesce(sum(cost_nanodollars), 0)::text as cost_nanodollars
     from usage_event where prompt_id = ? and started_at >= ? and started_at < ?
     group by prompt_version order by prompt_version desc`,
    [promptId, range.since.toISOString(), range.until.toISOString()],
  );
  const known = (value: unknown) => (value === null || value === undefined ? null : Number(value));
  return rows.map((row) => ({
    version: Number(row["prompt_version"]),
    calls: Number(row["calls"]),
    failedCalls: Number(row["failed_calls"]),
    routes: row["routes"] as readonly string[],
    durationMsP50: known(row["duration_p50"]),
    durationMsP95: known(row["duration_p95"]),
    timeToFirstTokenMsP50: known(row["first_token_p50"]),
    timeToFirstTokenMsP95: known(row["first_token_p95"]),
    inputTokens: BigInt(String(row["input_tokens"])),
    outputTokens: BigInt(String(row["output_tokens"])),
    costNanodollars: BigInt(String(row["cost_nanodollars"])),
  }));
}

export interface RenderedMessage {
  readonly role: string;
  readonly content: string;
}

/** JSON Schema of its variables: the author's, or derived from its templates. */
export const inputsOf = ({ inputs, messages, partials }: PromptVersion): InputSchema =>
  inputs ??
  derivedInputs(
    messages.map(({ template }) => template),
    Object.fromEntries(partials.map(({ name, template }) => [name, template])),
  );

/** What a call with these variables would send, without sending it. @throws ValidationError naming the variable that is wrong. */
export function dryRun(version: PromptVersion, variables: Readonly<Record<string, unknown>>): RenderedMessage[] {
  const fault = compileInputs(inputsOf(version), version.variables).faultIn(variables);
  const refuse = (variable: string, message: string) => new ValidationError([{ path: `variables.${variable}`, message }]);
  if (fault !== undefined)
    throw refuse(
      fault.variable,
      { unknown: "is not used by this version", missing: "is missing", "ill-typed": fault.message }[fault.fault],
    );
  const partials = Object.fromEntries(version.partials.map(({ name, template }) => [name, template]));
  return version.messages.map(({ role, template }, index) => {
    try {
      return { role, content: compileTemplate(template, partials).render(variables) };
    } catch (error) {
      if (error instanceof MissingVariable) throw refuse(error.variable, "is missing");
      throw new ValidationError([{ path: `messages[${index}]`, message: error instanceof Error ? error.message : "cannot be rendered" }]);
    }
  });
}
