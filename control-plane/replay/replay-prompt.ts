/**
 * Runs cases that somebody brings against two versions of a prompt and holds the answers side by side: what was said, how long it took,
 * what it cost, and which the judge takes for right. At once, for a handful; runs.ts is for more, and for calls that were logged.
 */
import { ValidationError } from "../control-error.ts";
import type { Services } from "../services.ts";
import { answerText, type NodeAnswer } from "./call-node.ts";
import { routeCaller } from "./call-route.ts";
import { asItIs } from "./candidate.ts";
import { type Judge, judged } from "./judge.ts";

export const casesMax = 50;
const casesAtOnce = 4;

export interface ReplayCase {
  readonly variables: Readonly<Record<string, unknown>>;
  /** After the prompt's own messages; empty: none. */
  readonly input: string;
  /** What the judge looks for; empty: nothing is judged. */
  readonly expected: string;
}

export interface ReplayedAnswer extends NodeAnswer {
  /** Null: nobody judged. */
  readonly passed: boolean | null;
}

export interface ReplayedCase {
  readonly case: ReplayCase;
  readonly baseline: ReplayedAnswer;
  readonly candidate: ReplayedAnswer;
}

/** @throws ValidationError for too many cases, or a route that is not there; ControlError UNAVAILABLE where no node answers. */
export async function replayPrompt(
  services: Pick<Services, "settings" | "propagation" | "database" | "signer">,
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
  const { prompt, cases, judge } = asked;
  if (cases.length === 0 || cases.length > casesMax) throw new ValidationError([{ path: "cases", message: `must be 1 to ${casesMax}` }]);
  const route = { id: "", name: asked.route };
  const call = routeCaller(services, organisationId);
  const results: ReplayedCase[] = [];
  const answer = ({ input, variables }: ReplayCase, version: number): Promise<NodeAnswer> => {
    const messages = input === "" ? [] : [{ role: "user", content: input }];
    return call({ route, request: { messages, prompt: { name: prompt, version, variables } }, candidate: asItIs, mark: "prompt" });
  };
  const ask = async (judgeRoute: string, question: string) => {
    const request = { messages: [{ role: "user", content: question }] };
    return (await call({ route: { id: "", name: judgeRoute }, request, candidate: asItIs, mark: "judge" })).content;
  };
  const waiting = [...cases.entries()];
  await Promise.all(
    Array.from({ length: casesAtOnce }, async () => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
        const [index, one] = next;
        const [baseline, candidate] = await Promise.all([answer(one, asked.baseline), answer(one, asked.candidate)]);
        const said = (given: NodeAnswer) => (given.error === null ? answerText(given) : null);
        const passed =
          judge === undefined
            ? { baseline: null, candidate: null }
            : await judged(
                judge,
                {
                  question: one.input,
                  expected: one.expected,
                  baseline: said(baseline),
                  candidate: said(candidate),
                  baselineFirst: index % 2 === 0,
                },
                ask,
              );
        results[index] = {
          case: one,
          baseline: { ...baseline, passed: passed.baseline },
          candidate: { ...candidate, passed: passed.candidate },
        };
      }
    }),
  );
  return results;
}
