/**
 * What calls are tried with: another version of a prompt, another route, a route as it was at another revision, a variant of its
 * experiment, one backend alone, other parameters; or several of these at once. What is not said is as it is now.
 */
import type { JsonObject } from "../database/entities/route.ts";

export interface Candidate {
  /** By version: where a label was given, what it pointed at when the run was made. */
  readonly prompt?: { readonly id: string; readonly name: string; readonly version: number; readonly label: string } | undefined;
  /** Its name. Absent: the call's own. */
  readonly route?: string | undefined;
  /** Decimal. */
  readonly revision?: string | undefined;
  /** Of the route's experiment. */
  readonly variant?: string | undefined;
  readonly backendId?: string | undefined;
  /** Over the call's own, in the OpenAI chat API's names. */
  readonly parameters?: JsonObject | undefined;
}

/** What calls are made with now. */
export const asItIs: Candidate = {};

type ChatBody = Record<string, unknown>;

/** What tells whose call it was, or how its answer travelled: a replay is nobody's call. */
const notReplayed = ["stream", "stream_options", "user", "safety_identifier", "metadata", "store", "model", "prompt_cache_key"] as const;

/** The body of a call with the candidate in place of what it had. `model` is left to whoever makes the call. */
export function bodyWith(request: Readonly<Record<string, unknown>>, { prompt, parameters }: Candidate): ChatBody {
  const body: ChatBody = Object.fromEntries(Object.entries(request).filter(([name]) => !(notReplayed as readonly string[]).includes(name)));
  for (const [name, value] of Object.entries(parameters ?? {})) body[name] = value;
  const own = body["prompt"] as { readonly variables?: unknown } | undefined;
  if (prompt !== undefined) body["prompt"] = { name: prompt.name, version: prompt.version, variables: own?.variables ?? {} };
  return body;
}

/** The prompt that a body asks for; undefined: the route's, or none. */
export function promptAsked(body: ChatBody): { readonly name: string; readonly version: number | undefined } | undefined {
  const { name, version } = (body["prompt"] ?? {}) as { readonly name?: unknown; readonly version?: unknown };
  return typeof name === "string" && name !== "" ? { name, version: typeof version === "number" ? version : undefined } : undefined;
}
