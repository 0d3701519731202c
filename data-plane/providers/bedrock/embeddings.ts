/**
 * Embeddings through InvokeModel, where each family of models has words of its own: Amazon's Titan takes one text, its Nova one in
 * an envelope, Cohere's take 96. Where the answer itself does not count the tokens, a header of Bedrock's does. Pure.
 *
 * Sources: docs.aws.amazon.com/bedrock/latest/userguide: model-parameters-titan-embed-text, model-parameters-embed,
 * model-parameters-embed-v4, nova-embed.
 */
import { GatewayError } from "../../gateway-error.ts";
import type { OperationCall } from "../../pipeline/operation.ts";
import { inputTypeOf } from "../cohere/embeddings.ts";
import { vectorsOf } from "../cohere/vectors.ts";
import { type Json, listOf, objectOf } from "../common-form.ts";
import { type EmbeddingAsked, type EmbeddingPurpose, embeddingAnswer, embeddingAskedOf, inPortions } from "../embedding-form.ts";
import type { MappedOperation, PartAnswer } from "../mapped-operation.ts";
import { invokePath } from "./request.ts";

interface Family {
  readonly textsMax: number;
  /** What it knows besides. */
  readonly known: readonly string[];
  body(texts: readonly string[], asked: EmbeddingAsked, call: OperationCall): Json;
  vectors(answer: Json): readonly unknown[];
}

export const embeddings: MappedOperation = {
  requests(call, pathPrefix) {
    const family = familyOf(call);
    const asked = embeddingAskedOf(call, family.known);
    const path = invokePath(pathPrefix, call.backend.model);
    return inPortions(asked.texts, family.textsMax).map((texts) => ({ path, body: family.body(texts, asked, call) }));
  },
  answer(call, parts) {
    const family = familyOf(call);
    const vectors = parts.flatMap(({ json }) => family.vectors(json));
    const tokens = parts.map(tokensOf);
    return embeddingAnswer(vectors, embeddingAskedOf(call, family.known).texts.length, tokens, { inputTextTokenCount: tokens[0] });
  },
};

export const tokensOf = ({ json, header }: PartAnswer): unknown =>
  json["inputTextTokenCount"] ?? header("x-amzn-bedrock-input-token-count");

const titan: Family = {
  textsMax: 1,
  known: ["normalize"],
  body: ([inputText = ""], { dimensions, truncate, purpose, body }, { cannotCarry }) => {
    if (truncate !== undefined && truncate !== "none") cannotCarry("truncate");
    if (purpose !== undefined) cannotCarry(fieldOfPurpose(body));
    return {
      inputText,
      ...(dimensions === undefined ? {} : { dimensions }),
      ...(body["normalize"] === undefined ? {} : { normalize: body["normalize"] }),
    };
  },
  vectors: ({ embedding }) => [embedding],
};

const titanFirst: Family = {
  ...titan,
  known: [],
  body: (texts, asked, call) => {
    if (asked.dimensions !== undefined) call.cannotCarry("dimensions");
    return titan.body(texts, { ...asked, dimensions: undefined }, call);
  },
};

const novaPurposes: Readonly<Partial<Record<EmbeddingPurpose, string>>> = {
  search_document: "GENERIC_INDEX",
  search_query: "GENERIC_RETRIEVAL",
  classification: "CLASSIFICATION",
  clustering: "CLUSTERING",
};

const nova: Family = {
  textsMax: 1,
  known: [],
  body: ([value = ""], { dimensions, truncate, purpose, body }, { cannotCarry }) => {
    const said = purpose === undefined ? undefined : novaPurposes[purpose];
    if (purpose !== undefined && said === undefined) cannotCarry(fieldOfPurpose(body));
    return {
      schemaVersion: "nova-multimodal-embed-v1",
      taskType: "SINGLE_EMBEDDING",
      singleEmbeddingParams: {
        embeddingPurpose: said ?? "GENERIC_INDEX",
        ...(dimensions === undefined ? {} : { embeddingDimension: dimensions }),
        text: { truncationMode: (truncate ?? "none").toUpperCase(), value },
      },
    };
  },
  vectors: ({ embeddings: said }) => listOf(said).map((one) => objectOf(one)["embedding"]),
};

const cohere: Family = {
  textsMax: 96,
  known: ["max_tokens"],
  body: (texts, asked, call) => ({
    input_type: inputTypeOf(asked, call),
    texts,
    embedding_types: ["float"],
    ...(asked.dimensions === undefined ? {} : { output_dimension: asked.dimensions }),
    ...(asked.body["max_tokens"] === undefined ? {} : { max_tokens: asked.body["max_tokens"] }),
    ...(asked.truncate === undefined ? {} : { truncate: { none: "NONE", start: "LEFT", end: "RIGHT" }[asked.truncate] }),
  }),
  vectors: vectorsOf,
};

const cohereThird: Family = {
  ...cohere,
  known: [],
  body: (texts, asked, call) => {
    if (asked.dimensions !== undefined) call.cannotCarry("dimensions");
    const body = cohere.body(texts, { ...asked, dimensions: undefined }, call);
    return asked.truncate === undefined ? body : { ...body, truncate: asked.truncate.toUpperCase() };
  },
};

const fieldOfPurpose = (body: Json): string => (body["input_type"] === undefined ? "task_type" : "input_type");

const families: readonly (readonly [RegExp, Family])[] = [
  [/titan-embed-text-v1|titan-embed-g1/, titanFirst],
  [/titan-embed/, titan],
  [/nova.*embed/, nova],
  [/cohere\.embed-(?:english|multilingual)/, cohereThird],
  [/cohere\.embed/, cohere],
];

/** By the model's name, also where a region or an inference profile stands before it. */
function familyOf({ backend }: OperationCall): Family {
  const known = families.find(([name]) => name.test(backend.model));
  if (known !== undefined) return known[1];
  throw new GatewayError(
    "UNSUPPORTED_ENDPOINT",
    "the backend of this route is no embedding model that is known here (Titan, Nova, Cohere)",
    {
      anotherBackendMayHelp: true,
    },
  );
}
