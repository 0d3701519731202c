/**
 * Embeddings in Cohere's words. It wants to be told what the vectors are for; unsaid they are for documents that will be searched.
 * Pure. Source: docs.cohere.com/reference/embed.
 */
import type { OperationCall } from "../../pipeline/operation.ts";
import { type Json, objectOf } from "../common-form.ts";
import { type EmbeddingAsked, embeddingAnswer, embeddingAskedOf, inPortions } from "../embedding-form.ts";
import type { MappedOperation } from "../mapped-operation.ts";
import { requestPath } from "./request.ts";
import { vectorsOf } from "./vectors.ts";

const textsMax = 96;
const inputTypes = new Set<string>(["search_document", "search_query", "classification", "clustering"]);

/** Cohere's own models, wherever they stand. */
export function inputTypeOf({ purpose, body }: EmbeddingAsked, { cannotCarry }: Pick<OperationCall, "cannotCarry">): string {
  if (purpose !== undefined && inputTypes.has(purpose)) return purpose;
  if (purpose !== undefined) cannotCarry(body["input_type"] === undefined ? "task_type" : "input_type");
  return "search_document";
}

export const embeddings: MappedOperation = {
  requests(call, pathPrefix) {
    const asked = embeddingAskedOf(call, ["max_tokens", "priority"]);
    const { dimensions, truncate, body } = asked;
    const input_type = inputTypeOf(asked, call);
    const said = (name: string): Json => (body[name] === undefined ? {} : { [name]: body[name] });
    return inPortions(asked.texts, textsMax).map((texts) => ({
      path: requestPath(pathPrefix, "/embed"),
      body: {
        model: call.backend.model,
        input_type,
        texts,
        embedding_types: ["float"],
        ...(dimensions === undefined ? {} : { output_dimension: dimensions }),
        ...(truncate === undefined ? {} : { truncate: truncate.toUpperCase() }),
        ...said("max_tokens"),
        ...said("priority"),
      },
    }));
  },
  answer(call, parts) {
    const billed = parts.map(({ json }) => objectOf(objectOf(json["meta"])["billed_units"]));
    const vectors = parts.flatMap(({ json }) => vectorsOf(json));
    const { texts } = embeddingAskedOf(call, ["max_tokens", "priority"]);
    return embeddingAnswer(
      vectors,
      texts.length,
      billed.map((units) => units["input_tokens"]),
      billed[0],
    );
  },
};
