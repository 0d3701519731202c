/**
 * Everything of an OpenAI-shaped server that is not a completion: embeddings, moderation, speech, images, ranking, files, batches,
 * jobs. Bodies go on as they are but for the model's name; a JSON answer is read for its model and its usage, anything else is
 * handed on as it comes.
 */
import { createParser } from "eventsource-parser";
import { GatewayError } from "../../gateway-error.ts";
import { AnswerText } from "../../pipeline/answer-text.ts";
import { spliced } from "../../pipeline/json-text.ts";
import type { OperationCall, OperationProvider } from "../../pipeline/operation.ts";
import type { OperationAnswerEvent } from "../../pipeline/operation-event.ts";
import { readPieces, readText } from "../answer-exchange.ts";
import { AttemptClock } from "../attempt-clock.ts";
import { type Proof, proofOf, proofRefused } from "../proof.ts";
import { exchange, type UpstreamExchange } from "../upstream-http.ts";
import type { UpstreamPools } from "../upstream-pools.ts";
import { modelPath, providerPath } from "./endpoint.ts";
import { errorOfSocket, errorOfStatus } from "./error.ts";
import { flavourNamed, flavourNameOf } from "./flavour.ts";
import { readOperationAnswer, usageOfOperation } from "./operation-answer.ts";

/** 2048 vectors of 3072 floats as text are some 80 MB. */
const answerBytesMax = 96 * 1024 * 1024;
const errorBytesMax = 64 * 1024;
const eventBytesMax = 32 * 1024 * 1024;

export const openaiCompatibleOperations = (pools: UpstreamPools): OperationProvider => ({
  keepsFiles: true,
  operate: (call, signal) => operate(pools, call, signal),
});

interface Batch {
  readonly events: readonly OperationAnswerEvent[];
  readonly bearsContent: boolean;
}

async function* operate(pools: UpstreamPools, call: OperationCall, signal: AbortSignal): AsyncGenerator<Batch, void> {
  signal.throwIfAborted();
  const { request, clocks, backend } = call;
  const connection = pools.of(backend.provider);
  const proving = proofOf(connection, backend.provider, flavourNamed(flavourNameOf(backend.provider)).keyHeader);
  const proof = proving instanceof Promise ? await proving : proving;
  let clock: AttemptClock | undefined;
  let upstream: UpstreamExchange | undefined;
  // Nothing can be expected of a backend while the caller is still sending; so the clock starts behind the body.
  const startClock = () => {
    clock ??= new AttemptClock(clocks, { abort: (reason) => upstream?.abort(reason) });
  };
  const bodySent = { begun: false };
  upstream = exchange(
    connection.pool,
    {
      method: request.method,
      path: (request.target.case === "route" ? modelPath : providerPath)(connection.pathPrefix, backend, request.path),
      headers: headersOf(call, proof),
      body: bodyOf(call, bodySent, startClock),
    },
    clocks.connectMs,
    call.times,
  );
  const onAbort = () => upstream.abort(signal.reason);
  signal.addEventListener("abort", onAbort);
  if (request.body.case !== "multipart") startClock();
  let whole = false;
  try {
    const { status, headers } = await upstream.head();
    if (status === 401) proofRefused(connection, proof);
    // Of what a provider keeps, and of a list that it has not: not of a model, as errorOfStatus would have it.
    if (status === 404 && request.target.case === "provider")
      throw new GatewayError("RESOURCE_NOT_FOUND", "the provider that keeps this does not have it, or not any more", {
        upstreamStatus: status,
      });
    if (status < 200 || status >= 300) {
      throw errorOfStatus({
        status,
        body: await readText(upstream, errorBytesMax, "cut"),
        retryAfter: single(headers["retry-after"]),
        retryAfterMs: single(headers["retry-after-ms"]),
        nowMs: Date.now(),
        credential: proof.secret,
      });
    }
    const contentType = single(headers["content-type"]) ?? "";
    const started: OperationAnswerEvent = {
      type: "operation-started",
      contentType,
      contentDisposition: single(headers["content-disposition"]) ?? "",
    };
    if (request.answer === "read" && /^application\/([\w.-]+\+)?json\b/i.test(contentType)) {
      const text = new AnswerText(await readPieces(upstream, answerBytesMax));
      const { usage, ...answer } = readOperationAnswer(text, request.model, proof.secret);
      const events: OperationAnswerEvent[] = [started, { type: "operation-answer", ...answer }];
      if (usage !== undefined) events.push({ type: "operation-usage", usage });
      yield { events, bearsContent: true };
    } else yield* readBytes(upstream, started, clock);
    whole = true;
  } catch (reason) {
    throw signal.aborted ? signal.reason : lastWord(errorOfSocket(reason), bodySent.begun);
  } finally {
    clock?.stop();
    signal.removeEventListener("abort", onAbort);
    if (whole) upstream.release();
    else upstream.abort(abandoned);
  }
}

const abandoned = new GatewayError("CANCELLED", "the answer was not needed any more");

/** A body that was read from the caller while it was sent cannot be sent to another backend. */
const lastWord = (error: GatewayError, bodyBegun: boolean): GatewayError =>
  bodyBegun && error.details.anotherBackendMayHelp === true
    ? new GatewayError(error.kind, error.message, { ...error.details, anotherBackendMayHelp: false })
    : error;

async function* readBytes(
  upstream: UpstreamExchange,
  started: Extract<OperationAnswerEvent, { type: "operation-started" }>,
  clock: AttemptClock | undefined,
): AsyncGenerator<Batch, void> {
  const events = started.contentType.includes("text/event-stream") ? eventWatch() : undefined;
  let first: OperationAnswerEvent[] = [started];
  for (;;) {
    const chunks = await upstream.read();
    if (chunks === undefined) break;
    clock?.content();
    clock?.event();
    events?.see(chunks);
    yield { events: [...first, { type: "operation-bytes", chunks }], bearsContent: true };
    first = [];
  }
  if (events !== undefined && !events.ended())
    throw new GatewayError("UPSTREAM_TRUNCATED", "the backend's answer broke off before its end", { anotherBackendMayHelp: true });
  const usage = events?.usage();
  if (first.length > 0) first.push({ type: "operation-bytes", chunks: [] });
  if (usage !== undefined) first.push({ type: "operation-usage", usage });
  if (first.length > 0) yield { events: first, bearsContent: true };
}

/** Watches an event stream that is handed on, for its usage and for the event that ends it: "….done", "….completed" or [DONE]. */
function eventWatch() {
  let ended = false;
  let usage: ReturnType<typeof usageOfOperation>;
  const decoder = new TextDecoder();
  const parser = createParser({
    maxBufferSize: eventBytesMax,
    onEvent: ({ data }) => {
      if (data === "[DONE]" || /"type"\s*:\s*"[\w.]+\.(?:done|completed)"/.test(data)) ended = true;
      if (!data.includes('"usage"')) return;
      try {
        usage = usageOfOperation(JSON.parse(data)) ?? usage;
      } catch {
        // Handed on as it came; it only tells no usage.
      }
    },
  });
  return {
    see: (chunks: readonly Uint8Array[]) => {
      for (const chunk of chunks) parser.feed(decoder.decode(chunk, { stream: true }));
    },
    usage: () => usage,
    ended: () => ended,
  };
}

function bodyOf(
  { request, backend }: OperationCall,
  sent: { begun: boolean },
  onEnd: () => void,
): string | AsyncIterable<Uint8Array> | null {
  const { body } = request;
  switch (body.case) {
    case "none":
      return null;
    case "json":
      return spliced(body.json, request.target.case === "route" ? new Map([["model", JSON.stringify(backend.model)]]) : new Map());
    case "multipart":
      return watched(body.bytes(backend.model), sent, onEnd);
    default:
      return body satisfies never;
  }
}

async function* watched(bytes: AsyncIterable<Uint8Array>, sent: { begun: boolean }, onEnd: () => void): AsyncGenerator<Uint8Array, void> {
  sent.begun = true;
  yield* bytes;
  onEnd();
}

function headersOf({ request, backend }: OperationCall, proof: Proof): string[] {
  const headers = [...proof.headers, "accept-encoding", "identity", "x-request-id", request.callId];
  if (request.body.case === "json") headers.push("content-type", "application/json");
  if (request.body.case === "multipart") headers.push("content-type", request.body.contentType);
  if (backend.provider.kind === "simulated") for (const [name, value] of Object.entries(request.simulation)) headers.push(name, value);
  return headers;
}

const single = (value: string | string[] | undefined): string | undefined => (Array.isArray(value) ? value[0] : value);
