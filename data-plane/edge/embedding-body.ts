/**
 * Checks what is asked of an embedding, and gives the vectors in the encoding that was asked for: OpenAI's SDKs ask for base64
 * by themselves, and many servers answer with floats whatever they are asked.
 */
import { GatewayError } from "../gateway-error.ts";
import { AnswerText } from "../pipeline/answer-text.ts";
import { wrongField } from "./operation-body.ts";

type Json = Readonly<Record<string, unknown>>;

const inputsMax = 2048;
const dimensionsMax = 65_536;

/** @throws GatewayError INVALID_ARGUMENT naming the field. */
export function checkEmbeddingBody({ input, dimensions, encoding_format: encoding }: Json): void {
  checkInput(input);
  if (dimensions !== undefined && dimensions !== null && !isWhole(dimensions, 1, dimensionsMax))
    throw wrongField("dimensions", `must be a whole number from 1 to ${dimensionsMax}`);
  if (encoding !== undefined && encoding !== null && encoding !== "float" && encoding !== "base64")
    throw wrongField("encoding_format", "must be float or base64");
}

function checkInput(input: unknown): void {
  const isOne = typeof input === "string" || (Array.isArray(input) && typeof input[0] === "number");
  const inputs: unknown = isOne ? [input] : input;
  if (!Array.isArray(inputs) || inputs.length === 0) throw wrongField("input", "must be a text, a list of tokens, or a list of those");
  if (inputs.length > inputsMax) throw wrongField("input", `must hold at most ${inputsMax} texts`);
  for (const [i, one] of inputs.entries()) checkOne(one, isOne ? "input" : `input[${i}]`);
}

function checkOne(tokens: unknown, field: string): void {
  if (tokens === "") throw wrongField(field, "must not be empty");
  if (typeof tokens === "string") return;
  if (!Array.isArray(tokens) || tokens.length === 0 || !tokens.every((token) => isWhole(token, 0, 2 ** 31 - 1)))
    throw wrongField(field, "must be a text or a list of tokens, at least one");
}

const isWhole = (value: unknown, min: number, max: number): value is number =>
  typeof value === "number" && Number.isInteger(value) && value >= min && value <= max;

interface EmbeddingEntry {
  embedding?: unknown;
}

/** The first vector begins within so many bytes, as a rule. */
const firstVectorBytes = 4096;
const vectorMark = /"embedding"\s*:\s*(["[])/;

/** @param asked the caller's `encoding_format`. The text itself where it has that encoding already. */
export function inEncoding(text: AnswerText, asked: unknown): AnswerText {
  const mark = (vectorMark.exec(text.slice(0, firstVectorBytes)) ?? vectorMark.exec(text.toString()))?.[1];
  if (mark === undefined || (mark === '"') === (asked === "base64")) return text;
  const answer = JSON.parse(text.toString()) as { data?: EmbeddingEntry[] };
  for (const entry of answer.data ?? []) {
    if (asked === "base64" && Array.isArray(entry.embedding)) entry.embedding = base64Of(entry.embedding as number[]);
    else if (asked !== "base64" && typeof entry.embedding === "string") entry.embedding = floatsOf(entry.embedding);
  }
  return AnswerText.of(JSON.stringify(answer));
}

/** Little-endian 32-bit floats, as OpenAI has them. */
export function floatsOf(base64: string): number[] {
  const bytes = Buffer.from(base64, "base64");
  if (bytes.length % 4 !== 0) throw new GatewayError("UPSTREAM_PROTOCOL", "the backend sent a vector that is cut");
  return Array.from({ length: bytes.length / 4 }, (_, i) => bytes.readFloatLE(i * 4));
}

function base64Of(values: readonly number[]): string {
  const bytes = Buffer.alloc(values.length * 4);
  for (const [i, value] of values.entries()) bytes.writeFloatLE(value, i * 4);
  return bytes.toString("base64");
}
