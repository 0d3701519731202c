/** `penstock.inference.v1.EmbeddingService`: the same call as `POST /v1/embeddings`, typed. */
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { EmbeddingInput, EmbeddingSchema, EmbeddingService, EmbedRequest } from "#proto/penstock/inference/v1/embedding_pb.ts";
import { EmbeddingPurpose } from "#proto/penstock/inference/v1/embedding_pb.ts";
import type { ServiceHandlers } from "../../proto/transport/grpc-server.ts";
import { GatewayError } from "../gateway-error.ts";
import type { CallReport } from "../pipeline/completion-event.ts";
import { jsonTextOf } from "../pipeline/json-text.ts";
import { type OperationDependencies, operate } from "../pipeline/operation.ts";
import type { OperationRequest } from "../pipeline/operation-request.ts";
import { checkEmbeddingBody, floatsOf } from "./embedding-body.ts";
import { addTrailers, callHead, reportOf, usageOf } from "./grpc-call.ts";
import { readOperationBody, wrongField } from "./operation-body.ts";

export function embeddingService(dependencies: OperationDependencies): ServiceHandlers<typeof EmbeddingService> {
  return {
    async embed(input, call) {
      const head = callHead(call);
      const json = jsonTextOf(embeddingBodyOf(input));
      const { model, endUserId } = readOperationBody(json);
      checkEmbeddingBody(json.value);
      const request: OperationRequest = {
        ...head,
        ingress: "grpc-embeddings",
        model,
        endUserId,
        stream: false,
        target: { case: "route" },
        method: "POST",
        path: "/embeddings",
        body: { case: "json", json },
        answer: "read",
        unsaidUsage: "input",
      };
      let text = "";
      let servedModel = "";
      let report: CallReport | undefined;
      for await (const batch of operate(request, dependencies, call)) {
        for (const event of batch) {
          if (event.type === "operation-answer") {
            text = event.text.toString();
            servedModel = event.servedModel;
          } else if (event.type === "finished") report = event.report;
        }
      }
      if (report !== undefined) addTrailers(call.trailers, report);
      return {
        requestId: head.requestId,
        model,
        servedModel,
        embeddings: embeddingsOf(text),
        ...(report?.usage === undefined ? {} : { usage: usageOf(report.usage) }),
        ...(report === undefined ? {} : { report: reportOf(report) }),
      };
    },
  };
}

/** As Cohere has them. */
const purposeNames: Partial<Record<number, string>> = {
  [EmbeddingPurpose.SEARCH_DOCUMENT]: "search_document",
  [EmbeddingPurpose.SEARCH_QUERY]: "search_query",
  [EmbeddingPurpose.CLASSIFICATION]: "classification",
  [EmbeddingPurpose.CLUSTERING]: "clustering",
  [EmbeddingPurpose.SEMANTIC_SIMILARITY]: "semantic_similarity",
  [EmbeddingPurpose.QUESTION_ANSWERING]: "question_answering",
  [EmbeddingPurpose.FACT_VERIFICATION]: "fact_verification",
  [EmbeddingPurpose.CODE_RETRIEVAL_QUERY]: "code_retrieval_query",
} satisfies Record<Exclude<EmbeddingPurpose, 0 | bigint>, string> as Partial<Record<number, string>>;

const ownFields = ["model", "input", "dimensions", "user", "encoding_format"];

/** base64, because it is a third of the bytes; a backend that answers with numbers all the same is understood too. */
function embeddingBodyOf({ model, inputs, dimensions, endUserId, backendExtensions, purpose }: EmbedRequest): Record<string, unknown> {
  const own = purpose === EmbeddingPurpose.UNSPECIFIED ? ownFields : [...ownFields, "input_type"];
  const repeated = own.find((name) => backendExtensions !== undefined && Object.hasOwn(backendExtensions, name));
  if (repeated !== undefined) throw wrongField(`backend_extensions.${repeated}`, "has a field of its own; say it there");
  return {
    ...backendExtensions,
    model,
    input: inputs.map(inputOf),
    encoding_format: "base64",
    ...(dimensions === undefined ? {} : { dimensions }),
    ...(endUserId === "" ? {} : { user: endUserId }),
    ...(purpose === EmbeddingPurpose.UNSPECIFIED ? {} : { input_type: purposeNames[purpose] }),
  };
}

function inputOf({ input }: EmbeddingInput, index: number): string | number[] {
  switch (input.case) {
    case "text":
      return input.value;
    case "tokens":
      return input.value.ids;
    case undefined:
      throw wrongField(`inputs[${index}]`, "must be a text or tokens");
    default:
      return input satisfies never;
  }
}

/** @throws GatewayError UPSTREAM_PROTOCOL where the answer is not one of vectors. */
function embeddingsOf(text: string): MessageInitShape<typeof EmbeddingSchema>[] {
  const { data } = JSON.parse(text) as { data?: unknown };
  if (!Array.isArray(data)) throw noVectors();
  return data.map((entry: { index?: unknown; embedding?: unknown } | null, position) => {
    const { index, embedding } = entry ?? {};
    const values = typeof embedding === "string" ? floatsOf(embedding) : embedding;
    if (!Array.isArray(values) || !values.every((value) => typeof value === "number")) throw noVectors();
    return { index: typeof index === "number" ? index : position, values };
  });
}

const noVectors = () => new GatewayError("UPSTREAM_PROTOCOL", "the backend sent an answer without vectors");
