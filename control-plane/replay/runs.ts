/** Runs of calls against a candidate: made, read, cancelled, deleted. runner.ts works on them. */
import { v7 } from "uuid";
import { auditContent } from "../content/read-content.ts";
import { NotFoundError, ValidationError } from "../control-error.ts";
import { isUuid } from "../database/config-kinds.ts";
import { Dataset, DatasetCase } from "../database/entities/dataset.ts";
import { Prompt } from "../database/entities/prompt.ts";
import { PromptVersion } from "../database/entities/prompt-version.ts";
import { type ReplayBaseline, ReplayRun } from "../database/entities/replay-run.ts";
import type { JsonObject } from "../database/entities/route.ts";
import type { EntityManager } from "../database/orm.ts";
import type { Services } from "../services.ts";
import type { Candidate } from "./candidate.ts";
import type { Judge } from "./judge.ts";
import { type CallsAsked, callsMax, chooseCalls, loggedCall } from "./logged-calls.ts";
import type { ReplayedAnswer } from "./replay-prompt.ts";
import { replayConfiguration } from "./replay-snapshot.ts";

export const concurrencyMax = 16;
const concurrencyDefault = 4;

export interface GivenCandidate {
  readonly promptId?: string | null | undefined;
  readonly version?: number | null | undefined;
  readonly label?: string | null | undefined;
  readonly route?: string | null | undefined;
  readonly revision?: bigint | null | undefined;
  readonly variant?: string | null | undefined;
  readonly backendId?: string | null | undefined;
  readonly parameters?: unknown;
}

export interface RunAsked {
  readonly name: string;
  /** Exactly one of the two. */
  readonly calls: CallsAsked | undefined;
  readonly datasetId: string | undefined;
  readonly candidate: GivenCandidate;
  readonly baseline: ReplayBaseline;
  readonly judge: Judge | undefined;
  readonly concurrency: number | undefined;
}

interface Author {
  readonly actor: string;
  readonly organisationId: string;
}

/** @throws ValidationError, NotFoundError naming what cannot be; then nothing is made. */
export async function makeRun(services: Services, { actor, organisationId }: Author, asked: RunAsked): Promise<ReplayRun> {
  const { database } = services;
  if ((asked.calls === undefined) === (asked.datasetId === undefined))
    throw new ValidationError([{ path: "calls", message: "give calls, or a datasetId, and not both" }]);
  if (asked.concurrency !== undefined && (asked.concurrency < 1 || asked.concurrency > concurrencyMax))
    throw new ValidationError([{ path: "concurrency", message: `must be from 1 to ${concurrencyMax}` }]);
  if (asked.name.length > 200) throw new ValidationError([{ path: "name", message: "may have 200 characters" }]);
  const callIds = asked.calls === undefined ? [] : await chooseCalls(database, organisationId, asked.calls);
  const first = callIds[0] === undefined ? undefined : await loggedCall(database, organisationId, callIds[0]);
  return database.tenant(organisationId, async (em) => {
    const candidate = await candidateOf(em, asked.candidate);
    const cases = asked.datasetId === undefined ? callIds.map((callId) => ({ callId, caseId: null })) : await casesOf(em, asked.datasetId);
    // What it asks for is there: found now and not case by case.
    const route = first?.route ?? (candidate.route === undefined ? undefined : { id: "", name: candidate.route });
    if (route !== undefined) await replayConfiguration(services, em, organisationId, candidate, route, undefined);
    const run = em.create(ReplayRun, {
      id: v7(),
      organisationId,
      name: asked.name,
      createdAt: new Date(),
      createdBy: actor,
      state: "running",
      reason: "",
      datasetId: asked.datasetId ?? null,
      candidate,
      baseline: asked.baseline,
      judge: asked.judge ?? null,
      concurrency: asked.concurrency ?? concurrencyDefault,
      cases: cases.length,
      runner: null,
      heartbeatAt: null,
      startedAt: null,
      finishedAt: null,
    });
    em.persist(run);
    await em.flush();
    await em.execute(
      `insert into replay_case (run_id, organisation_id, position, call_id, dataset_case_id, state, skipped_reason)
       select ?, ?, position::integer, nullif(given->>'callId', '')::uuid, nullif(given->>'caseId', '')::uuid, 'waiting', ''
       from jsonb_array_elements(?::jsonb) with ordinality as listed (given, position)`,
      [run.id, organisationId, JSON.stringify(cases)],
    );
    const details = { candidate: candidate as JsonObject, cases: cases.length };
    auditContent(em, { organisationId, actor, action: "replay.start", target: { kind: "replay_run", id: run.id }, details });
    return run;
  });
}

async function casesOf(em: EntityManager, datasetId: string): Promise<{ callId: null; caseId: string }[]> {
  const dataset = isUuid(datasetId) ? await em.findOne(Dataset, { id: datasetId, archivedAt: null }) : null;
  if (dataset === null) throw new NotFoundError("dataset", datasetId);
  const cases = await em.find(DatasetCase, { datasetId }, { orderBy: { position: "asc" }, fields: ["id"], limit: callsMax + 1 });
  if (cases.length === 0) throw new ValidationError([{ path: "datasetId", message: "the dataset has no cases yet" }]);
  if (cases.length > callsMax) throw new ValidationError([{ path: "datasetId", message: `a run takes ${callsMax} cases at the most` }]);
  return cases.map(({ id }) => ({ callId: null, caseId: id }));
}

/** @throws ValidationError, NotFoundError. A label is followed now: what it points at later is another candidate. */
async function candidateOf(em: EntityManager, given: GivenCandidate): Promise<Candidate> {
  const { promptId, version, label, route, revision, variant, backendId, parameters } = given;
  if (parameters != null && (typeof parameters !== "object" || Array.isArray(parameters)))
    throw new ValidationError([{ path: "candidate.parameters", message: "must be a JSON object" }]);
  if (promptId == null && (version != null || label != null))
    throw new ValidationError([{ path: "candidate.promptId", message: "say of which prompt the version or label is" }]);
  if (version != null && label != null)
    throw new ValidationError([{ path: "candidate.label", message: "give a version or a label, and not both" }]);
  if (backendId != null && !isUuid(backendId)) throw new NotFoundError("backend", backendId);
  return {
    ...(promptId == null ? {} : { prompt: await promptOf(em, promptId, version ?? undefined, label ?? undefined) }),
    ...(route == null ? {} : { route }),
    ...(revision == null ? {} : { revision: revision.toString() }),
    ...(variant == null ? {} : { variant }),
    ...(backendId == null ? {} : { backendId }),
    ...(parameters == null ? {} : { parameters: parameters as JsonObject }),
  };
}

async function promptOf(em: EntityManager, id: string, version: number | undefined, label: string | undefined) {
  const prompt = isUuid(id) ? await em.findOne(Prompt, { id, archivedAt: null }) : null;
  if (prompt === null) throw new NotFoundError("prompt", id);
  const number = version ?? prompt.labels[label ?? "production"] ?? (label === undefined ? prompt.labels["latest"] : undefined);
  if (number === undefined)
    throw new ValidationError([{ path: "candidate.label", message: `the prompt has no label "${label ?? "latest"}"` }]);
  if ((await em.count(PromptVersion, { promptId: id, version: number })) === 0)
    throw new NotFoundError("version of this prompt", String(number));
  return { id, name: prompt.name, version: number, label: label ?? "" };
}

/** What is under way is not waited for: it is let go within a heartbeat. @throws NotFoundError, ValidationError where it is over. */
export async function cancelRun(em: EntityManager, id: string): Promise<ReplayRun> {
  const run = await runOf(em, id);
  if (run.state !== "running") throw new ValidationError([{ path: "id", message: `it is ${run.state} already` }]);
  run.state = "cancelled";
  run.finishedAt = new Date();
  return run;
}

/** With its results. @throws NotFoundError. */
export async function deleteRun(em: EntityManager, id: string): Promise<ReplayRun> {
  const run = await runOf(em, id);
  em.remove(run);
  return run;
}

/** @throws NotFoundError. */
export async function runOf(em: EntityManager, id: string): Promise<ReplayRun> {
  const run = isUuid(id) ? await em.findOne(ReplayRun, { id }) : null;
  if (run === null) throw new NotFoundError("replay run", id);
  return run;
}

/** One case of a run as it came out. Texts are empty once the content is gone that they were made from. */
export interface ReplayResult {
  readonly position: number;
  readonly callId: string | null;
  readonly datasetCaseId: string | null;
  readonly state: "waiting" | "done" | "skipped";
  readonly skippedReason: string;
  readonly expected: string;
  /** Null: not done, or there is nothing to compare with. */
  readonly baseline: ReplayedAnswer | null;
  readonly candidate: ReplayedAnswer | null;
  /** Whether both said the same; null: not done. */
  readonly same: boolean | null;
}

export const resultKinds = ["different", "worse", "error", "skipped"] as const;
export type ResultKind = (typeof resultKinds)[number];

const conditions: { readonly [Kind in ResultKind]: string } = {
  different: "(candidate::jsonb->>'same')::boolean is false",
  worse: "(baseline::jsonb->>'passed')::boolean is true and (candidate::jsonb->>'passed')::boolean is not true",
  error: "candidate::jsonb->>'error' is not null",
  skipped: "state = 'skipped'",
};

export async function resultsOf(
  em: EntityManager,
  runId: string,
  page: { readonly after: number; readonly first: number; readonly only?: ResultKind | undefined },
): Promise<ReplayResult[]> {
  const rows = await em.execute<ResultRow[]>(
    `select position, call_id::text as call_id, dataset_case_id::text as dataset_case_id, state, skipped_reason, expected,
       baseline, candidate, baseline_content, candidate_content
     from replay_case where run_id = ? and position > ? ${page.only === undefined ? "" : `and ${conditions[page.only]}`}
     order by position limit ?`,
    [runId, page.after, page.first],
  );
  return rows.map((row) => {
    const candidate = row.candidate === null ? undefined : (JSON.parse(row.candidate) as KeptFigures);
    return {
      position: row.position,
      callId: row.call_id,
      datasetCaseId: row.dataset_case_id,
      state: row.state,
      skippedReason: row.skipped_reason,
      expected: row.expected ?? "",
      baseline: answerOf(row.baseline, row.baseline_content),
      candidate: answerOf(row.candidate, row.candidate_content),
      same: candidate?.same ?? null,
    };
  });
}

interface ResultRow {
  readonly position: number;
  readonly call_id: string | null;
  readonly dataset_case_id: string | null;
  readonly state: ReplayResult["state"];
  readonly skipped_reason: string;
  readonly expected: string | null;
  readonly baseline: string | null;
  readonly candidate: string | null;
  readonly baseline_content: string | null;
  readonly candidate_content: string | null;
}

/** What of an answer stays when its text is gone; and of the candidate's, whether it said the same. */
export interface KeptFigures extends Omit<ReplayedAnswer, "content" | "toolCalls"> {
  readonly same?: boolean;
}

/** What of it goes with the content. */
export type KeptTexts = Pick<ReplayedAnswer, "content" | "toolCalls">;

function answerOf(figures: string | null, texts: string | null): ReplayedAnswer | null {
  if (figures === null) return null;
  const nothing: KeptTexts = { content: "", toolCalls: [] };
  return { ...(JSON.parse(figures) as KeptFigures), ...(texts === null ? nothing : (JSON.parse(texts) as KeptTexts)) };
}

export interface RunSide {
  readonly passed: number;
  readonly failed: number;
  readonly errors: number;
  readonly durationMsMean: number;
  readonly durationMsP50: number | null;
  readonly durationMsP95: number | null;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly costUsd: number;
}

export interface RunProgress {
  readonly done: number;
  readonly skipped: number;
  readonly different: number;
  readonly baseline: RunSide;
  readonly candidate: RunSide;
}

/** Over what is done by now. */
export async function progressOf(em: EntityManager, runId: string): Promise<RunProgress> {
  const side = (name: "baseline" | "candidate") => `
    count(*) filter (where (${name}::jsonb->>'passed')::boolean)::integer as ${name}_passed,
    count(*) filter (where not (${name}::jsonb->>'passed')::boolean)::integer as ${name}_failed,
    count(*) filter (where ${name}::jsonb->>'error' is not null)::integer as ${name}_errors,
    coalesce(avg((${name}::jsonb->>'durationMs')::float8), 0) as ${name}_duration_mean,
    percentile_disc(0.5) within group (order by (${name}::jsonb->>'durationMs')::float8) as ${name}_duration_p50,
    percentile_disc(0.95) within group (order by (${name}::jsonb->>'durationMs')::float8) as ${name}_duration_p95,
    coalesce(sum((${name}::jsonb->>'inputTokens')::float8), 0) as ${name}_input,
    coalesce(sum((${name}::jsonb->>'outputTokens')::float8), 0) as ${name}_output,
    coalesce(sum((${name}::jsonb->>'costUsd')::float8), 0) as ${name}_cost`;
  const [row] = await em.execute<Record<string, unknown>[]>(
    `select count(*) filter (where state = 'done')::integer as done, count(*) filter (where state = 'skipped')::integer as skipped,
       count(*) filter (where (candidate::jsonb->>'same')::boolean is false)::integer as different, ${side("baseline")}, ${side("candidate")}
     from replay_case where run_id = ?`,
    [runId],
  );
  const number = (name: string) => Number(row?.[name] ?? 0);
  const known = (name: string) => (row?.[name] == null ? null : Number(row[name]));
  const sideOf = (name: string): RunSide => ({
    passed: number(`${name}_passed`),
    failed: number(`${name}_failed`),
    errors: number(`${name}_errors`),
    durationMsMean: number(`${name}_duration_mean`),
    durationMsP50: known(`${name}_duration_p50`),
    durationMsP95: known(`${name}_duration_p95`),
    inputTokens: number(`${name}_input`),
    outputTokens: number(`${name}_output`),
    costUsd: number(`${name}_cost`),
  });
  return {
    done: number("done"),
    skipped: number("skipped"),
    different: number("different"),
    baseline: sideOf("baseline"),
    candidate: sideOf("candidate"),
  };
}
