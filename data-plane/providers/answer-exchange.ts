/**
 * One attempt at a backend over HTTP, whatever its dialect: sends the request, keeps the attempt's clocks, reads the answer as one
 * text or as server-sent events, and lets the connection go. What the bytes mean is the dialect's.
 *
 * A body that merely ends, by FIN or by RST, has failed: HTTP clients report a close-delimited body that was cut as a clean end.
 */
import { GatewayError } from "../gateway-error.ts";
import type { CompletionEvent } from "../pipeline/completion-event.ts";
import { parseExactly } from "../pipeline/exact-json.ts";
import { attemptClock } from "./attempt-clock.ts";
import { type KeyHeader, proofOf, proofRefused } from "./proof.ts";
import type { ProviderBatch, ProviderCall } from "./provider.ts";
import { eventLengthMax, eventStreamReader } from "./server-sent-events.ts";
import { exchange, type UpstreamExchange } from "./upstream-http.ts";
import type { Upstream } from "./upstream-pools.ts";

/** What is sent: the path with the provider's prefix, headers as name, value, name, value. */
export interface UpstreamRequest {
  readonly path: string;
  readonly headers: string[];
  readonly body: string;
}

/** What a dialect over HTTP must know. */
export interface HttpDialect {
  readonly keyHeader: KeyHeader;
  /** @param proof headers, see proof.ts. @throws GatewayError UNSUPPORTED_PARAMETER, as ProviderCall.cannotCarry. */
  request(call: ProviderCall, pathPrefix: string, proof: readonly string[]): UpstreamRequest;
  /** For providers whose calls are signed, and not proved by what they carry. @param secret the key to sign with, if there is one. */
  sign?(request: UpstreamRequest, call: ProviderCall, secret: string | undefined): Promise<UpstreamRequest>;
  /** @param credential to be taken out of whatever is shown. */
  reader(call: ProviderCall, credential: string | undefined): AnswerReader;
}

/** How a dialect reads what comes back for one call. */
export interface AnswerReader {
  readonly stream: StreamReader;
  /** How its streams are cut into events. Absent: server-sent events. */
  readonly framing?: Framing;
  /** An answer that was not streamed, though perhaps a stream was asked for. @throws GatewayError UPSTREAM_PROTOCOL, or what the backend said. */
  whole(text: string): readonly CompletionEvent[];
  /** For an answer whose status is not 2xx. */
  errorOfStatus(failure: FailedAnswer): GatewayError;
}

/** How a stream's bytes are cut into events. */
export interface Framing {
  readonly mediaType: string;
  /** Returns what takes the bytes as they come. @throws GatewayError UPSTREAM_PROTOCOL from there on. */
  open(take: (data: string, name: string | undefined) => void): (chunk: Buffer) => void;
}

export interface StreamReader {
  /**
   * Reads one event and appends what it means to `events`. Returns whether it bears content.
   * @param name of a named event, else undefined.
   * @throws GatewayError UPSTREAM_PROTOCOL, or the error that the backend put into its stream.
   */
  read(data: string, name: string | undefined, events: CompletionEvent[]): boolean;
  /** The terminal marker has come. What comes after it is not part of the answer. */
  ended(): boolean;
  /** For dialects without such a marker: the body has ended. Appends what is left to tell, and returns whether the answer is whole. */
  end?(events: CompletionEvent[]): boolean;
}

export interface FailedAnswer {
  readonly status: number;
  readonly body: string;
  readonly retryAfter: string | undefined;
  readonly retryAfterMs: string | undefined;
  readonly nowMs: number;
  /** To be taken out of whatever is shown. */
  readonly credential: string | undefined;
  /** Of the answer, by its name in lower case. */
  readonly header?: (name: string) => string | undefined;
}

/** One answer that is not streamed. */
const answerBytesMax = 32 * 1024 * 1024;
/** What is read of an error's body. */
const errorBytesMax = 64 * 1024;

/** What a call sends besides its body, where nothing of the caller's own goes with it. @param proof see proof.ts. */
export const jsonHeaders = ({ request }: ProviderCall, proof: readonly string[], framing = serverSentEvents): string[] => [
  "content-type",
  "application/json",
  "accept",
  request.stream ? framing.mediaType : "application/json",
  "accept-encoding",
  "identity",
  "x-request-id",
  request.callId,
  ...proof,
];

export async function* exchangeAnswer(
  connection: Upstream,
  dialect: HttpDialect,
  call: ProviderCall,
  signal: AbortSignal,
): AsyncGenerator<ProviderBatch, void> {
  signal.throwIfAborted();
  const proving = proofOf(connection, call.backend.provider, dialect.keyHeader);
  const proof = proving instanceof Promise ? await proving : proving;
  const reader = dialect.reader(call, proof.secret);
  const plain = dialect.request(call, connection.pathPrefix, proof.headers);
  const request = dialect.sign === undefined ? plain : await dialect.sign(plain, call, proof.secret);
  // The call may have ended while a token was fetched.
  signal.throwIfAborted();
  const upstream = exchange(connection.pool, { ...request, connectMs: call.clocks.connectMs });
  const onAbort = () => upstream.abort(signal.reason);
  signal.addEventListener("abort", onAbort);
  const clock = attemptClock(call.clocks, (reason) => upstream.abort(reason));
  let whole = false;
  try {
    const { status, headers } = await upstream.head();
    if (status < 200 || status >= 300) {
      if (status === 401) proofRefused(connection, proof);
      throw reader.errorOfStatus({
        status,
        body: await readText(upstream, errorBytesMax, "cut"),
        retryAfter: single(headers["retry-after"]),
        retryAfterMs: single(headers["retry-after-ms"]),
        nowMs: Date.now(),
        credential: proof.secret,
        header: (name) => single(headers[name]),
      });
    }
    const framing = reader.framing ?? serverSentEvents;
    const streamed = (single(headers["content-type"]) ?? "").includes(framing.mediaType);
    if (streamed && !call.request.stream) throw protocolError("a stream where one answer was asked for");
    if (streamed) yield* readStream(upstream, clock, reader.stream, framing);
    else yield { events: reader.whole(await readText(upstream, answerBytesMax, "refuse")), bearsContent: true };
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

export const serverSentEvents: Framing = {
  mediaType: "text/event-stream",
  open: (take) =>
    eventStreamReader({
      event: take,
      tooLong: () => {
        throw protocolError(`an event of more than ${eventLengthMax} characters`);
      },
    }),
};

async function* readStream(
  upstream: UpstreamExchange,
  clock: ReturnType<typeof attemptClock>,
  reader: StreamReader,
  framing: Framing,
): AsyncGenerator<ProviderBatch, void> {
  let events: CompletionEvent[] = [];
  let bearsContent = false;
  let failure: unknown;
  const feed = framing.open((data, name) => {
    if (reader.ended()) return;
    clock.event();
    if (reader.read(data, name, events)) bearsContent = true;
  });
  while (!reader.ended()) {
    const chunks = await upstream.read();
    if (chunks === undefined) {
      if (reader.end?.(events) !== true)
        throw new GatewayError("UPSTREAM_TRUNCATED", "the backend's answer broke off before its end", { anotherBackendMayHelp: true });
      // An answer of no tokens at all is an answer: its end commits too.
      yield { events, bearsContent: true };
      return;
    }
    try {
      for (const chunk of chunks) feed(chunk);
    } catch (reason) {
      failure = reason;
    }
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

/** @throws GatewayError UPSTREAM_PROTOCOL where there is more than `bytesMax` and it may not be cut. */
export async function readText(upstream: Pick<UpstreamExchange, "read">, bytesMax: number, beyond: "cut" | "refuse"): Promise<string> {
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

/** Number for number. @throws GatewayError UPSTREAM_PROTOCOL */
export function parsedObject(data: string): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = parseExactly(data);
  } catch (cause) {
    throw protocolError("an event that is not JSON", cause);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw protocolError("an event that is not a JSON object");
  return value as Readonly<Record<string, unknown>>;
}

export const protocolError = (what: string, cause?: unknown): GatewayError =>
  new GatewayError("UPSTREAM_PROTOCOL", `the backend sent ${what}`, { cause, anotherBackendMayHelp: true });

const errorOfSocket = (reason: unknown): GatewayError =>
  reason instanceof GatewayError
    ? reason
    : new GatewayError("UPSTREAM_UNAVAILABLE", "the connection to the backend failed", { cause: reason, anotherBackendMayHelp: true });

const single = (value: string | string[] | undefined): string | undefined => (Array.isArray(value) ? value[0] : value);
