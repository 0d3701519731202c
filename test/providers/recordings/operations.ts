/**
 * What embedding and ranking endpoints say that are not OpenAI's, in the shape and with the members of recorded answers.
 * Sources: ai.google.dev/api/embeddings; cloud.google.com/vertex-ai/generative-ai/docs/model-reference/text-embeddings-api;
 * docs.cohere.com/reference/embed, /reference/rerank; docs.aws.amazon.com/bedrock/latest/userguide: model-parameters-titan-embed-text,
 * model-parameters-embed, model-parameters-embed-v4, nova-embed, rerank-supported.
 */
type Json = Record<string, unknown>;

/** Numbers with more digits than a double keeps, as servers in Python write them. */
export const vectorText = (of: number): string => `[0.0${of}3456789012345678, -0.25, 1e-3]`;
export const vector = (of: number): number[] => JSON.parse(vectorText(of)) as number[];
const json = (text: string): string => text.replace(/"vector (\d+)"/g, (_, of: string) => vectorText(Number(of)));
const write = (value: Json): string => json(JSON.stringify(value));

/** The answer of the endpoint at this path to this body; vectors are numbered through all that was asked. */
export function recordedOperation(path: string, body: Json, from: number): { body: string; headers?: Record<string, string> } {
  const vectors = (count: number) => Array.from({ length: count }, (_, i) => `vector ${(from + i) % 10}`);
  const list = (name: string) => body[name] as unknown[];
  if (path.endsWith(":batchEmbedContents")) {
    const embeddings = vectors(list("requests").length).map((values) => ({ values }));
    return { body: write({ embeddings, usageMetadata: { promptTokenCount: 4 * embeddings.length } }) };
  }
  if (path.endsWith(":embedContent"))
    return { body: write({ embedding: { values: vectors(1)[0] }, usageMetadata: { promptTokenCount: 4 }, truncated: false }) };
  if (path.endsWith(":predict")) {
    const predictions = vectors(list("instances").length).map((values) => ({
      embeddings: { statistics: { truncated: false, token_count: 4 }, values },
    }));
    return { body: write({ predictions, metadata: { billableCharacterCount: 11 } }) };
  }
  if (path === "/v2/embed")
    return {
      body: write({
        id: "5807ee2e-0cda-445a-9ec8-864c60a06606",
        embeddings: { float: vectors(list("texts").length) },
        texts: body["texts"],
        response_type: "embeddings_by_type",
        meta: { api_version: { version: "2" }, billed_units: { input_tokens: 4 * list("texts").length } },
      }),
    };
  if (path === "/v2/rerank")
    return {
      body: write({
        results: ranked(list("documents").length),
        id: "07734bd2-2473-4f07-94e1-0d9f0e6843cf",
        meta: { api_version: { version: "2", is_experimental: false }, billed_units: { search_units: 1 } },
      }),
    };
  if (path.includes("titan"))
    return { body: write({ embedding: vectors(1)[0], embeddingsByType: { float: vectors(1)[0] }, inputTextTokenCount: 4 }) };
  if (path.includes("nova"))
    return {
      body: write({ embeddings: [{ embeddingType: "TEXT", embedding: vectors(1)[0] }] }),
      headers: { "x-amzn-bedrock-input-token-count": "4" },
    };
  if (path.includes("rerank"))
    return { body: write({ results: ranked(list("documents").length) }), headers: { "x-amzn-bedrock-input-token-count": "21" } };
  if (path.includes("cohere.embed"))
    return {
      body: write({
        id: "fc5a1c9f",
        embeddings: { float: vectors(list("texts").length) },
        response_type: "embeddings_by_type",
        texts: body["texts"],
      }),
      headers: { "x-amzn-bedrock-input-token-count": String(4 * list("texts").length) },
    };
  throw new Error(`nothing is recorded of ${path}`);
}

const ranked = (count: number): Json[] =>
  Array.from({ length: count }, (_, i) => ({ index: count - 1 - i, relevance_score: 0.999071 / (i + 1) }));
