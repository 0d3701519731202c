/** What people should know before they start or end an experiment. Pure. */
import { count, counted, percent } from "../../format/numbers.ts";
import { type ArmRead, armValues } from "./design/design-values.ts";

interface Route {
  readonly lastDay: { readonly figures: { readonly calls: string } };
}

interface Reached {
  readonly route: Route | null;
  readonly evaluation: { readonly variants: readonly { readonly units: number }[] } | null;
}

interface Begun {
  readonly coverage: number;
  readonly rollout: { readonly steps: readonly { readonly share: number }[] } | null;
}

/** By the route's last day. */
export function callsAnHour(route: Route | null): string {
  const calls = Number(route?.lastDay.figures.calls ?? 0);
  if (calls === 0) return "no call in the last 24 hours";
  return calls < 24 ? `${counted(calls, "call")} in the last 24 hours` : `about ${counted(Math.round(calls / 24), "call")} an hour`;
}

export function reachOf({ route, evaluation }: Reached): string {
  const units = evaluation?.variants.reduce((sum, arm) => sum + arm.units, 0) ?? 0;
  return `${callsAnHour(route)} of the route; ${units === 0 ? "no unit has taken part yet" : `${counted(units, "unit")} ${units === 1 ? "has" : "have"} taken part`}`;
}

/** A rollout begins at its first step, with as many left as they are. */
export function shareAtStart({ coverage, rollout }: Begun): string {
  const [step] = rollout?.steps ?? [];
  return step === undefined
    ? percent(coverage)
    : `${percent(step.share)}, and as many to compare with, at the first of ${count(rollout?.steps.length ?? 0)} steps`;
}

/** Each does the same to a call, so there is nothing to find. */
export function areAlike(variants: readonly ArmRead[]): boolean {
  const [first, ...others] = variants.map((arm) => JSON.stringify({ ...armValues(arm), key: "", weight: "" }));
  return others.every((other) => other === first);
}
