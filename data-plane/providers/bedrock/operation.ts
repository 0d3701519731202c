/** What Bedrock has besides completions: embeddings and ranking, through InvokeModel. */
import type { OperationProvider } from "../../pipeline/operation.ts";
import { mappedOperations } from "../mapped-operation.ts";
import type { UpstreamPools } from "../upstream-pools.ts";
import { embeddings } from "./embeddings.ts";
import { errorOfStatus } from "./error.ts";
import { rerank } from "./rerank.ts";
import { sign } from "./signature.ts";

export const bedrockOperations = (pools: UpstreamPools): OperationProvider =>
  mappedOperations(pools, { operations: { "/embeddings": embeddings, "/rerank": rerank }, keyHeader: "bearer", sign, errorOfStatus });
