/**
 * The provider for backends that speak more of OpenAI's dialects than chat: a call in one of these goes on as it was written, and
 * so does its answer. Where the gateway has something to say in it (a prompt, parameters of a variant) or reads the answer, the
 * call goes over chat like any other.
 */
import { createParser } from "eventsource-parser";
import { GatewayError } from "../../gateway-error.ts";
import type { CompletionEvent } from "../../pipeline/completion-event.ts";
import type { CompletionRequest } from "../../pipeline/completion-request.ts";
import { readText } from "../answer-exchange.ts";
import { AttemptClock } from "../attempt-clock.ts";
import { modelPath } from "../openai-compatible/endpoint.ts";
import { errorOfSocket, errorOfStatus } from "../openai-compatible/error.ts";
import { protocolError } from "../openai-compatible/events.ts";
import { flavourNamed, flavourNameOf } from "../openai-compatible/flavour.ts";
import { requestHeaders } from "../openai-compatible/request.ts";
import { proofOf, proofRefused } from "../proof.ts";
import type { Provider, ProviderBatch, ProviderCall } from "../provider.ts";
import { exchange, type UpstreamExchange } from "../upstream-http.ts";
import type { UpstreamPools } from "../upstream-pools.ts";
import { completionsWire } from "./completions-wire.ts";
import { responsesWire } from "./responses-wire.ts";
import type { Wire, WireReader } from "./wire.ts";

/** The last event of a response holds all of it, and a picture in it is some megabytes. */
const eventBytesMax = 32 * 1024 * 1024;
const answerBytesMax = 32 * 1024 * 1024;
const errorBytesMax = 64 * 1024;

type NativeDialect = "openai-responses" | "openai-completions";

const wires: Readonly<Record<NativeDialect, Wire>> = { "openai-responses": responsesWire, "openai-completions": completionsWire };

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
      if (call.form === "native" && untouched) return speak(wires[dialect], pools, call, signal);
      for (const field of call.request.native?.unmapped ?? []) call.cannotCarry(field, undefined, "caller");
      for (const field of call.request.native?.hints ?? []) call.cannotCarry(field, "hint");
      return chat.complete({ ...call, form: "typed" }, signal);
    },
  };
}

async function* speak(wire: Wire, pools: UpstreamPools, call: ProviderCall, signal: AbortSignal): AsyncGenerator<ProviderBatch, void> {
  signal.throwIfAborted();
  const { provider } = call.backend;
  const connection = pools.of(provider);
  const proving = proofOf(connection, provider, flavourNamed(flavourNameOf(provider)).keyHeader);
  const proof = proving instanceof Promise ? await proving : proving;
  const upstream = exchange(
    connection.pool,
    {
      path: modelPath(connection.pathPrefix, call.backend, wire.path),
      headers: requestHeaders(call, proof.headers),
      body: wire.body(call),
    },
    call.clocks.connectMs,
  );
  const onAbort = () => upstream.abort(signal.reason);
  signal.addEventListener("abort", onAbort);
  const clock = new AttemptClock(call.clocks, upstream);
  const options = { modelShown: call.request.model, usageAsked: usageAsked(call.request), credential: proof.secret };
  let whole = false;
  try {
    const { status, headers } = await upstream.head();
    if (status < 200 || status >= 300) {
      if (status === 401) proofRefused(connection, proof);
      const error = errorOfStatus({
        status,
        body: await readText(upstream, errorBytesMax, "cut"),
        retryAfter: single(headers["retry-after"]),
        retryAfterMs: single(headers["retry-after-ms"]),
        nowMs: Date.now(),
        credential: proof.secret,
      });
      throw new GatewayError(error.kind, error.message, { ...error.details, fieldIn: "caller" });
    }
    const streamed = (single(headers["content-type"]) ?? "").includes("text/event-stream");
    if (streamed !== call.request.stream)
      throw protocolError(streamed ? "a stream where one answer was asked for" : "one answer where a stream was asked for");
    if (streamed) yield* readStream(upstream, clock, wire.reader(options));
    else yield { events: wire.answer(await readText(upstream, answerBytesMax, "refuse"), options), bearsContent: true };
    whole = true;
  } catch (reason) {
    throw signal.aborted ? signal.reason : errorOfSocket(reason);
  } finally {
    clock.stop();
    signal.removeEventListener("abort", onAbort);
    if (whole) upstream.release();
    else upstream.abort(abandoned);
  }
}

const abandoned = new GatewayError("CANCELLED", "the answer was not needed any more");

async function* readStream(upstream: UpstreamExchange, clock: AttemptClock, reader: WireReader): AsyncGenerator<ProviderBatch, void> {
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  let events: CompletionEvent[] = [];
  let bearsContent = false;
  let failure: unknown;
  const parser = createParser({
    maxBufferSize: eventBytesMax,
    onEvent: ({ event, data }) => {
      if (failure !== undefined || data === "" || reader.finished()) return;
      clock.event();
      try {
        if (reader.read(event ?? nameIn(data), data, events)) bearsContent = true;
      } catch (reason) {
        failure = reason;
      }
    },
    onError: (error) => {
      if (error.type === "max-buffer-size-exceeded") failure ??= protocolError(`an event of more than ${eventBytesMax} bytes`);
    },
  });
  while (!reader.finished()) {
    const chunks = await upstream.read();
    if (chunks === undefined)
      throw new GatewayError("UPSTREAM_TRUNCATED", "the backend's answer broke off before its end", { anotherBackendMayHelp: true });
    for (const chunk of chunks) if (failure === undefined) parser.feed(decoder.decode(chunk, { stream: true }));
    if (events.length > 0) {
      if (bearsContent) clock.content();
      yield { events, bearsContent };
      events = [];
      bearsContent = false;
    }
    if (failure !== undefined) throw failure;
  }
}

/** Some servers leave the event's name to its data. */
const nameIn = (data: string): string => /"type"\s*:\s*"([\w.]+)"/.exec(data)?.[1] ?? "";

function usageAsked({ native, body }: CompletionRequest): boolean {
  const options = (native?.body ?? body).value["stream_options"];
  return typeof options === "object" && options !== null && "include_usage" in options && options.include_usage === true;
}

const single = (value: string | string[] | undefined): string | undefined => (Array.isArray(value) ? value[0] : value);
