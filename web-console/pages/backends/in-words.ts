/** What pages say of a backend, in a word. */
import { counted, money } from "../../format/numbers.ts";

export interface SeenBackend {
  readonly createdAt: string;
  readonly archivedAt: string | null;
  readonly drainedAt: string | null;
  readonly circuits: readonly SeenCircuit[];
  /** Of the last 24 hours. */
  readonly lastDay: { readonly figures: { readonly calls: string } };
}

interface SeenCircuit {
  readonly state: "CLOSED" | "OPEN" | "HALF_OPEN";
  /** In five minutes. */
  readonly attempts: number;
  readonly lastErrorAt: string | null;
}

interface InAWord {
  readonly word: string;
  readonly tone: "good" | "warn" | "bad" | "neutral";
}

const dayMs = 86_400_000;

/** The worst that any node sees. @returns rank: the worse, the higher. */
export function seenBy(backend: SeenBackend, nowMs = Date.now()): InAWord & { readonly rank: number } {
  const { archivedAt, drainedAt, circuits } = backend;
  if (archivedAt !== null) return { word: "archived", tone: "neutral", rank: 0 };
  if (drainedAt !== null) return { word: "drained", tone: "warn", rank: 3 };
  if (circuits.length === 0) return { word: "no node", tone: "neutral", rank: 2 };
  const passing = circuits.filter(({ state }) => state !== "CLOSED").length;
  if (passing === circuits.length) return { word: "failing", tone: "bad", rank: 5 };
  if (passing > 0) return { word: `failing on ${passing} of ${circuits.length}`, tone: "bad", rank: 4 };
  if (wasTried(backend)) return { word: "healthy", tone: "good", rank: 1 };
  const isNew = nowMs - Date.parse(backend.createdAt) < dayMs;
  return { word: isNew ? "not tried yet" : "not tried in 24 h", tone: "neutral", rank: 2 };
}

const wasTried = ({ circuits, lastDay }: SeenBackend): boolean =>
  lastDay.figures.calls !== "0" || circuits.some(({ attempts, lastErrorAt }) => attempts > 0 || lastErrorAt !== null);

const circuitWords = { CLOSED: "takes calls", OPEN: "passed over", HALF_OPEN: "being tried" } as const;

/** What one node does with it. */
export function takenBy(
  { archivedAt, drainedAt }: Pick<SeenBackend, "archivedAt" | "drainedAt">,
  { state, failuresInRow }: Pick<SeenCircuit, "state"> & { readonly failuresInRow: number },
): InAWord {
  if (archivedAt !== null) return { word: "archived", tone: "neutral" };
  if (drainedAt !== null) return { word: "drained", tone: "warn" };
  return { word: circuitWords[state], tone: state !== "CLOSED" ? "bad" : failuresInRow > 0 ? "warn" : "good" };
}

interface Cost {
  readonly costNanodollars: string;
  /** What they cost is not in it. */
  readonly unpricedCalls: string;
}

/** A sum of which nothing is known is no $0. */
export const costInWords = ({ costNanodollars, unpricedCalls }: Cost): string =>
  unpricedCalls === "0" ? money(costNanodollars) : costNanodollars === "0" ? "unknown" : `${money(costNanodollars)} and more`;

/** Undefined: all that it cost is known. */
export const unpricedInWords = ({ unpricedCalls }: Cost): string | undefined =>
  unpricedCalls === "0" ? undefined : `${counted(BigInt(unpricedCalls), "call")} without a price`;
