/**
 * Ranking through InvokeModel, in the words that Amazon's and Cohere's models share. Pure.
 * Source: docs.aws.amazon.com/bedrock/latest/userguide/rerank-supported.html, and the models' own parameters there.
 */
import { inputUsage, tokenSum } from "../embedding-form.ts";
import type { MappedOperation } from "../mapped-operation.ts";
import { rerankAnswer, rerankAskedOf } from "../rerank-form.ts";
import { tokensOf } from "./embeddings.ts";
import { invokePath } from "./request.ts";

export const rerank: MappedOperation = {
  requests(call, pathPrefix) {
    const { query, documents, topN } = rerankAskedOf(call);
    const ofCohere = call.backend.model.includes("cohere");
    return [
      {
        path: invokePath(pathPrefix, call.backend.model),
        body: { query, documents, ...(topN === undefined ? {} : { top_n: topN }), ...(ofCohere ? { api_version: 2 } : {}) },
      },
    ];
  },
  answer(call, [part]) {
    const inputTokens = part === undefined ? undefined : tokenSum([tokensOf(part)]);
    const usage = inputTokens === undefined ? undefined : inputUsage(inputTokens, { inputTokenCount: inputTokens });
    return rerankAnswer(rerankAskedOf(call), part?.json["id"], part?.json["results"], usage);
  },
};
