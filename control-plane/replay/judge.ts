/** Says which answers are right: by comparing, by a schema, or by asking a model through a route. */
import { Validator } from "@cfworker/json-schema";
import { faultsInSchema } from "#agreements/prompt-inputs.ts";
import { ValidationError } from "../control-error.ts";

export const judgeKinds = ["exact", "contains", "json-schema", "model"] as const;

/**
 * exact: the answer is `expected`. contains: it contains `text`, or else `expected`. json-schema: it is JSON that satisfies the schema.
 * model: a route is asked. Where something is expected: whether the answer is right. Else: whether the candidate's answer is at least as
 * good as the baseline's.
 */
export type Judge =
  | { readonly kind: "exact" }
  | { readonly kind: "contains"; readonly text: string }
  | { readonly kind: "json-schema"; readonly schema: object }
  | { readonly kind: "model"; readonly route: string; readonly criteria: string };

export interface Judged {
  /** Null: nobody could say. */
  readonly baseline: boolean | null;
  readonly candidate: boolean | null;
}

export interface AnswersToJudge {
  /** What was asked. */
  readonly question: string;
  /** Empty: nothing is known to be right. */
  readonly expected: string;
  /** Null: there is none, because the call failed. */
  readonly baseline: string | null;
  readonly candidate: string | null;
  /** Whether the baseline stands first before a model: judges favour what stands there. */
  readonly baselineFirst: boolean;
}

/** Asks the judge's route; the answer's text. */
export type AskModel = (route: string, question: string) => Promise<string>;

export async function judged(judge: Judge, answers: AnswersToJudge, ask: AskModel): Promise<Judged> {
  if (judge.kind === "model" && answers.expected === "") return compared(judge, answers, ask);
  const of = async (content: string | null) => (content === null ? null : judgedAlone(judge, answers, content, ask));
  const [baseline, candidate] = await Promise.all([of(answers.baseline), of(answers.candidate)]);
  return { baseline, candidate };
}

async function judgedAlone(judge: Judge, { question, expected }: AnswersToJudge, content: string, ask: AskModel): Promise<boolean | null> {
  switch (judge.kind) {
    case "exact":
      return expected === "" ? null : content.trim() === expected.trim();
    case "contains": {
      const wanted = judge.text === "" ? expected : judge.text;
      return wanted === "" ? null : content.includes(wanted);
    }
    case "json-schema":
      return satisfies(content, judge.schema);
    case "model":
      return yesOrNo(
        await ask(
          judge.route,
          `${criteriaOf(judge)}Question:\n${question}\n\nExpected:\n${expected}\n\nAnswer:\n${content}\n\nIs the answer right? Say yes or no and nothing else.`,
        ),
      );
    default:
      return judge satisfies never;
  }
}

async function compared(
  judge: Extract<Judge, { kind: "model" }>,
  { question, baseline, candidate, baselineFirst }: AnswersToJudge,
  ask: AskModel,
): Promise<Judged> {
  if (baseline === null || candidate === null) return { baseline: null, candidate: null };
  const [first, second] = baselineFirst ? [baseline, candidate] : [candidate, baseline];
  const verdict = await ask(
    judge.route,
    `${criteriaOf(judge)}Question:\n${question}\n\nAnswer A:\n${first}\n\nAnswer B:\n${second}\n\nWhich is better? Say A, B or same and nothing else.`,
  );
  const better = /^\W*(A|B|same)\b/i.exec(verdict)?.[1]?.toUpperCase();
  if (better === undefined) return { baseline: null, candidate: null };
  const worse = (mine: "A" | "B") => better !== "SAME" && better !== mine;
  return { baseline: !worse(baselineFirst ? "A" : "B"), candidate: !worse(baselineFirst ? "B" : "A") };
}

const criteriaOf = ({ criteria }: { readonly criteria: string }): string => (criteria === "" ? "" : `Criteria:\n${criteria}\n\n`);

function yesOrNo(verdict: string): boolean | null {
  if (/^\W*yes\b/i.test(verdict)) return true;
  return /^\W*no\b/i.test(verdict) ? false : null;
}

function satisfies(content: string, schema: object): boolean {
  try {
    return new Validator(schema, "2020-12").validate(JSON.parse(content)).valid;
  } catch {
    return false;
  }
}

export interface GivenJudge {
  readonly kind: Judge["kind"];
  readonly text?: string | null | undefined;
  readonly schema?: unknown;
  readonly route?: string | null | undefined;
  readonly criteria?: string | null | undefined;
}

const criteriaLengthMax = 4000;

/** @throws ValidationError naming what is missing or cannot be. */
export function judgeOf({ kind, text, schema, route, criteria }: GivenJudge): Judge {
  switch (kind) {
    case "exact":
      return { kind };
    case "contains":
      return { kind, text: text ?? "" };
    case "json-schema": {
      // The answer may be any JSON; what must not be is a schema that could stop us.
      const [fault] = faultsInSchema({ type: "object", properties: { answer: schema ?? null } }, []);
      if (schema == null || typeof schema !== "object" || fault !== undefined)
        throw new ValidationError([{ path: "judge.schema", message: fault ?? "must be a JSON object" }]);
      return { kind, schema };
    }
    case "model":
      if (route == null || route === "") throw new ValidationError([{ path: "judge.route", message: "say which route is asked" }]);
      if ((criteria?.length ?? 0) > criteriaLengthMax)
        throw new ValidationError([{ path: "judge.criteria", message: `may have ${criteriaLengthMax} characters` }]);
      return { kind, route, criteria: criteria ?? "" };
    default:
      return kind satisfies never;
  }
}
