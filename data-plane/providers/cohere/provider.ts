/** The provider for Cohere's models, over its v2 chat. */
import { exchangeAnswer, type HttpDialect, jsonHeaders } from "../answer-exchange.ts";
import type { UnknownFinish } from "../finish-reasons.ts";
import type { Provider } from "../provider.ts";
import type { UpstreamPools } from "../upstream-pools.ts";
import { chatReader } from "./events.ts";
import { requestBody, requestPath } from "./request.ts";

export function cohereProvider(pools: UpstreamPools, unknownFinish: UnknownFinish): Provider {
  const chat: HttpDialect = {
    keyHeader: "bearer",
    request: (call, pathPrefix, proof) => ({
      path: requestPath(pathPrefix, "/chat"),
      headers: jsonHeaders(call, proof),
      body: requestBody(call),
    }),
    reader: (call, credential) => chatReader({ credential, model: call.backend.model, unknownFinish }),
  };
  return {
    dialects: [],
    reasoningFormats: [],
    complete: (call, signal) => exchangeAnswer(pools.of(call.backend.provider), chat, call, signal),
    close: () => pools.close(),
  };
}
