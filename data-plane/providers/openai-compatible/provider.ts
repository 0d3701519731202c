/**
 * The provider for everything that speaks the OpenAI chat API: OpenAI itself, vLLM, Ollama, llama.cpp, the simulator.
 *
 * What proves that an answer is whole: `[DONE]`, or a finish reason on every choice; for an answer that is not streamed, JSON
 * that parses. A body that merely ends, by FIN or by RST, has failed: HTTP clients report a close-delimited body that was cut
 * as a clean end.
 */
import { GatewayError } from "../../gateway-error.ts";
import type { CompletionEvent } from "../../pipeline/completion-event.ts";
import { attemptClock } from "../attempt-clock.ts";
import type { UnknownFinish } from "../finish-reasons.ts";
import { proofOf, proofRefused } from "../proof.ts";
import type { Provider, ProviderBatch, ProviderCall } from "../provider.ts";
import { eventLengthMax, eventStreamReader } from "../server-sent-events.ts";
import { exchange, type UpstreamExchange } from "../upstream-http.ts";
import type { UpstreamPools } from "../upstream-pools.ts";
import { chatPath } from "./endpoint.ts";
import { errorOfSocket, errorOfStatus } from "./error.ts";
import { answerEvents, type ChunkReaderOptions, chunkReader, chunksOfAnswer, protocolError } from "./events.ts";
import { flavourNamed, flavourNameOf } from "./flavour.ts";
import { requestBody, requestHeaders } from "./request.ts";

/** One answer that is not streamed. */
const answerBytesMax = 32 * 1024 * 1024;
/** What is read of an error's body. */
const errorBytesMax = 64 * 1024;

export function openaiCompatibleProvider(pools: UpstreamPools, unknownFinish: UnknownFinish = () => {}): Provider {
  return {
    dialects: ["openai-chat"],
    reasoningFormats: [],
    complete: (call, signal) => complete(pools, unknownFinish, call, signal),
    close: () => pools.close(),
  };
}

async function* complete(
  pools: UpstreamPools,
  unknownFinish: UnknownFinish,
  call: ProviderCall,
  signal: AbortSignal,
): AsyncGenerator<ProviderBatch, void> {
  signal.throwIfAborted();
  const { provider } = call.backend;
  const connection = pools.of(provider);
  const proving = proofOf(connection, provider, flavourNamed(flavourNameOf(provider)).keyHeader);
  const proof = proving instanceof Promise ? await proving : proving;
  // The call may have ended while a token was fetched.
  signal.throwIfAborted();
  const credential = proof.secret;
  const upstream = exchange(connection.pool, {
    path: chatPath(connection.pathPrefix, call.backend),
    headers: requestHeaders(call, proof.headers),
    body: requestBody(call),
    connectMs: call.clocks.connectMs,
  });
  const onAbort = () => upstream.abort(signal.reason);
  signal.addEventListener("abort", onAbort);
  const clock = attemptClock(call.clocks, (reason) => upstream.abort(reason));
  const options: ChunkReaderOptions = {
    form: call.form,
    modelShown: call.request.model,
    usageAsked: usageAsked(call),
    credential,
    choicesAsked: choicesAsked(call),
    provider: provider.key,
    unknownFinish,
  };
  let whole = false;
  try {
    const { status, headers } = await upstream.head();
    if (status < 200 || status >= 300) {
      if (status === 401) proofRefused(connection, proof);
      const body = await readText(upstream, errorBytesMax, "cut");
      throw errorOfStatus({
        status,
        body,
        retryAfter: single(headers["retry-after"]),
        retryAfterMs: single(headers["retry-after-ms"]),
        nowMs: Date.now(),
        credential,
      });
    }
    const streamed = (single(headers["content-type"]) ?? "").includes("text/event-stream");
    if (call.request.stream) {
      if (streamed) yield* readStream(upstream, clock, options);
      else yield readChunks(chunksOfAnswer(await readText(upstream, answerBytesMax, "refuse")), options);
    } else {
      if (streamed) throw protocolError("a stream where one answer was asked for");
      yield { events: answerEvents(await readText(upstream, answerBytesMax, "refuse"), options), bearsContent: true };
    }
    whole = true;
  } catch (reason) {
    throw signal.aborted ? signal.reason : errorOfSocket(reason);
  } finally {
    clock.stop();
    signal.removeEventListener("abort", onAbort);
    // Where the answer was left or has failed, its socket must not go back to the pool.
    if (whole) upstream.release();
    else upstream.abort(abandoned);
  }
}

const abandoned = new GatewayError("CANCELLED", "the answer was not needed any more");

async function* readStream(
  upstream: UpstreamExchange,
  clock: ReturnType<typeof attemptClock>,
  options: ChunkReaderOptions,
): AsyncGenerator<ProviderBatch, void> {
  const reader = chunkReader(options);
  let events: CompletionEvent[] = [];
  let bearsContent = false;
  let done = false;
  let failure: unknown;
  const feed = eventStreamReader({
    event: (data) => {
      // What comes after the end is not part of the answer.
      if (done || failure !== undefined) return;
      clock.event();
      if (data === "[DONE]") {
        done = true;
        return;
      }
      try {
        if (reader.read(data, events)) bearsContent = true;
      } catch (reason) {
        failure = reason;
      }
    },
    tooLong: () => {
      failure ??= protocolError(`an event of more than ${eventLengthMax} characters`);
    },
  });
  while (!done) {
    const chunks = await upstream.read();
    if (chunks === undefined) {
      if (reader.finished()) return;
      throw new GatewayError("UPSTREAM_TRUNCATED", "the backend's answer broke off before its end", { anotherBackendMayHelp: true });
    }
    for (const chunk of chunks) if (failure === undefined) feed(chunk);
    if (events.length > 0) {
      if (bearsContent) clock.content();
      yield { events, bearsContent };
      events = [];
      bearsContent = false;
    }
    // What came before the failure has been handed on; the failure follows it.
    if (failure !== undefined) throw failure;
  }
}

function readChunks(chunks: readonly string[], options: ChunkReaderOptions): ProviderBatch {
  const reader = chunkReader(options);
  const events: CompletionEvent[] = [];
  for (const chunk of chunks) reader.read(chunk, events);
  return { events, bearsContent: true };
}

/** @throws GatewayError UPSTREAM_PROTOCOL where there is more than `bytesMax` and it may not be cut. */
export async function readText(upstream: UpstreamExchange, bytesMax: number, beyond: "cut" | "refuse"): Promise<string> {
  const parts: Buffer[] = [];
  let size = 0;
  for (;;) {
    const chunks = await upstream.read();
    if (chunks === undefined) return Buffer.concat(parts).toString("utf8");
    for (const chunk of chunks) {
      parts.push(chunk);
      size += chunk.length;
    }
    if (size > bytesMax) {
      if (beyond === "refuse") throw protocolError(`an answer of more than ${bytesMax} bytes`);
      return Buffer.concat(parts).toString("utf8", 0, bytesMax);
    }
  }
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

const single = (value: string | string[] | undefined): string | undefined => (Array.isArray(value) ? value[0] : value);
