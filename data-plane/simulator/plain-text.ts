/**
 * Readable English that takes up words of the question, already cut into tokens: sentences are tokenized once when the file
 * is loaded and their gaps are filled with words that are one token each, so that a planned answer needs no tokenizer.
 */
import { pickFrom, pickIndex, type Random } from "./seeded-random.ts";
import { tokensOf } from "./tokens.ts";

/** Stands for a word of the question. Letters only, so that " gap" is one token; never at the start of a sentence. */
const gap = "gapword";

const answerSentences = compile([
  "You asked about gapword, so here is a short and plain answer.",
  "In most cases gapword depends on gapword, and it helps to begin with what is already known.",
  "A good first step is to look at gapword on its own.",
  "Once gapword is clear, gapword becomes much easier to judge.",
  "There are two things to keep in mind: gapword changes slowly, while gapword can change at any time.",
  "If you have to choose, prefer the simpler way and measure gapword before and after.",
  "Many people expect gapword to be the hard part, but it is usually gapword that takes the time.",
  "It is worth writing down what you expect from gapword before you start.",
  "For example, a small test with gapword shows within minutes whether the idea holds.",
  "Nothing here is final; ask again with more detail about gapword and the answer can be more exact.",
  "The short version is that gapword and gapword belong together.",
  "When in doubt, start with gapword and leave gapword for later.",
]);

const reasoningSentences = compile([
  "The question is about gapword, so I should first settle what is meant by it.",
  "There may be a link between gapword and gapword that is easy to miss.",
  "I could start from gapword, but then gapword would be left open.",
  "A short answer is enough here, as long as gapword is covered.",
  "Let me check the case in which gapword is missing.",
]);

// Words that say nothing about the topic. Short words are left out by length already.
const silentWords = new Set(
  "about after again also because been before being between both could does doing down each echo from give have here into just like make more most much need only other over please same should some such tell than that their them then there these they this those through under very want were what when where which while will with word words would write your".split(
    " ",
  ),
);

const topicsMax = 8;
/** Topics come from the first characters alone: a question of megabytes should not cost more than a short one. */
const topicLettersMax = 4_000;

/** Words of the question that an answer can take up; never empty. Each is one token when a space stands before it. */
export function topicsOf(question: string): readonly string[] {
  const topics = new Set<string>();
  for (const [word] of question.slice(0, topicLettersMax).matchAll(/(?<![\p{L}\p{N}_])[A-Za-z]{4,16}(?![\p{L}\p{N}_])/gu)) {
    const lower = word.toLowerCase();
    if (!silentWords.has(lower)) topics.add(lower);
    if (topics.size === topicsMax) break;
  }
  return topics.size > 0 ? [...topics] : ["question", "answer", "detail"];
}

/** Tokens of an answer. Exactly `tokenCount` where it is given, else two to five whole sentences. */
export function answerTokens(random: Random, topics: readonly string[], tokenCount: number | undefined): string[] {
  return tokenCount === undefined
    ? sentences(random, answerSentences, topics, 2 + pickIndex(random, 4))
    : exactly(random, answerSentences, topics, tokenCount);
}

/** Tokens of a train of thought: one to three sentences. */
export const reasoningTokens = (random: Random, topics: readonly string[]): string[] =>
  sentences(random, reasoningSentences, topics, 1 + pickIndex(random, 3));

function sentences(random: Random, from: readonly (readonly string[])[], topics: readonly string[], count: number): string[] {
  const tokens: string[] = [];
  for (let sentence = 0; sentence < count; sentence++) addSentence(tokens, random, from, topics);
  return tokens;
}

function exactly(random: Random, from: readonly (readonly string[])[], topics: readonly string[], tokenCount: number): string[] {
  const tokens: string[] = [];
  while (tokens.length < tokenCount) addSentence(tokens, random, from, topics);
  tokens.length = tokenCount;
  return tokens;
}

function addSentence(tokens: string[], random: Random, from: readonly (readonly string[])[], topics: readonly string[]): void {
  let next = pickIndex(random, topics.length);
  const sentence = pickFrom(random, from);
  const isFirst = tokens.length === 0;
  for (const token of sentence) {
    if (token === ` ${gap}`) tokens.push(` ${topics[next++ % topics.length]}`);
    else tokens.push(token);
  }
  const start = tokens.length - sentence.length;
  if (!isFirst) tokens[start] = ` ${tokens[start]}`;
}

function compile(texts: readonly string[]): readonly (readonly string[])[] {
  return texts.map((text) => tokensOf(text));
}
