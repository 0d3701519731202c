/** A run of calls against a candidate. Its cases stand in replay_case, and go with it. */
import { defineEntity, type InferEntity, p } from "@mikro-orm/core";
import type { Candidate } from "../../replay/candidate.ts";
import type { Judge } from "../../replay/judge.ts";

export const replayStates = ["running", "finished", "cancelled", "failed"] as const;
export type ReplayState = (typeof replayStates)[number];

/** logged: what the call answered then, or what a dataset's case expects. rerun: the call is made once more as things are now. */
export const replayBaselines = ["logged", "rerun"] as const;
export type ReplayBaseline = (typeof replayBaselines)[number];

export const ReplayRun = defineEntity({
  name: "ReplayRun",
  tableName: "replay_run",
  properties: {
    id: p.uuid().primary(),
    organisationId: p.uuid(),
    name: p.text(),
    createdAt: p.datetime(),
    createdBy: p.text(),
    state: p.text().$type<ReplayState>(),
    /** Why it failed; empty: it did not. */
    reason: p.text(),
    /** Null: calls of the ledger. */
    datasetId: p.uuid().nullable(),
    candidate: p.json<Candidate>(),
    baseline: p.text().$type<ReplayBaseline>(),
    judge: p.json<Judge>().nullable(),
    /** Cases at once, 1 to 16. */
    concurrency: p.integer(),
    cases: p.integer(),
    /** The process that works on it; null: none. */
    runner: p.uuid().nullable(),
    heartbeatAt: p.datetime().nullable(),
    startedAt: p.datetime().nullable(),
    finishedAt: p.datetime().nullable(),
  },
});
export type ReplayRun = InferEntity<typeof ReplayRun>;
