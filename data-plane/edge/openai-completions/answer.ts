/** Writes typed events as text completions, whole or in chunks. Source: OpenAI's API reference, "Completions (legacy)". */
import type { CompletionEvent, FinishReason, TokenLogprob, TokenUsage } from "../../pipeline/completion-event.ts";

type Json = Readonly<Record<string, unknown>>;

interface Choice {
  text: string;
  readonly logprobs: TokenLogprob[];
  reason: string | null;
}

export interface TextCompletionAnswer {
  /** The JSON texts of the chunks that tell of it. */
  add(event: CompletionEvent): readonly string[];
  whole(usage: TokenUsage | undefined): Json;
  usageChunk(usage: TokenUsage): Json;
}

export function textCompletionAnswer(id: string, model: string, usageAsked: boolean): TextCompletionAnswer {
  const head = { id, object: "text_completion", created: Math.floor(Date.now() / 1000), model };
  const choices = new Map<number, Choice>();
  const choiceOf = (index: number): Choice => {
    const known = choices.get(index);
    if (known !== undefined) return known;
    const made: Choice = { text: "", logprobs: [], reason: null };
    choices.set(index, made);
    return made;
  };
  const chunk = (index: number, text: string, logprobs: Json | null, reason: string | null): string =>
    JSON.stringify({ ...head, choices: [{ text, index, logprobs, finish_reason: reason }], ...(usageAsked ? { usage: null } : {}) });

  return {
    add(event) {
      switch (event.type) {
        case "content-delta": {
          const choice = choiceOf(event.choice);
          const logprobs = logprobsOf(event.logprobs, choice.text.length);
          choice.text += event.text;
          choice.logprobs.push(...event.logprobs);
          return [chunk(event.choice, event.text, logprobs, null)];
        }
        case "refusal-delta":
          choiceOf(event.choice).text += event.text;
          return [chunk(event.choice, event.text, null, null)];
        case "choice-finished":
          choiceOf(event.choice).reason = reasonOf(event.reason);
          return [chunk(event.choice, "", null, reasonOf(event.reason))];
        default:
          return [];
      }
    },
    whole: (usage) => ({
      ...head,
      choices: [...choices]
        .sort(([a], [b]) => a - b)
        .map(([index, { text, logprobs, reason }]) => ({ text, index, logprobs: logprobsOf(logprobs, 0), finish_reason: reason })),
      ...(usage === undefined ? {} : { usage: usageShown(usage) }),
    }),
    usageChunk: (usage) => ({ ...head, choices: [], usage: usageShown(usage) }),
  };
}

const reasonOf = ({ unified, raw }: FinishReason): string =>
  unified === "stop" || unified === "length" || unified === "content_filter" ? unified : raw;

/** @param offset where the first of these tokens stands in the choice's text, in characters. */
function logprobsOf(tokens: readonly TokenLogprob[], offset: number): Json | null {
  if (tokens.length === 0) return null;
  let at = offset;
  return {
    tokens: tokens.map(({ token }) => token),
    token_logprobs: tokens.map(({ logprob }) => logprob),
    top_logprobs: tokens.map(({ top }) => Object.fromEntries(top.map(({ token, logprob }) => [token, logprob]))),
    text_offset: tokens.map(({ token }) => {
      const start = at;
      at += token.length;
      return start;
    }),
  };
}

const usageShown = ({ inputTokens, outputTokens }: TokenUsage): Json => ({
  prompt_tokens: inputTokens,
  completion_tokens: outputTokens,
  total_tokens: inputTokens + outputTokens,
});
