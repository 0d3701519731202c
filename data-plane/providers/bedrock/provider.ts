/** The provider for Amazon Bedrock's Converse API: calls signed with AWS keys, or with a Bedrock API key as a bearer. */
import { exchangeAnswer, type HttpDialect, jsonHeaders } from "../answer-exchange.ts";
import type { UnknownFinish } from "../finish-reasons.ts";
import type { Provider } from "../provider.ts";
import type { UpstreamPools } from "../upstream-pools.ts";
import { reasoningFormat } from "./content.ts";
import { awsEventStream } from "./event-stream.ts";
import { converseReader } from "./events.ts";
import { requestBody, requestPath } from "./request.ts";
import { sign } from "./signature.ts";

export function bedrockProvider(pools: UpstreamPools, unknownFinish: UnknownFinish): Provider {
  const converse: HttpDialect = {
    keyHeader: "bearer",
    request: (call, pathPrefix, proof) => ({
      path: requestPath(pathPrefix, call),
      headers: jsonHeaders(call, proof, awsEventStream),
      body: requestBody(call),
    }),
    sign,
    reader: ({ backend }, credential) =>
      converseReader({ credential, provider: backend.provider.key, model: backend.model, unknownFinish }),
  };
  return {
    dialects: [],
    reasoningFormats: [reasoningFormat],
    complete: (call, signal) => exchangeAnswer(pools.of(call.backend.provider), converse, call, signal),
    close: () => pools.close(),
  };
}
