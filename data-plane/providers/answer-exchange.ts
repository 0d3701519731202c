/**
 * One attempt at a backend over HTTP, whatever its dialect: sends the request, keeps the attempt's clocks, reads the answer as one
 * text or as server-sent events, and lets the connection go. What the bytes mean is the dialect's.
 *
 * A body that merely ends, by FIN or by RST, has failed: HTTP clients report a close-delimited body that was cut as a clean end.
 */
import type { Provider as ProviderRow } from "#proto/penstock/config/v1/snapshot_pb.ts";
import { GatewayError } from "../gateway-error.ts";
import type { CompletionEvent } from "../pipeline/completion-event.ts";
import { parseExactly } from "../pipeline/exact-json.ts";
import { AttemptClock } from "./attempt-clock.ts";
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
  /** Where it is not the same for all providers of the kind, as a function of the provider. */
  readonly keyHeader: KeyHeader | ((provider: ProviderRow) => KeyHeader);
  /** @param proof headers, see proof.ts. @throws GatewayError UNSUPPORTED_PARAMETER, as ProviderCall.cannotCarry. */
  request(call: ProviderCall, pathPrefix: string, proof: readonly string[]): UpstreamRequest;
  /** For providers whose calls are signed, and not proved by what they carry. @param secret the key to sign with, if there is one. */
  sign?(request: UpstreamRequest, call: ProviderCall, secret: string | undefined): Promise<UpstreamRequest>;
  /** @param credential to be taken out of whatever is shown. */
  reader(call: ProviderCall, credential: string | undefined): AnswerReader;
}

/** How a dialect reads what comes back for one call. */
export interface AnswerReader {
  /** For an answer that is streamed. */
  stream(): StreamReader;
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

/** An attempt: nothing happens before its first `next`. */
export const exchangeAnswer = (
  connection: Upstream,
  dialect: HttpDialect,
  call: ProviderCall,
  signal: AbortSignal,
): AsyncIterable<ProviderBatch> => new AnswerExchange(connection, dialect, call, signal);

/** An iterator and not a generator: it is asked for each read of each stream. See callBackend. */
class AnswerExchange implements AsyncIterableIterator<ProviderBatch, void> {
  readonly #connection: Upstream;
  readonly #dialect: HttpDialect;
  readonly #call: ProviderCall;
  readonly #signal: AbortSignal;
  #upstream: UpstreamExchange | undefined;
  #clock: AttemptClock | undefined;
  #opened: OpenedAnswer | undefined;
  #over = false;
  /** A function and not the exchange as an object that listens: for such a one Node keeps what outlives the call. */
  readonly #onAbort = (): void => this.#upstream?.abort(this.#signal.reason);

  constructor(connection: Upstream, dialect: HttpDialect, call: ProviderCall, signal: AbortSignal) {
    this.#connection = connection;
    this.#dialect = dialect;
    this.#call = call;
    this.#signal = signal;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<ProviderBatch, void>> {
    if (this.#over) return nothingMore;
    try {
      this.#opened ??= await this.#open();
      const { upstream, body } = this.#opened;
      for (;;) {
        const batch = body.take(upstream.readNow());
        if (body.ended) this.#close(true);
        if (batch !== undefined) return { done: false, value: batch };
        if (body.ended) return nothingMore;
        await upstream.more();
      }
    } catch (reason) {
      this.#close(false);
      throw this.#signal.aborted ? this.#signal.reason : errorOfSocket(reason);
    }
  }

  /** The answer is not needed any more. */
  async return(): Promise<IteratorResult<ProviderBatch, void>> {
    this.#close(false);
    return nothingMore;
  }

  /** Sends the request and reads the answer's head. */
  async #open(): Promise<OpenedAnswer> {
    const call = this.#call;
    const dialect = this.#dialect;
    const connection = this.#connection;
    const signal = this.#signal;
    signal.throwIfAborted();
    const { keyHeader } = dialect;
    const { provider } = call.backend;
    const proving = proofOf(connection, provider, typeof keyHeader === "function" ? keyHeader(provider) : keyHeader);
    const proof = proving instanceof Promise ? await proving : proving;
    const reader = dialect.reader(call, proof.secret);
    const plain = dialect.request(call, connection.pathPrefix, proof.headers);
    const request = dialect.sign === undefined ? plain : await dialect.sign(plain, call, proof.secret);
    // The call may have ended while a token was fetched.
    signal.throwIfAborted();
    const upstream = exchange(connection.pool, request, call.clocks.connectMs, call.times);
    this.#upstream = upstream;
    signal.addEventListener("abort", this.#onAbort);
    const clock = new AttemptClock(call.clocks, upstream);
    this.#clock = clock;
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
    if (!streamed) return { upstream, body: new WholeBody(reader) };
    // Some servers only stream: what they say is gathered for a caller of one answer, which has no text of theirs to pass on.
    const told = call.request.stream ? reader : dialect.reader({ ...call, form: "typed" }, proof.secret);
    return { upstream, body: new StreamedBody(told.stream(), framing, clock) };
  }

  /** @param whole else its socket must not go back to the pool. */
  #close(whole: boolean): void {
    if (this.#over) return;
    this.#over = true;
    this.#clock?.stop();
    this.#signal.removeEventListener("abort", this.#onAbort);
    if (whole) this.#upstream?.release();
    else this.#upstream?.abort(abandoned);
  }
}

const nothingMore: IteratorReturnResult<void> = { done: true, value: undefined };

interface OpenedAnswer {
  readonly upstream: UpstreamExchange;
  readonly body: AnswerBody;
}

/** What is made of the pieces of an answer's body. */
interface AnswerBody {
  /** @param chunks what has come; undefined: the body has ended. @throws GatewayError, on the call after what came before the failure. */
  take(chunks: readonly Buffer[] | undefined): ProviderBatch | undefined;
  readonly ended: boolean;
}

const abandoned = new GatewayError("CANCELLED", "the answer was not needed any more");

/** @param lengthMax of one event, in characters. */
export const serverSentEventsUpTo = (lengthMax: number): Framing => ({
  mediaType: "text/event-stream",
  open: (take) =>
    eventStreamReader(
      {
        event: take,
        tooLong: () => {
          throw protocolError(`an event of more than ${lengthMax} characters`);
        },
      },
      lengthMax,
    ),
});

export const serverSentEvents = serverSentEventsUpTo(eventLengthMax);

class StreamedBody implements AnswerBody {
  ended = false;
  readonly #reader: StreamReader;
  readonly #clock: AttemptClock;
  readonly #feed: (chunk: Buffer) => void;
  #events: CompletionEvent[] = [];
  #heard = false;
  #bearsContent = false;
  #hasContent = false;
  #failure: unknown;

  constructor(reader: StreamReader, framing: Framing, clock: AttemptClock) {
    this.#reader = reader;
    this.#clock = clock;
    this.#feed = framing.open((data, name) => this.#read(data, name));
  }

  take(chunks: readonly Buffer[] | undefined): ProviderBatch | undefined {
    // What came before the failure has been handed on; the failure follows it.
    if (this.#failure !== undefined) throw this.#failure;
    if (chunks === undefined) return this.#atItsEnd();
    try {
      for (const chunk of chunks) this.#feed(chunk);
    } catch (reason) {
      this.#failure = reason;
    }
    this.ended = this.#failure === undefined && this.#reader.ended();
    if (this.#heard) this.#clock.event();
    this.#heard = false;
    if (this.#events.length > 0) return this.#batch();
    if (this.#failure !== undefined) throw this.#failure;
    return undefined;
  }

  #read(data: string, name: string | undefined): void {
    // What comes after the end is not part of the answer.
    if (this.#reader.ended()) return;
    this.#heard = true;
    if (this.#reader.read(data, name, this.#events)) this.#bearsContent = true;
  }

  #batch(): ProviderBatch {
    const batch = { events: this.#events, bearsContent: this.#bearsContent };
    if (batch.bearsContent) {
      this.#hasContent = true;
      this.#clock.content();
    }
    this.#events = [];
    this.#bearsContent = false;
    return batch;
  }

  #atItsEnd(): ProviderBatch | undefined {
    if (this.#reader.end?.(this.#events) !== true)
      throw new GatewayError("UPSTREAM_TRUNCATED", "the backend's answer broke off before its end", { anotherBackendMayHelp: true });
    this.ended = true;
    if (this.#hasContent && this.#events.length === 0) return undefined;
    // An answer of no tokens at all is an answer: its end commits too.
    this.#bearsContent = true;
    return this.#batch();
  }
}

class WholeBody implements AnswerBody {
  ended = false;
  readonly #reader: AnswerReader;
  readonly #parts: Buffer[] = [];
  #bytes = 0;

  constructor(reader: AnswerReader) {
    this.#reader = reader;
  }

  take(chunks: readonly Buffer[] | undefined): ProviderBatch | undefined {
    if (chunks === undefined) {
      const events = this.#reader.whole(textOf(this.#parts, this.#bytes));
      this.ended = true;
      return { events, bearsContent: true };
    }
    for (const chunk of chunks) {
      this.#parts.push(chunk);
      this.#bytes += chunk.length;
    }
    if (this.#bytes > answerBytesMax) throw protocolError(`an answer of more than ${answerBytesMax} bytes`);
    return undefined;
  }
}

/** @throws GatewayError UPSTREAM_PROTOCOL where there is more than `bytesMax` and it may not be cut. */
export async function readText(upstream: Pick<UpstreamExchange, "read">, bytesMax: number, beyond: "cut" | "refuse"): Promise<string> {
  const parts: Buffer[] = [];
  let size = 0;
  for (;;) {
    const chunks = await upstream.read();
    if (chunks === undefined) return textOf(parts, size);
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

/** All of a body, as it came. @throws GatewayError UPSTREAM_PROTOCOL where there is more than `bytesMax`. */
export async function readPieces(upstream: Pick<UpstreamExchange, "read">, bytesMax: number): Promise<readonly Buffer[]> {
  const parts: Buffer[] = [];
  let size = 0;
  for (;;) {
    const chunks = await upstream.read();
    if (chunks === undefined) return parts;
    for (const chunk of chunks) {
      parts.push(chunk);
      size += chunk.length;
    }
    if (size > bytesMax) throw protocolError(`an answer of more than ${bytesMax} bytes`);
  }
}

/** Most answers come in one piece. */
const textOf = (parts: readonly Buffer[], size: number): string =>
  (parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts, size)).toString("utf8");

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
