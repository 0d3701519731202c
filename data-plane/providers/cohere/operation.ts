/** What Cohere has besides completions: embeddings and ranking. */
import type { OperationProvider } from "../../pipeline/operation.ts";
import { mappedOperations } from "../mapped-operation.ts";
import type { UpstreamPools } from "../upstream-pools.ts";
import { embeddings } from "./embeddings.ts";
import { errorOfStatus } from "./error.ts";
import { rerank } from "./rerank.ts";

export const cohereOperations = (pools: UpstreamPools): OperationProvider =>
  mappedOperations(pools, { operations: { "/embeddings": embeddings, "/rerank": rerank }, keyHeader: "bearer", errorOfStatus });
