/** Somebody asks for a protected label to move; somebody else approves or declines. */
import { defineEntity, type InferEntity, p } from "@mikro-orm/core";
import type { ExperimentAnalysis, Rollout } from "../../experiments/definition.ts";
import type { ExperimentUnit } from "./experiment.ts";

/** How a label is moved by steps: the experiment that does it. */
export interface LabelRolloutSettings {
  /** Null: the only route that binds the label. */
  readonly routeId: string | null;
  /** Null: made from prompt, label and version. */
  readonly key: string | null;
  readonly unit: ExperimentUnit;
  readonly fallbackUnit: ExperimentUnit | "";
  readonly rollout: Rollout;
  /** Null: the defaults. */
  readonly analysis: ExperimentAnalysis | null;
}

export const PromptLabelRequest = defineEntity({
  name: "PromptLabelRequest",
  tableName: "prompt_label_request",
  properties: {
    id: p.uuid().primary(),
    organisationId: p.uuid(),
    promptId: p.uuid(),
    label: p.text(),
    /** Where it shall point; null: it shall be protected no longer. */
    version: p.integer().nullable(),
    comment: p.text(),
    /** By steps; null: at once. */
    rollout: p.json<LabelRolloutSettings>().nullable(),
    requestedBy: p.text(),
    requestedAt: p.datetime(),
    state: p.text().$type<"open" | "approved" | "declined">(),
    decidedBy: p.text().nullable(),
    decidedAt: p.datetime().nullable(),
  },
});
export type PromptLabelRequest = InferEntity<typeof PromptLabelRequest>;
