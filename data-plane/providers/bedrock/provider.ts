/** The provider for Amazon Bedrock's Converse API: calls signed with AWS keys, or with a Bedrock API key as a bearer. */
import { GatewayError } from "../../gateway-error.ts";
import { exchangeAnswer, type HttpDialect, jsonHeaders, type UpstreamRequest } from "../answer-exchange.ts";
import type { UnknownFinish } from "../finish-reasons.ts";
import type { Provider, ProviderCall } from "../provider.ts";
import type { UpstreamPools } from "../upstream-pools.ts";
import { reasoningFormat } from "./content.ts";
import { awsEventStream } from "./event-stream.ts";
import { converseReader } from "./events.ts";
import { requestBody, requestPath } from "./request.ts";
import { signedHeaders } from "./signature.ts";

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

async function sign(request: UpstreamRequest, { backend }: ProviderCall, secret: string | undefined): Promise<UpstreamRequest> {
  const { provider } = backend;
  if (provider.authentication.case !== "awsKeys") return request;
  if (secret === undefined)
    throw new GatewayError("UPSTREAM_UNAVAILABLE", `provider "${provider.key}" has no secret access key; set its credential`, {
      anotherBackendMayHelp: true,
    });
  const { host } = new URL(provider.baseUrl);
  return { ...request, headers: await signedHeaders({ ...request, host }, provider.authentication.value, secret) };
}
