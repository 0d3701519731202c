/** Ranking in Cohere's words. It bills searches and not tokens, so unless it says tokens, nobody knows them. Pure. Source: docs.cohere.com/reference/rerank. */
import { isSaid, objectOf } from "../common-form.ts";
import { inputUsage, tokenSum } from "../embedding-form.ts";
import type { MappedOperation } from "../mapped-operation.ts";
import { rerankAnswer, rerankAskedOf } from "../rerank-form.ts";
import { requestPath } from "./request.ts";

const own = ["max_tokens_per_doc", "priority"];

export const rerank: MappedOperation = {
  requests(call, pathPrefix) {
    const { query, documents, topN, body } = rerankAskedOf(call, own);
    const more = Object.fromEntries(own.filter((name) => isSaid(body[name])).map((name) => [name, body[name]]));
    return [
      {
        path: requestPath(pathPrefix, "/rerank"),
        body: { model: call.backend.model, query, documents, ...(topN === undefined ? {} : { top_n: topN }), ...more },
      },
    ];
  },
  answer(call, [part]) {
    const json = part?.json ?? {};
    const { tokens, billed_units: billed } = objectOf(json["meta"]);
    const inputTokens = tokenSum([objectOf(tokens)["input_tokens"] ?? objectOf(billed)["input_tokens"]]);
    const usage = inputTokens === undefined ? undefined : inputUsage(inputTokens, json["meta"]);
    return rerankAnswer(rerankAskedOf(call, own), json["id"], json["results"], usage);
  },
};
