/**
 * The models that the simulator serves, how fast each is, and the `x-sim-*` headers that change one call. Fault models are
 * `sim-fault-<name>`, one for each row of faults.ts.
 */
import { type Fault, faultNames, isFaultName, parseFault } from "./faults.ts";
import { pickFrom, type Random } from "./seeded-random.ts";
import { SimulatorError } from "./simulator-error.ts";

export interface SimulatedModel {
  readonly id: string;
  readonly serves: "chat" | "embeddings" | "moderations" | "all";
  /** To the first event, in milliseconds. Each call gets 80 to 120 % of it, by its seed. */
  readonly ttftMs: number;
  /** Between content chunks, in milliseconds. */
  readonly gapMs: number;
  readonly reasons: boolean;
  readonly fault: Fault | "some-calls" | undefined;
}

/** For a request that names none. */
export const modelDefault = "sim-fast";

const chat = { serves: "chat", reasons: false, fault: undefined } as const;

const models: readonly SimulatedModel[] = [
  { ...chat, id: modelDefault, ttftMs: 20, gapMs: 5 },
  { ...chat, id: "sim-instant", ttftMs: 0, gapMs: 0 },
  { ...chat, id: "sim-slow", ttftMs: 600, gapMs: 60 },
  { ...chat, id: "sim-flaky", ttftMs: 20, gapMs: 5, fault: "some-calls" },
  { ...chat, id: "sim-reasoning", ttftMs: 50, gapMs: 5, reasons: true },
  { ...chat, id: "sim-embed", ttftMs: 5, gapMs: 0, serves: "embeddings" },
  { ...chat, id: "sim-moderation", ttftMs: 5, gapMs: 0, serves: "moderations" },
  ...faultNames.map((name) => ({
    ...chat,
    id: `sim-fault-${name}`,
    ttftMs: 5,
    gapMs: 1,
    serves: "all" as const,
    fault: parseFault(name),
  })),
];

const byId = new Map(models.map((model) => [model.id, model]));

export const modelList: readonly SimulatedModel[] = models;

/** @throws SimulatorError 404. "sim-fault-stall:7" is the fault model with its number. */
export function modelNamed(id: string): SimulatedModel {
  const known = byId.get(id);
  if (known !== undefined) return known;
  const [, name = "", number] = /^sim-fault-([^:]+):(\d+)$/.exec(id) ?? [];
  const plain = byId.get(`sim-fault-${name}`);
  if (plain !== undefined && isFaultName(name)) return { ...plain, id, fault: parseFault(`${name}:${number}`) };
  const plainIds = models.filter((model) => !model.id.startsWith("sim-fault-")).map((model) => model.id);
  throw new SimulatorError(404, `The model "${id}" does not exist. Use ${plainIds.join(", ")} or sim-fault-<name>.`, {
    param: "model",
    code: "model_not_found",
  });
}

/** What happens to three calls in ten on sim-flaky. */
const flakyFaults = ["error-500", "rate-limit-seconds", "cut-rst"] as const;
const flakyShare = 0.3;

export const flakyFault = (random: Random): Fault | undefined =>
  random() < flakyShare ? parseFault(pickFrom(random, flakyFaults)) : undefined;

/** What `x-sim-*` headers ask for; only the simulator reads them. */
export interface Overrides {
  readonly ttftMs: number | undefined;
  readonly gapMs: number | undefined;
  /** Length of plain-English answers. */
  readonly tokenCount: number | undefined;
  readonly chunkTokens: number;
  readonly seed: string | undefined;
  readonly fault: Fault | undefined;
}

const noOverrides: Overrides = {
  ttftMs: undefined,
  gapMs: undefined,
  tokenCount: undefined,
  chunkTokens: 1,
  seed: undefined,
  fault: undefined,
};

const waitMsMax = 600_000;
const tokensMax = 100_000;

/**
 * x-sim-ttft-ms, x-sim-gap-ms, x-sim-tokens, x-sim-chunk-tokens, x-sim-tokens-per-second (sets the gap), x-sim-seed, x-sim-fault.
 * @throws SimulatorError 400 naming the header
 */
export function parseOverrides(headers: Readonly<Record<string, string | string[] | undefined>>): Overrides {
  let any = false;
  for (const name in headers) if (name.startsWith("x-sim-")) any = true;
  if (!any) return noOverrides;
  const number = (name: string, min: number, max: number, whole: boolean): number | undefined => {
    const text = headers[name];
    if (text === undefined) return undefined;
    const value = Number(text);
    if (String(text).trim() === "" || !(value >= min && value <= max) || (whole && !Number.isInteger(value)))
      throw new SimulatorError(400, `${name} must be a ${whole ? "whole " : ""}number from ${min} to ${max}`, { param: name });
    return value;
  };
  const chunkTokens = number("x-sim-chunk-tokens", 1, tokensMax, true) ?? 1;
  const tokensPerSecond = number("x-sim-tokens-per-second", 0.01, 1e9, false);
  const fault = headers["x-sim-fault"];
  return {
    ttftMs: number("x-sim-ttft-ms", 0, waitMsMax, false),
    gapMs:
      number("x-sim-gap-ms", 0, waitMsMax, false) ?? (tokensPerSecond === undefined ? undefined : (1000 * chunkTokens) / tokensPerSecond),
    tokenCount: number("x-sim-tokens", 1, tokensMax, true),
    chunkTokens,
    seed: headers["x-sim-seed"] === undefined ? undefined : String(headers["x-sim-seed"]),
    fault: fault === undefined ? undefined : parseFault(String(fault)),
  };
}
