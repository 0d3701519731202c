/**
 * Embeddings in Google's words, which are three: the Gemini API embeds a hundred texts in one call, Vertex AI embeds instances
 * through `predict` (one at a time where the model is gemini-embedding-001), and its newer models content, one at a time. Pure.
 *
 * Sources: ai.google.dev/api/embeddings; cloud.google.com/vertex-ai/generative-ai/docs/model-reference/text-embeddings-api.
 */
import type { OperationCall } from "../../pipeline/operation.ts";
import { type Json, listOf, objectOf, textOf } from "../common-form.ts";
import { type EmbeddingAsked, type EmbeddingPurpose, embeddingAnswer, embeddingAskedOf, inPortions } from "../embedding-form.ts";
import type { MappedOperation } from "../mapped-operation.ts";
import { modelPath } from "./request.ts";

const tasks: Readonly<Record<EmbeddingPurpose, string>> = {
  search_document: "RETRIEVAL_DOCUMENT",
  search_query: "RETRIEVAL_QUERY",
  classification: "CLASSIFICATION",
  clustering: "CLUSTERING",
  semantic_similarity: "SEMANTIC_SIMILARITY",
  question_answering: "QUESTION_ANSWERING",
  fact_verification: "FACT_VERIFICATION",
  code_retrieval_query: "CODE_RETRIEVAL_QUERY",
};

/** How one of the three is asked and answers. */
interface Wire {
  readonly textsMax: number;
  readonly method: string;
  body(texts: readonly string[], asked: EmbeddingAsked, model: string): Json;
  vectors(answer: Json): readonly unknown[];
  tokens(answer: Json): readonly unknown[];
}

export const embeddings: MappedOperation = {
  requests(call, pathPrefix) {
    const wire = wireOf(call);
    const asked = embeddingAskedOf(call, ["title"]);
    // Google cuts the end off or refuses, and only Vertex AI is told which.
    if (asked.truncate === "start" || (asked.truncate === "none" && wire.method !== "predict")) call.cannotCarry("truncate");
    const path = `${modelPath(pathPrefix, call.backend.model)}:${wire.method}`;
    return inPortions(asked.texts, wire.textsMax).map((texts) => ({ path, body: wire.body(texts, asked, call.backend.model) }));
  },
  answer(call, parts) {
    const wire = wireOf(call);
    const vectors = parts.flatMap(({ json }) => wire.vectors(json));
    const tokens = parts.flatMap(({ json }) => wire.tokens(json));
    return embeddingAnswer(vectors, embeddingAskedOf(call, ["title"]).texts.length, tokens, parts[0]?.json["usageMetadata"] ?? {});
  },
};

const titleOf = ({ body }: EmbeddingAsked): Json => (textOf(body["title"]) === "" ? {} : { title: body["title"] });

const requestOf = (text: string, asked: EmbeddingAsked): Json => ({
  content: { parts: [{ text }] },
  ...(asked.purpose === undefined ? {} : { taskType: tasks[asked.purpose] }),
  ...titleOf(asked),
  ...(asked.dimensions === undefined ? {} : { outputDimensionality: asked.dimensions }),
});

const tokensOfUsage = ({ usageMetadata }: Json): readonly unknown[] => [objectOf(usageMetadata)["promptTokenCount"]];

const batch: Wire = {
  textsMax: 100,
  method: "batchEmbedContents",
  body: (texts, asked, model) => ({
    requests: texts.map((text) => ({ model: model.includes("/") ? model : `models/${model}`, ...requestOf(text, asked) })),
  }),
  vectors: ({ embeddings: said }) => listOf(said).map((one) => objectOf(one)["values"]),
  tokens: tokensOfUsage,
};

const single: Wire = {
  textsMax: 1,
  method: "embedContent",
  body: ([text = ""], asked) => requestOf(text, asked),
  vectors: ({ embedding }) => [objectOf(embedding)["values"]],
  tokens: tokensOfUsage,
};

const predict: Wire = {
  textsMax: 250,
  method: "predict",
  body: (texts, asked) => ({
    instances: texts.map((content) => ({
      content,
      ...(asked.purpose === undefined ? {} : { task_type: tasks[asked.purpose] }),
      ...titleOf(asked),
    })),
    parameters: {
      ...(asked.dimensions === undefined ? {} : { outputDimensionality: asked.dimensions }),
      ...(asked.truncate === undefined ? {} : { autoTruncate: asked.truncate === "end" }),
    },
  }),
  vectors: ({ predictions }) => listOf(predictions).map((one) => objectOf(objectOf(one)["embeddings"])["values"]),
  tokens: ({ predictions }) =>
    listOf(predictions).map((one) => objectOf(objectOf(objectOf(one)["embeddings"])["statistics"])["token_count"]),
};

const predictOne: Wire = { ...predict, textsMax: 1 };

function wireOf({ backend }: OperationCall): Wire {
  const { model, provider } = backend;
  if (!new URL(provider.baseUrl).pathname.includes("/publishers/")) return batch;
  if (!/gemini-embedding/.test(model)) return predict;
  return /gemini-embedding-001/.test(model) ? predictOne : single;
}
