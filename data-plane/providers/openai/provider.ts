/**
 * The provider for backends that speak more of OpenAI's dialects than chat: a call in one of these goes on as it was written, and
 * so does its answer. Where the gateway has something to say in it (a prompt, parameters of a variant) or reads the answer, the
 * call goes over chat like any other.
 */
import { GatewayError } from "../../gateway-error.ts";
import type { CompletionRequest } from "../../pipeline/completion-request.ts";
import { exchangeAnswer, type HttpDialect, serverSentEventsUpTo } from "../answer-exchange.ts";
import { modelPath } from "../openai-compatible/endpoint.ts";
import { errorOfStatus } from "../openai-compatible/error.ts";
import { protocolError } from "../openai-compatible/events.ts";
import { flavourNamed, flavourNameOf } from "../openai-compatible/flavour.ts";
import { requestHeaders } from "../openai-compatible/request.ts";
import type { Provider } from "../provider.ts";
import type { UpstreamPools } from "../upstream-pools.ts";
import { completionsWire } from "./completions-wire.ts";
import { responsesWire } from "./responses-wire.ts";
import type { Wire } from "./wire.ts";

/** The last event of a response holds all of it, and a picture in it is some megabytes. */
const framing = serverSentEventsUpTo(32 * 1024 * 1024);

type NativeDialect = "openai-responses" | "openai-completions";

/** @param dialects those beside chat that backends of the kind speak. @param chat what speaks chat with them. */
export function openaiProvider(pools: UpstreamPools, chat: Provider, dialects: readonly NativeDialect[]): Provider {
  const spoken = (ingress: CompletionRequest["ingress"]) => dialects.find((dialect) => dialect === ingress);
  return {
    ...chat,
    dialects: [...chat.dialects, ...dialects],
    reasoningFormats: [...chat.reasoningFormats, ...(dialects.includes("openai-responses") ? ["openai-responses-v1"] : [])],
    complete(call, signal) {
      const dialect = spoken(call.request.ingress);
      if (dialect === undefined) return chat.complete(call, signal);
      const untouched = call.promptMessages.length === 0 && call.replacements.size === 0;
      if (call.form === "native" && untouched) return exchangeAnswer(pools.of(call.backend.provider), wires[dialect], call, signal);
      for (const field of call.request.native?.unmapped ?? []) call.cannotCarry(field, undefined, "caller");
      for (const field of call.request.native?.hints ?? []) call.cannotCarry(field, "hint");
      return chat.complete({ ...call, form: "typed" }, signal);
    },
  };
}

/** Some servers leave the event's name to its data. */
const nameIn = (data: string): string => /"type"\s*:\s*"([\w.]+)"/.exec(data)?.[1] ?? "";

function usageAsked({ native, body }: CompletionRequest): boolean {
  const options = (native?.body ?? body).value["stream_options"];
  return typeof options === "object" && options !== null && "include_usage" in options && options.include_usage === true;
}

/** A wire as a dialect of its own: nothing is mapped, so a backend's words on what is wrong with a call are about the caller's own. */
const dialectOf = (wire: Wire): HttpDialect => ({
  keyHeader: (provider) => flavourNamed(flavourNameOf(provider)).keyHeader,
  request: (call, pathPrefix, proof) => ({
    path: modelPath(pathPrefix, call.backend, wire.path),
    headers: requestHeaders(call, proof),
    body: wire.body(call),
  }),
  reader({ request }, credential) {
    const options = { modelShown: request.model, usageAsked: usageAsked(request), credential };
    return {
      framing,
      stream: () => {
        if (!request.stream) throw protocolError("a stream where one answer was asked for");
        const reader = wire.reader(options);
        return { read: (data, name, events) => reader.read(name ?? nameIn(data), data, events), ended: reader.finished };
      },
      whole(text) {
        if (request.stream) throw protocolError("one answer where a stream was asked for");
        return wire.answer(text, options);
      },
      errorOfStatus(failure) {
        const { kind, message, details } = errorOfStatus(failure);
        return new GatewayError(kind, message, { ...details, fieldIn: "caller" });
      },
    };
  },
});

const wires: Readonly<Record<NativeDialect, HttpDialect>> = {
  "openai-responses": dialectOf(responsesWire),
  "openai-completions": dialectOf(completionsWire),
};
