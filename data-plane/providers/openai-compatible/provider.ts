/** The provider for everything that speaks the OpenAI chat API: OpenAI itself, vLLM, Ollama, llama.cpp, the simulator. */
import { exchangeAnswer, type HttpDialect } from "../answer-exchange.ts";
import type { UnknownFinish } from "../finish-reasons.ts";
import type { Provider, ProviderCall } from "../provider.ts";
import type { UpstreamPools } from "../upstream-pools.ts";
import { type ChatReaderOptions, chatReader } from "./answer-reader.ts";
import { chatPath } from "./endpoint.ts";
import { flavourNamed, flavourNameOf } from "./flavour.ts";
import { requestBody, requestHeaders } from "./request.ts";

export function openaiCompatibleProvider(pools: UpstreamPools, unknownFinish: UnknownFinish = () => {}): Provider {
  const chat: HttpDialect = {
    keyHeader: (provider) => flavourNamed(flavourNameOf(provider)).keyHeader,
    request: (call, pathPrefix, proof) => ({
      path: chatPath(pathPrefix, call.backend),
      headers: requestHeaders(call, proof),
      body: requestBody(call),
    }),
    reader: (call, credential) => chatReader(chatOptions(call, credential, unknownFinish)),
  };
  return {
    dialects: ["openai-chat"],
    reasoningFormats: [],
    complete: (call, signal) => exchangeAnswer(pools.of(call.backend.provider), chat, call, signal),
    close: () => pools.close(),
  };
}

function chatOptions(call: ProviderCall, credential: string | undefined, unknownFinish: UnknownFinish): ChatReaderOptions {
  return {
    form: call.form,
    modelShown: call.request.model,
    streamAsked: call.request.stream,
    usageAsked: usageAsked(call),
    credential,
    choicesAsked: choicesAsked(call),
    provider: call.backend.provider.key,
    unknownFinish,
  };
}

/** As the body says that goes out, which parameters of a prompt or a variant may have changed. */
function choicesAsked({ request, replacements }: ProviderCall): number {
  const n: unknown = replacements.has("n") ? JSON.parse(replacements.get("n") ?? "1") : request.body.value["n"];
  return typeof n === "number" && n >= 1 ? n : 1;
}

function usageAsked({ request }: ProviderCall): boolean {
  const options = request.body.value["stream_options"];
  return typeof options === "object" && options !== null && "include_usage" in options && options.include_usage === true;
}
