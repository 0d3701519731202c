/**
 * The provider for everything that speaks Anthropic's Messages API: Anthropic itself, and the servers that do as it does. An answer
 * is whole when `message_stop` came; one that is not streamed, when its JSON parses.
 */
import { exchangeAnswer, type HttpDialect } from "../answer-exchange.ts";
import type { UnknownFinish } from "../finish-reasons.ts";
import type { Provider } from "../provider.ts";
import type { UpstreamPools } from "../upstream-pools.ts";
import { messageReader, reasoningFormat } from "./events.ts";
import { requestBody, requestHeaders } from "./request.ts";

export function anthropicProvider(pools: UpstreamPools, unknownFinish: UnknownFinish): Provider {
  const messages: HttpDialect = {
    keyHeader: "x-api-key",
    request: (call, pathPrefix, proof) => ({
      path: `${versioned(pathPrefix)}/messages`,
      headers: requestHeaders(call, proof),
      body: requestBody(call),
    }),
    reader: (call, credential) =>
      messageReader({
        form: call.form,
        streamAsked: call.request.stream,
        modelShown: call.request.model,
        credential,
        provider: call.backend.provider.key,
        unknownFinish,
      }),
  };
  return {
    dialects: ["anthropic-messages"],
    reasoningFormats: [reasoningFormat],
    complete: (call, signal) => exchangeAnswer(pools.of(call.backend.provider), messages, call, signal),
    close: () => pools.close(),
  };
}

/** Operators write Anthropic's address as its SDKs have it, without the version, or as all others, with it. */
const versioned = (pathPrefix: string): string => (pathPrefix === "" ? "/v1" : pathPrefix);
