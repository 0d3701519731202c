/**
 * Whether a rule fires, and whether somebody is to be told. Pure.
 *
 * A breach fires once it has held for as long as the rule wants, and is over once it has been gone for as long, five minutes at the
 * least, so that a value at its threshold does not go to and fro. What people were last told is kept beside what is: a rule that is
 * muted goes on being looked at, and that it fires is told when it speaks again, if it still holds. That it is over is told to those
 * who heard that it began also while it is muted: a receiver that opened something for it would wait for ever.
 */
export const comparisons = ["above", "below"] as const;
export type Comparison = (typeof comparisons)[number];

export const ruleStates = ["ok", "firing", "no_data"] as const;
export type RuleStateName = (typeof ruleStates)[number];
export type Telling = "fired" | "resolved";

/** Gone for this long at the least before it is over. */
export const calmMsMin = 5 * 60_000;
/** Nobody looked for so long that what was seen before says nothing of the time between. */
const gapMsMax = 3 * 60_000;

export interface RuleCondition {
  readonly comparison: Comparison;
  readonly threshold: number;
  /** Fewer calls in the window: nothing is known. */
  readonly callsMin: number;
  /** 0: fires at once. */
  readonly holdMs: number;
}

/** What one look found. */
export interface Look {
  readonly atMs: number;
  /** Null: of no call there is none. */
  readonly value: number | null;
  readonly calls: number;
  readonly muted: boolean;
}

export interface RuleState {
  readonly state: RuleStateName;
  /** Since when it has been in that state. */
  readonly sinceMs: number;
  /** Since when what is seen asks for the other state; null: it does not. */
  readonly turningSinceMs: number | null;
  readonly lookedAtMs: number;
  /** What people were last told. */
  readonly told: Telling;
}

export interface Decision {
  readonly after: RuleState;
  /** Undefined: nobody is told anything. */
  readonly tell: Telling | undefined;
}

/** Null: too few calls to say. */
export const knownValue = (
  { callsMin }: Pick<RuleCondition, "callsMin">,
  { value, calls }: Pick<Look, "value" | "calls">,
): number | null => (calls < callsMin ? null : value);

export const isBreach = ({ comparison, threshold }: Pick<RuleCondition, "comparison" | "threshold">, value: number | null): boolean =>
  value !== null && (comparison === "above" ? value > threshold : value < threshold);

/** @param before undefined: nobody has looked yet. */
export function decide(condition: RuleCondition, before: RuleState | undefined, look: Look): Decision {
  const value = knownValue(condition, look);
  const breach = isBreach(condition, value);
  const calm: RuleStateName = value === null ? "no_data" : "ok";
  const was = before ?? { state: calm, sinceMs: look.atMs, turningSinceMs: null, lookedAtMs: look.atMs, told: "resolved" as const };
  const fires = was.state === "firing";
  const turning = breach !== fires ? turningSince(was, look.atMs) : null;
  const holdMs = fires ? Math.max(condition.holdMs, calmMsMin) : condition.holdMs;
  const turns = turning !== null && look.atMs - turning >= holdMs;
  const state = turns ? (fires ? calm : "firing") : fires ? "firing" : calm;
  const after: RuleState = {
    state,
    sinceMs: state === was.state ? was.sinceMs : look.atMs,
    turningSinceMs: turns ? null : turning,
    lookedAtMs: look.atMs,
    told: was.told,
  };
  const due: Telling = state === "firing" ? "fired" : "resolved";
  const silent = due === was.told || (look.muted && due === "fired");
  return silent ? { after, tell: undefined } : { after: { ...after, told: due }, tell: due };
}

const turningSince = ({ turningSinceMs, lookedAtMs }: RuleState, atMs: number): number =>
  turningSinceMs === null || atMs - lookedAtMs > gapMsMax ? atMs : turningSinceMs;
