/**
 * Runs saved cases against two versions of a prompt and holds the answers side by side: what was said, how long it took, what it
 * cost, and which the judge takes for right.
 */
import { Validator } from "@cfworker/json-schema";
import { ValidationError } from "../control-error.ts";
import type { Services } from "../services.ts";
import { callNode, type NodeAnswer } from "./call-node.ts";

export const casesMax = 50;
const callsAtOnce = 8;

export interface ReplayCase {
  readonly variables: Readonly<Record<string, unknown>>;
  /** After the prompt's own messages; empty: none. */
  readonly input: string;
  /** What the judge looks for; empty: nothing is judged. */
  readonly expected: string;
}

/** exact, contains: of `expected`. json-schema: the answer satisfies it. model: a route is asked to say yes or no. */
export type Judge =
  | { readonly kind: "exact" | "contains" }
  | { readonly kind: "json-schema"; readonly schema: object }
  | { readonly kind: "model"; readonly route: string };

export interface ReplayedAnswer extends NodeAnswer {
  /** Null: nobody judged. */
  readonly passed: boolean | null;
}

export interface ReplayedCase {
  readonly case: ReplayCase;
  readonly baseline: ReplayedAnswer;
  readonly candidate: ReplayedAnswer;
}

/** @throws ValidationError for too many cases, ControlError UNAVAILABLE where no node answers. */
export async function replay(
  services: Pick<Services, "settings" | "propagation">,
  organisationId: string,
  asked: {
    readonly route: string;
    readonly prompt: string;
    readonly baseline: number;
    readonly candidate: number;
    readonly cases: readonly ReplayCase[];
    readonly judge: Judge | undefined;
  },
): Promise<ReplayedCase[]> {
  const { route, prompt, cases, judge } = asked;
  if (cases.length === 0 || cases.length > casesMax) throw new ValidationError([{ path: "cases", message: `must be 1 to ${casesMax}` }]);
  const results: ReplayedCase[] = [];
  const answer = async (one: ReplayCase, version: number): Promise<ReplayedAnswer> => {
    const messages = one.input === "" ? [] : [{ role: "user", content: one.input }];
    const given = await callNode(services, organisationId, {
      model: route,
      messages,
      prompt: { name: prompt, version, variables: one.variables },
    });
    const passed = given.error === null && judge !== undefined ? await judged(services, organisationId, judge, one, given.content) : null;
    return { ...given, passed };
  };
  const waiting = [...cases.entries()];
  await Promise.all(
    Array.from({ length: callsAtOnce / 2 }, async () => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
        const [index, one] = next;
        const [baseline, candidate] = await Promise.all([answer(one, asked.baseline), answer(one, asked.candidate)]);
        results[index] = { case: one, baseline, candidate };
      }
    }),
  );
  return results;
}

async function judged(
  services: Pick<Services, "settings" | "propagation">,
  organisationId: string,
  judge: Judge,
  { expected, input }: ReplayCase,
  content: string,
): Promise<boolean | null> {
  switch (judge.kind) {
    case "exact":
      return expected === "" ? null : content.trim() === expected.trim();
    case "contains":
      return expected === "" ? null : content.includes(expected);
    case "json-schema":
      return satisfies(content, judge.schema);
    case "model": {
      const question = `Question:\n${input}\n\nExpected:\n${expected}\n\nAnswer:\n${content}\n\nIs the answer right? Say yes or no and nothing else.`;
      const verdict = await callNode(services, organisationId, { model: judge.route, messages: [{ role: "user", content: question }] });
      if (/^\W*yes\b/i.test(verdict.content)) return true;
      return /^\W*no\b/i.test(verdict.content) ? false : null;
    }
    default:
      return judge satisfies never;
  }
}

function satisfies(content: string, schema: object): boolean {
  try {
    return new Validator(schema, "2020-12").validate(JSON.parse(content)).valid;
  } catch {
    return false;
  }
}
