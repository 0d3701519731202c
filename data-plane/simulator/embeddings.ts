/**
 * POST /v1/embeddings. Vectors are sums over the words of a text, each word touching a few dimensions that its hash picks, and
 * have length 1. So the same text has the same vector everywhere, and texts that share words lie close together: enough for
 * demos of similarity, and it costs nothing like a model.
 */
import { seededRandom } from "./seeded-random.ts";
import { invalidField, SimulatorError } from "./simulator-error.ts";
import { tokensOf } from "./tokens.ts";

export interface EmbeddingRequest {
  readonly model: string;
  readonly inputs: readonly EmbeddingInput[];
  readonly dimensions: number;
  readonly encoding: "float" | "base64";
}

/** The words that make the vector, and how many tokens they count as. */
export interface EmbeddingInput {
  readonly words: readonly string[];
  readonly tokenCount: number;
}

const dimensionsDefault = 256;
const dimensionsMax = 3072;
const inputsMax = 2048;
const tokensInInputMax = 8192;
/** Over all inputs, as OpenAI has it: bounds how long one request holds the process. */
const tokensMax = 300_000;
/** How many dimensions one word touches. */
const touched = 12;

/** @throws SimulatorError 400 naming the field */
export function parseEmbeddingRequest(body: unknown, modelDefault: string): EmbeddingRequest {
  if (typeof body !== "object" || body === null || Array.isArray(body))
    throw new SimulatorError(400, "the request body must be a JSON object");
  const { model, input, dimensions, encoding_format: encoding } = body as Readonly<Record<string, unknown>>;
  if (model !== undefined && typeof model !== "string") throw invalidField("model", "model must be a string", "invalid_type");
  if (encoding !== undefined && encoding !== null && encoding !== "float" && encoding !== "base64")
    throw invalidField("encoding_format", "encoding_format must be float or base64", "invalid_value");
  if (dimensions !== undefined && dimensions !== null && !isWhole(dimensions, 1, dimensionsMax))
    throw invalidField("dimensions", `dimensions must be a whole number from 1 to ${dimensionsMax}`, "invalid_value");
  const inputs = inputsOf(input);
  if (inputs.reduce((sum, one) => sum + one.tokenCount, 0) > tokensMax)
    throw invalidField("input", `input holds more than ${tokensMax} tokens; send it in parts`, "max_tokens_per_request");
  return {
    model: model ?? modelDefault,
    inputs,
    dimensions: typeof dimensions === "number" ? dimensions : dimensionsDefault,
    encoding: encoding === "base64" ? "base64" : "float",
  };
}

export function embeddingBody(request: EmbeddingRequest, seed: string): string {
  const tokens = request.inputs.reduce((sum, input) => sum + input.tokenCount, 0);
  const words = new Map<string, WordVector>();
  return JSON.stringify({
    object: "list",
    model: request.model,
    data: request.inputs.map((input, index) => {
      const vector = vectorOf(input, request.dimensions, seed, words);
      return { object: "embedding", index, embedding: request.encoding === "base64" ? base64Of(vector) : [...vector] };
    }),
    usage: { prompt_tokens: tokens, total_tokens: tokens },
  });
}

function inputsOf(input: unknown): readonly EmbeddingInput[] {
  if (typeof input === "string") return [textInput(input, "input")];
  if (!Array.isArray(input) || input.length === 0 || input.length > inputsMax)
    throw invalidField("input", `input must be a text, tokens, or a list of 1 to ${inputsMax} of them`);
  if (input.every((item) => typeof item === "number")) return [tokenInput(input, "input")];
  return input.map((item: unknown, index) => {
    const param = `input[${index}]`;
    if (typeof item === "string") return textInput(item, param);
    if (Array.isArray(item)) return tokenInput(item, param);
    throw invalidField(param, `${param} must be a text or a list of tokens`, "invalid_type");
  });
}

function textInput(text: string, param: string): EmbeddingInput {
  if (text === "") throw invalidField(param, `${param} must not be empty`);
  const tokens = tokensOf(text);
  checkLength(tokens.length, param);
  return { words: tokens.map((token) => token.trim().toLowerCase()).filter((word) => word !== ""), tokenCount: tokens.length };
}

function tokenInput(tokens: readonly unknown[], param: string): EmbeddingInput {
  if (tokens.length === 0 || !tokens.every((token) => isWhole(token, 0, 2 ** 31 - 1)))
    throw invalidField(param, `${param} must be a list of whole numbers, at least one`, "invalid_type");
  checkLength(tokens.length, param);
  return { words: tokens.map((token) => `#${String(token)}`), tokenCount: tokens.length };
}

function checkLength(tokenCount: number, param: string): void {
  if (tokenCount > tokensInInputMax)
    throw invalidField(param, `${param} has ${tokenCount} tokens; the most is ${tokensInInputMax}`, "context_length_exceeded");
}

type WordVector = readonly (readonly [dimension: number, value: number])[];

function vectorOf(input: EmbeddingInput, dimensions: number, seed: string, words: Map<string, WordVector>): Float32Array {
  const vector = new Float32Array(dimensions);
  for (const word of input.words) {
    let parts = words.get(word);
    if (parts === undefined) {
      const random = seededRandom(seed, "embedding", String(dimensions), word);
      parts = Array.from({ length: touched }, () => [Math.floor(random() * dimensions), random() * 2 - 1] as const);
      words.set(word, parts);
    }
    for (const [dimension, value] of parts) vector[dimension] = (vector[dimension] ?? 0) + value;
  }
  const length = Math.hypot(...vector);
  if (length === 0) vector[0] = 1;
  else for (let i = 0; i < dimensions; i++) vector[i] = (vector[i] ?? 0) / length;
  return vector;
}

/** Little-endian float32 on every machine. */
function base64Of(vector: Float32Array): string {
  const bytes = Buffer.alloc(vector.length * 4);
  for (const [index, value] of vector.entries()) bytes.writeFloatLE(value, index * 4);
  return bytes.toString("base64");
}

const isWhole = (value: unknown, min: number, max: number): value is number =>
  typeof value === "number" && Number.isInteger(value) && value >= min && value <= max;
