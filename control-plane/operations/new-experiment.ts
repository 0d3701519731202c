/** What a new experiment has where nobody says otherwise: a draft in which everybody may take part. */
import { randomBytes } from "node:crypto";
import { type ExperimentUnit, everybody, plainComparison } from "../database/entities/experiment.ts";

const hashVersionDefault = 3;

export interface NewAssignment {
  readonly unit: ExperimentUnit;
  readonly fallbackUnit: ExperimentUnit | "";
}

export const newExperiment = ({ unit, fallbackUnit }: NewAssignment) => ({
  ...everybody,
  ...plainComparison,
  unit,
  fallbackUnit,
  seed: randomBytes(16).toString("hex"),
  hashVersion: hashVersionDefault,
  coverage: 1,
  phase: 1,
  status: "draft" as const,
  startedAt: null,
  stoppedAt: null,
});
