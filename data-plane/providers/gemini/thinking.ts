/**
 * How much a model is to think, in the words of its generation: from Gemini 3 on a level, before it a budget in tokens. Pure.
 * Source: ai.google.dev/gemini-api/docs/thinking; the budgets are those of Google's own OpenAI compatibility (docs/openai).
 */
import type { CannotCarry, Json, ReasoningAsked } from "../common-form.ts";

/** Tokens. */
const budgetOf: Readonly<Record<string, number>> = { none: 0, minimal: 1024, low: 1024, medium: 8192, high: 24_576, xhigh: 24_576 };
const levelOf: Readonly<Record<string, string>> = { minimal: "minimal", low: "low", medium: "medium", high: "high", xhigh: "high" };

const takesBudget = /gemini-(?:[12](?:\.\d+)?|robotics|live)-/;

/** undefined: nothing is asked for. */
export function thinkingConfigOf(asked: ReasoningAsked | undefined, model: string, cannotCarry: CannotCarry): Json | undefined {
  if (asked === undefined) return undefined;
  const { effort, tokensMax, enabled, hidden, field } = asked;
  if (effort === "none" || enabled === false) return { thinkingBudget: 0 };
  const shown = hidden ? {} : { includeThoughts: true };
  if (tokensMax !== undefined) return { thinkingBudget: tokensMax, ...shown };
  if (effort === undefined) return shown;
  const budget = budgetOf[effort];
  const level = levelOf[effort];
  if (budget === undefined || level === undefined) {
    cannotCarry(field);
    return undefined;
  }
  return takesBudget.test(model) ? { thinkingBudget: budget, ...shown } : { thinkingLevel: level, ...shown };
}
