/**
 * Reads what `POST /v1/rerank` asks for, for backends that have other words for it, and writes the answer. OpenAI has no such
 * endpoint: these are the words of Jina, vLLM and Cohere's first version, which agree. Pure.
 */
import { GatewayError } from "../gateway-error.ts";
import type { TokenUsage } from "../pipeline/completion-event.ts";
import type { OperationCall } from "../pipeline/operation.ts";
import { protocolError } from "./answer-exchange.ts";
import { isSaid, type Json, listOf, numberOf, objectOf, tellUncarried, textOf } from "./common-form.ts";
import type { MappedAnswer } from "./mapped-operation.ts";

export interface RerankAsked {
  readonly query: string;
  readonly documents: readonly string[];
  readonly topN: number | undefined;
  /** Whether the answer repeats the documents. */
  readonly withDocuments: boolean;
  readonly body: Json;
}

const read = ["query", "documents", "top_n", "return_documents"];

/** @param known what the dialect reads itself, besides. @throws GatewayError naming the field that has no place here. */
export function rerankAskedOf({ request, cannotCarry }: OperationCall, known: readonly string[] = []): RerankAsked {
  const body = request.body.case === "json" ? request.body.json.value : {};
  tellUncarried(body, new Set([...read, ...known]), cannotCarry);
  return {
    query: textOf(body["query"]),
    documents: listOf(body["documents"]).map(documentOf),
    topN: numberOf(body["top_n"]),
    withDocuments: body["return_documents"] === true,
    body,
  };
}

/** A text, or an object of which a text is all. */
function documentOf(document: unknown, index: number): string {
  if (typeof document === "string") return document;
  const { text, ...others } = objectOf(document);
  if (typeof text === "string" && Object.keys(others).length === 0) return text;
  const field = `documents[${index}]`;
  throw new GatewayError("UNSUPPORTED_PARAMETER", `"${field}" must be a text, or {"text"}: the backend of this route reads no other`, {
    field,
    anotherBackendMayHelp: true,
  });
}

/** @param raw the backend's own words for what was used. @throws GatewayError UPSTREAM_PROTOCOL */
export function rerankAnswer(asked: RerankAsked, id: unknown, said: unknown, usage: TokenUsage | undefined): MappedAnswer {
  if (!Array.isArray(said)) throw protocolError("a ranking without results");
  const results = said.map((entry: unknown) => {
    const { index, relevance_score: score } = objectOf(entry);
    const document = typeof index === "number" ? asked.documents[index] : undefined;
    if (document === undefined || typeof score !== "number") throw protocolError("a ranking of what was not asked");
    return { index, relevance_score: score, ...(asked.withDocuments ? { document: { text: document } } : {}) };
  });
  return {
    body: {
      ...(isSaid(id) ? { id } : {}),
      results,
      ...(usage === undefined ? {} : { usage: { total_tokens: usage.inputTokens } }),
    },
    usage,
  };
}
