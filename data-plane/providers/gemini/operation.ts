/** What Gemini and Vertex AI have besides completions: embeddings. */
import type { OperationProvider } from "../../pipeline/operation.ts";
import { mappedOperations } from "../mapped-operation.ts";
import type { UpstreamPools } from "../upstream-pools.ts";
import { embeddings } from "./embeddings.ts";
import { errorOfStatus } from "./error.ts";

export const geminiOperations = (pools: UpstreamPools): OperationProvider =>
  mappedOperations(pools, { operations: { "/embeddings": embeddings }, keyHeader: "x-goog-api-key", errorOfStatus });
