/**
 * Works on runs: each control plane takes those that nobody works on, a few at a time, makes their calls with the concurrency that was
 * asked for, and writes each result as it comes. Whoever works says so every few seconds; of a process that is gone, another takes over
 * and goes on with the cases that are still waiting. At worst a case that was under way then is called twice.
 */
import { randomUUID } from "node:crypto";
import { ControlError } from "../control-error.ts";
import { DatasetCase } from "../database/entities/dataset.ts";
import { ReplayRun } from "../database/entities/replay-run.ts";
import type { Services } from "../services.ts";
import type { NodeAnswer } from "./call-node.ts";
import { type CallRoute, type RouteCall, routeCaller } from "./call-route.ts";
import { asItIs } from "./candidate.ts";
import { type Judged, judged } from "./judge.ts";
import { loggedCall, questionOf, textOfAnswer } from "./logged-calls.ts";
import type { KeptFigures, KeptTexts } from "./runs.ts";

export interface ReplayRunner {
  /** Lets go of what is under way; another control plane, or this one when it is back, goes on. */
  close(): Promise<void>;
}

const lookMs = 1000;
const heartbeatMs = 2000;
/** Whoever has not been heard for so long is gone. */
const silentSecondsMax = 30;
const runsAtOnce = 2;
/** Of one call of the candidate or the judge. */
const callMs = 120_000;
/** Nodes that are away are waited for, by each case, for so long. */
const nodesAwayMsMax = 60_000;
const textLengthMax = 256 * 1024;

export function startReplayRunner(services: Services): ReplayRunner {
  const { logger } = services;
  const runner = randomUUID();
  const closing = new AbortController();
  const working = new Set<Promise<void>>();
  let looking = false;
  const look = async () => {
    if (looking || working.size >= runsAtOnce) return;
    looking = true;
    try {
      const run = await takeRun(services, runner);
      if (run !== undefined) {
        const work: Promise<void> = workOn(services, runner, run, closing.signal)
          .catch((error: unknown) => stoppedBy(services, run, error, closing.signal))
          .finally(() => working.delete(work));
        working.add(work);
      }
    } catch (error) {
      if (!closing.signal.aborted) logger.debug({ err: error }, "runs could not be looked for");
    } finally {
      looking = false;
    }
  };
  const timer = setInterval(() => void look(), lookMs);
  return {
    close: async () => {
      clearInterval(timer);
      closing.abort(new Error("the control plane shuts down"));
      await Promise.all(working);
      await services.database
        .system((em) =>
          em.execute("update replay_run set runner = null, heartbeat_at = null where runner = ? and state = 'running'", [runner]),
        )
        .catch(() => {});
    },
  };
}

/** With the database away it goes on later; whatever else ends a run would end it again. */
async function stoppedBy({ database, logger }: Services, run: ReplayRun, error: unknown, closing: AbortSignal): Promise<void> {
  if (closing.aborted) return;
  logger.warn({ err: error, run: run.id }, "a replay stopped");
  if (error instanceof ControlError && error.kind === "UNAVAILABLE") return;
  const reason = error instanceof ControlError ? error.message : "internal error; see the control plane's log";
  await database
    .system((em) =>
      em.execute(
        "update replay_run set state = 'failed', reason = ?, finished_at = now(), runner = null where id = ? and state = 'running'",
        [reason, run.id],
      ),
    )
    .catch(() => {});
}

function takeRun({ database }: Services, runner: string): Promise<ReplayRun | undefined> {
  return database.system(async (em) => {
    const [taken] = await em.execute<{ id: string }[]>(
      `update replay_run set runner = ?, heartbeat_at = now(), started_at = coalesce(started_at, now())
       where id = (select id from replay_run where state = 'running'
           and (heartbeat_at is null or heartbeat_at < now() - ? * interval '1 second') order by id limit 1 for update skip locked)
       returning id::text as id`,
      [runner, silentSecondsMax],
    );
    return taken === undefined ? undefined : em.findOneOrFail(ReplayRun, { id: taken.id });
  });
}

async function workOn(services: Services, runner: string, run: ReplayRun, closing: AbortSignal): Promise<void> {
  const { database } = services;
  const stopped = new AbortController();
  const stop = () => stopped.abort(closing.reason);
  closing.addEventListener("abort", stop);
  const heartbeat = setInterval(() => {
    void database
      .system((em) =>
        em.execute<unknown[]>(
          "update replay_run set heartbeat_at = now() where id = ? and runner = ? and state = 'running' returning 1 as one",
          [run.id, runner],
        ),
      )
      .then((rows) => {
        if (rows.length === 0) stopped.abort(new Error("the run was cancelled"));
      })
      .catch(() => {});
  }, heartbeatMs);
  try {
    const waiting = await database.tenant(run.organisationId, (em) =>
      em.execute<WaitingCase[]>(
        `select position, call_id::text as call_id, dataset_case_id::text as dataset_case_id from replay_case
         where run_id = ? and state = 'waiting' order by position`,
        [run.id],
      ),
    );
    const call = patiently(routeCaller(services, run.organisationId), stopped.signal);
    await Promise.all(
      Array.from({ length: run.concurrency }, async () => {
        for (let next = waiting.shift(); next !== undefined && !stopped.signal.aborted; next = waiting.shift())
          await keep(services, run, next, await tried(services, run, next, call, stopped.signal), stopped.signal);
      }),
    );
    if (!stopped.signal.aborted)
      await database.system((em) =>
        em.execute("update replay_run set state = 'finished', finished_at = now(), runner = null where id = ? and state = 'running'", [
          run.id,
        ]),
      );
  } catch (error) {
    // Cancelled, taken over or closing: whoever did that knows. Else the others of this run must not go on by themselves.
    if (!stopped.signal.aborted) {
      stopped.abort(error);
      throw error;
    }
  } finally {
    clearInterval(heartbeat);
    closing.removeEventListener("abort", stop);
  }
}

interface WaitingCase {
  readonly position: number;
  readonly call_id: string | null;
  readonly dataset_case_id: string | null;
}

/** What is to be tried, whatever it comes from. */
interface Source {
  readonly route: RouteCall["route"];
  readonly request: Readonly<Record<string, unknown>>;
  readonly expected: string;
  /** What was answered before; undefined: nothing is known. */
  readonly logged: NodeAnswer | undefined;
  /** Null: for ever. */
  readonly keptUntil: Date | null;
}

interface Outcome {
  readonly skipped: string;
  readonly keptUntil: Date | null;
  readonly expected: string;
  readonly baseline: NodeAnswer | undefined;
  readonly candidate: NodeAnswer | undefined;
  readonly judged: Judged;
}

const undecided: Judged = { baseline: null, candidate: null };
const skip = (reason: string): Outcome => ({
  skipped: reason,
  keptUntil: null,
  expected: "",
  baseline: undefined,
  candidate: undefined,
  judged: undecided,
});

async function tried(services: Services, run: ReplayRun, one: WaitingCase, call: CallRoute, signal: AbortSignal): Promise<Outcome> {
  try {
    const source = await sourceOf(services, run, one);
    if (typeof source === "string") return skip(source);
    const { route, request, expected, logged } = source;
    const common = { route, request, mark: run.id, callMs, signal };
    const again = () => call({ ...common, candidate: asItIs });
    const [baseline, candidate] = await Promise.all([
      run.baseline === "rerun" ? again() : logged,
      call({ ...common, candidate: run.candidate }),
    ]);
    const ask = async (judgeRoute: string, question: string) =>
      (
        await call({
          ...common,
          route: { id: "", name: judgeRoute },
          request: { messages: [{ role: "user", content: question }] },
          candidate: asItIs,
        })
      ).content;
    const answers = {
      question: questionOf(request),
      // What was answered then is what an exact comparison is with, where nobody has said what is right.
      expected:
        expected === "" && (run.judge?.kind === "exact" || run.judge?.kind === "contains") && logged !== undefined
          ? (textOfAnswer(logged) ?? "")
          : expected,
      baseline: baseline === undefined ? null : textOfAnswer(baseline),
      candidate: textOfAnswer(candidate),
      baselineFirst: one.position % 2 === 0,
    };
    return {
      skipped: "",
      keptUntil: source.keptUntil,
      expected,
      baseline,
      candidate,
      judged: run.judge == null ? undecided : await judged(run.judge, answers, ask),
    };
  } catch (error) {
    if (signal.aborted) throw error;
    return skip(error instanceof ControlError ? error.message : "it could not be tried; see the control plane's log");
  }
}

/** @returns why it cannot be tried, where it cannot. */
async function sourceOf({ database }: Services, run: ReplayRun, one: WaitingCase): Promise<Source | string> {
  if (one.call_id !== null) {
    const logged = await loggedCall(database, run.organisationId, one.call_id);
    if (logged === undefined) return "what was said in this call is not kept";
    if (logged.request === undefined) return "the call was longer than what is kept";
    return { route: logged.route, request: logged.request, expected: "", logged: logged.answer, keptUntil: logged.keptUntil };
  }
  const row = await database.tenant(run.organisationId, (em) => em.findOne(DatasetCase, { id: one.dataset_case_id ?? "" }));
  if (row === null) return "the case was taken out of the dataset";
  const request = JSON.parse(row.request) as Record<string, unknown>;
  const model = typeof request["model"] === "string" ? request["model"] : "";
  return { route: { id: "", name: model }, request, expected: row.expected, logged: undefined, keptUntil: null };
}

/** Nodes that restart are no reason to give up a run. */
const patiently =
  (call: CallRoute, signal: AbortSignal): CallRoute =>
  async (asked) => {
    const untilMs = Date.now() + nodesAwayMsMax;
    for (;;) {
      try {
        return await call(asked);
      } catch (error) {
        const away = error instanceof ControlError && error.kind === "UNAVAILABLE" && Date.now() < untilMs;
        if (!away || signal.aborted) throw error;
        await new Promise((resolve) => setTimeout(resolve, lookMs));
      }
    }
  };

async function keep({ database }: Services, run: ReplayRun, one: WaitingCase, outcome: Outcome, signal: AbortSignal): Promise<void> {
  const { baseline, candidate, judged: passed } = outcome;
  const same =
    baseline === undefined || candidate === undefined || baseline.error !== null || candidate.error !== null
      ? undefined
      : textOfAnswer(baseline)?.trim() === textOfAnswer(candidate)?.trim();
  const figures = (answer: NodeAnswer | undefined, judgedSo: boolean | null, alike?: boolean): string | null => {
    if (answer === undefined) return null;
    const { content: _, toolCalls: __, ...rest } = answer;
    const kept: KeptFigures = { ...rest, passed: judgedSo, ...(alike === undefined ? {} : { same: alike }) };
    return textFor(kept);
  };
  const texts = (answer: NodeAnswer | undefined): string | null => {
    if (answer === undefined) return null;
    const kept: KeptTexts = { content: answer.content.slice(0, textLengthMax), toolCalls: answer.toolCalls };
    return JSON.stringify(kept).toWellFormed();
  };
  const write = () =>
    database.tenant(run.organisationId, (em) =>
      em.execute(
        `update replay_case set state = ?, skipped_reason = ?, kept_until = ?, expected = ?, baseline = ?, candidate = ?,
           baseline_content = ?, candidate_content = ?
         where run_id = ? and position = ? and state = 'waiting'`,
        [
          outcome.skipped === "" ? "done" : "skipped",
          outcome.skipped.slice(0, 500),
          outcome.keptUntil?.toISOString() ?? null,
          outcome.expected,
          figures(baseline, passed.baseline),
          figures(candidate, passed.candidate, same),
          texts(baseline),
          texts(candidate),
          run.id,
          one.position,
        ],
      ),
    );
  for (;;) {
    try {
      await write();
      return;
    } catch (error) {
      // The call was paid for: its result is worth waiting for the database.
      if (signal.aborted || !(error instanceof ControlError && error.kind === "UNAVAILABLE")) throw error;
      await new Promise((resolve) => setTimeout(resolve, lookMs));
    }
  }
}

/** JSON that is asked with jsonb, which has no character 0. */
const textFor = (value: object): string => JSON.stringify(value).replaceAll("\\u0000", "\\ufffd").toWellFormed();
