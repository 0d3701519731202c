/** The provider for Google's Gemini models: the Gemini API with a key, Vertex AI with a token or a service account. */
import { exchangeAnswer, type HttpDialect, jsonHeaders } from "../answer-exchange.ts";
import type { UnknownFinish } from "../finish-reasons.ts";
import type { Provider } from "../provider.ts";
import type { UpstreamPools } from "../upstream-pools.ts";
import { reasoningFormat } from "./contents.ts";
import { contentReader } from "./events.ts";
import { requestBody, requestPath } from "./request.ts";

export function geminiProvider(pools: UpstreamPools, unknownFinish: UnknownFinish): Provider {
  const generateContent: HttpDialect = {
    keyHeader: "x-goog-api-key",
    request: (call, pathPrefix, proof) => ({
      path: requestPath(pathPrefix, call),
      headers: jsonHeaders(call, proof),
      body: requestBody(call),
    }),
    reader: (call, credential) => contentReader({ credential, provider: call.backend.provider.key, unknownFinish }),
  };
  return {
    dialects: [],
    reasoningFormats: [reasoningFormat],
    complete: (call, signal) => exchangeAnswer(pools.of(call.backend.provider), generateContent, call, signal),
    close: () => pools.close(),
  };
}
