/**
 * How much a model is to think, in the words of its generation: newer ones take an effort and think as they see fit, older ones
 * a budget in tokens. Pure. Source: the guides "Effort" and "Extended thinking"; budgets begin at 1024 and must stay below max_tokens.
 */

type Json = Readonly<Record<string, unknown>>;

export interface Thinking {
  readonly thinking: Json | undefined;
  readonly effort: string | undefined;
  /** In tokens; 0: none. */
  readonly budget: number;
}

const budgetMin = 1024;
/** Tokens; the steps that other gateways and OpenRouter use. */
const budgetOf: Readonly<Record<string, number>> = { minimal: 1024, low: 2048, medium: 8192, high: 16_384, xhigh: 24_576, max: 32_768 };
const effortOf: Readonly<Record<string, string>> = {
  minimal: "low",
  low: "low",
  medium: "medium",
  high: "high",
  xhigh: "xhigh",
  max: "max",
};

/** Up to the 4.5 generation, whatever the platform writes around the name. */
const takesBudget = /claude-(?:3-|(?:opus|sonnet|haiku)-4(?:-[0-5])?(?:[-@]\d{8}|-v\d|-latest|$))/;

/**
 * @param said `reasoning_effort`, and `reasoning` in OpenRouter's shape.
 * @param tokensMax the caller's limit on the answer; undefined: none.
 * @returns undefined where what was said cannot be meant here.
 */
export function thinkingOf(
  said: { readonly effort: unknown; readonly reasoning: Json },
  model: string,
  tokensMax: number | undefined,
): Thinking | undefined {
  const { reasoning } = said;
  const effort = said.effort ?? reasoning["effort"];
  const tokens = reasoning["max_tokens"];
  const display = reasoning["exclude"] === true ? { display: "omitted" } : {};
  if (effort === "none" || reasoning["enabled"] === false) return { thinking: { type: "disabled" }, effort: undefined, budget: 0 };
  if (typeof tokens === "number") return budgeted(tokens, tokensMax, display);
  if (effort === undefined || effort === null)
    return reasoning["enabled"] === true ? { thinking: { type: "adaptive", ...display }, effort: undefined, budget: 0 } : nothingSaid;
  if (typeof effort !== "string" || !Object.hasOwn(effortOf, effort)) return undefined;
  if (takesBudget.test(model)) return budgeted(budgetOf[effort] ?? budgetMin, tokensMax, display);
  return { thinking: { type: "adaptive", ...display }, effort: effortOf[effort], budget: 0 };
}

const nothingSaid: Thinking = { thinking: undefined, effort: undefined, budget: 0 };

/** A budget must leave something for the answer; where the caller's limit is too small for any, it cannot be given. */
function budgeted(asked: number, tokensMax: number | undefined, display: Json): Thinking | undefined {
  const budget = Math.max(budgetMin, tokensMax === undefined ? asked : Math.min(asked, tokensMax - 1));
  if (tokensMax !== undefined && budget >= tokensMax) return undefined;
  return { thinking: { type: "enabled", budget_tokens: budget, ...display }, effort: undefined, budget };
}
