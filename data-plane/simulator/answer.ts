/**
 * What the simulated model says to a request: a pure function of request and seed, the same on every machine. In this order:
 *   1. "[refuse]" in the last user message: a refusal
 *   2. tool_choice "required" or a named tool: tool calls
 *   3. "echo: <text>" as the last user message: exactly <text>
 *   4. tools, tool_choice not "none", and the last message is not a tool's answer: tool calls, two where that is allowed
 *   5. response_format: JSON that satisfies the schema, or a small object
 *   6. plain English with words of the question
 * Stop sequences and token limits then cut it. Usage is counted from what is left, by the rule in tokens.ts.
 */
import type { ChatRequest, ChatTool } from "./chat-request.ts";
import { answerTokens, reasoningTokens, topicsOf } from "./plain-text.ts";
import { schemaInstance } from "./schema-instance.ts";
import { digestOf, type Random, seededRandom } from "./seeded-random.ts";
import { invalidField } from "./simulator-error.ts";
import { tokenCountOf, tokensOf } from "./tokens.ts";

export interface AnswerSettings {
  readonly seed: string;
  /** Whether the model thinks aloud before it answers. */
  readonly reasons: boolean;
  /** Exact length of a plain-English answer in tokens; other answers have the length their content needs. */
  readonly tokenCount?: number | undefined;
  /** Put before plain-English answers, for the faults that need certain characters in them. */
  readonly opening?: string | undefined;
  /** A model that writes on past `max_tokens`. */
  readonly ignoresTokensMax?: boolean | undefined;
}

export interface PlannedAnswer {
  readonly id: string;
  readonly model: string;
  readonly choices: readonly PlannedChoice[];
  readonly usage: PlannedUsage;
}

export interface PlannedChoice {
  readonly reasoning: readonly string[];
  readonly said: Said;
  readonly finishReason: "stop" | "length" | "tool_calls";
  /** One for each token of content; undefined where they were not asked for. */
  readonly logprobs: readonly TokenLogprob[] | undefined;
}

/** All texts are lists of tokens. */
export type Said =
  | { readonly type: "content" | "refusal"; readonly tokens: readonly string[] }
  | { readonly type: "tool-calls"; readonly calls: readonly PlannedToolCall[] };

export interface PlannedToolCall {
  readonly id: string;
  readonly name: string;
  readonly argumentTokens: readonly string[];
}

export interface PlannedUsage {
  readonly promptTokens: number;
  /** Of all choices, reasoning included. */
  readonly completionTokens: number;
  readonly reasoningTokens: number;
}

export interface TokenLogprob {
  readonly token: string;
  readonly logprob: number;
  readonly bytes: readonly number[];
  readonly top_logprobs: readonly Omit<TokenLogprob, "top_logprobs">[];
}

/** What a message costs beside its text, and an attachment whatever its size. */
const messageTokens = 3;
const attachmentTokens = 85;
/** Of one answer over all choices: keeps one request from filling the memory. */
const answerTokensMax = 400_000;

/** @throws SimulatorError 400 where a schema cannot be satisfied */
export function planAnswer(request: ChatRequest, settings: AnswerSettings): PlannedAnswer {
  if ((settings.tokenCount ?? 0) * request.choiceCount > answerTokensMax)
    throw invalidField("n", `n times x-sim-tokens must not pass ${answerTokensMax}; ask for less`);
  const digest = digestOf(settings.seed, request.fingerprint);
  const question = request.messages.findLast((message) => message.role === "user")?.text ?? "";
  const topics = topicsOf(question);
  const choices = Array.from({ length: request.choiceCount }, (_, index) => planChoice(request, settings, digest, index, question, topics));
  let completionTokens = 0;
  let reasoningTokenCount = 0;
  for (const choice of choices) {
    reasoningTokenCount += choice.reasoning.length;
    completionTokens += choice.reasoning.length + saidTokens(choice.said);
  }
  return {
    id: `chatcmpl-sim-${digest.slice(0, 24)}`,
    model: request.model,
    choices,
    usage: { promptTokens: promptTokensOf(request), completionTokens, reasoningTokens: reasoningTokenCount },
  };
}

function planChoice(
  request: ChatRequest,
  settings: AnswerSettings,
  digest: string,
  index: number,
  question: string,
  topics: readonly string[],
): PlannedChoice {
  const random = seededRandom(digest, String(index));
  const budget = settings.ignoresTokensMax === true ? Number.POSITIVE_INFINITY : (request.tokensMax ?? Number.POSITIVE_INFINITY);
  const thoughts = settings.reasons && request.reasoningWanted ? reasoningTokens(random, topics) : [];
  const reasoning = thoughts.slice(0, budget);
  const full = say(request, settings, random, question, topics, `${digest}-${index}`);
  const { said, finishReason } = cut(full, budget - reasoning.length, request.stops);
  const logprobs =
    request.topLogprobs !== undefined && said.type === "content" ? logprobsOf(said.tokens, request.topLogprobs, random, topics) : undefined;
  return { reasoning, said, finishReason: reasoning.length < thoughts.length ? "length" : finishReason, logprobs };
}

function say(
  request: ChatRequest,
  settings: AnswerSettings,
  random: Random,
  question: string,
  topics: readonly string[],
  callTag: string,
): Said {
  if (question.includes("[refuse]")) return { type: "refusal", tokens: tokensOf("I'm sorry, but I can't help with that request.") };
  const { toolChoice, tools, format } = request;
  const insists = toolChoice.type === "required" || toolChoice.type === "named";
  const echoed = /^echo: ([\s\S]*)$/.exec(question)?.[1];
  const answersTool = request.messages.at(-1)?.role === "tool";
  if (tools.length > 0 && (insists || (toolChoice.type === "auto" && echoed === undefined && !answersTool))) {
    const chosen = toolChoice.type === "named" ? tools.filter((tool) => tool.name === toolChoice.name).slice(0, 1) : rotated(tools, random);
    const calls = chosen
      .slice(0, request.parallelToolCalls ? 2 : 1)
      .map((tool, index) => callOf(tool, random, topics, `${callTag}-${index}`));
    return { type: "tool-calls", calls };
  }
  if (echoed !== undefined) return { type: "content", tokens: tokensOf(echoed) };
  switch (format.type) {
    case "json_schema": {
      const instance = schemaInstance(format.schema, random, topics, "response_format.json_schema.schema");
      return { type: "content", tokens: tokensOf(JSON.stringify(instance)) };
    }
    case "json_object": {
      const answer = answerTokens(random, topics, 12).join("");
      return { type: "content", tokens: tokensOf(JSON.stringify({ topic: topics[0], answer, certain: random() < 0.5 })) };
    }
    case "text": {
      const { opening } = settings;
      const tokens = answerTokens(random, topics, settings.tokenCount);
      return { type: "content", tokens: opening === undefined ? tokens : tokensOf(opening + tokens.join("")) };
    }
  }
}

/** All tools, from a seeded one on, so that different questions call different tools first. */
function rotated(tools: readonly ChatTool[], random: Random): readonly ChatTool[] {
  const start = Math.floor(random() * tools.length);
  return [...tools.slice(start), ...tools.slice(0, start)];
}

function callOf(tool: ChatTool, random: Random, topics: readonly string[], tag: string): PlannedToolCall {
  const instance = tool.parameters === undefined ? {} : schemaInstance(tool.parameters, random, topics, tool.param);
  return { id: `call_sim_${digestOf(tag).slice(0, 24)}`, name: tool.name, argumentTokens: tokensOf(JSON.stringify(instance)) };
}

/** Cuts to the budget first, then before the first stop sequence, which is the order in which a model would come to them. */
function cut(said: Said, budget: number, stops: readonly string[]): { said: Said; finishReason: PlannedChoice["finishReason"] } {
  if (said.type === "tool-calls") return cutCalls(said.calls, budget);
  const tokens = said.tokens.length > budget ? said.tokens.slice(0, budget) : said.tokens;
  if (stops.length > 0) {
    const text = tokens.join("");
    const ends = stops.map((stop) => text.indexOf(stop)).filter((end) => end >= 0);
    if (ends.length > 0) return { said: { type: said.type, tokens: tokensOf(text.slice(0, Math.min(...ends))) }, finishReason: "stop" };
  }
  return { said: { type: said.type, tokens }, finishReason: tokens === said.tokens ? "stop" : "length" };
}

function cutCalls(calls: readonly PlannedToolCall[], budget: number): { said: Said; finishReason: PlannedChoice["finishReason"] } {
  const kept: PlannedToolCall[] = [];
  let left = budget;
  for (const call of calls) {
    const nameTokens = tokenCountOf(call.name);
    if (left < nameTokens) return { said: { type: "tool-calls", calls: kept }, finishReason: "length" };
    const argumentTokens = call.argumentTokens.slice(0, left - nameTokens);
    kept.push({ ...call, argumentTokens });
    if (argumentTokens.length < call.argumentTokens.length) return { said: { type: "tool-calls", calls: kept }, finishReason: "length" };
    left -= nameTokens + argumentTokens.length;
  }
  return { said: { type: "tool-calls", calls: kept }, finishReason: "tool_calls" };
}

function saidTokens(said: Said): number {
  if (said.type !== "tool-calls") return said.tokens.length;
  return said.calls.reduce((sum, call) => sum + tokenCountOf(call.name) + call.argumentTokens.length, 0);
}

function promptTokensOf(request: ChatRequest): number {
  let count = 0;
  for (const message of request.messages) count += messageTokens + tokenCountOf(message.text) + attachmentTokens * message.attachmentCount;
  for (const tool of request.tools) count += tokenCountOf(tool.definition);
  return count;
}

function logprobsOf(tokens: readonly string[], alternatives: number, random: Random, topics: readonly string[]): TokenLogprob[] {
  const plain = (token: string, logprob: number) => ({ token, logprob, bytes: [...Buffer.from(token)] });
  return tokens.map((token) => {
    const logprob = -Math.round(random() * 1e4) / 1e4;
    const others = Array.from({ length: Math.max(0, alternatives - 1) }, (_, rank) =>
      plain(` ${topics[rank % topics.length]}${rank < topics.length ? "" : rank}`, Math.round((logprob - 1 - rank) * 1e4) / 1e4),
    );
    return { ...plain(token, logprob), top_logprobs: alternatives === 0 ? [] : [plain(token, logprob), ...others] };
  });
}
