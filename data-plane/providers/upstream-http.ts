/**
 * One HTTP exchange with a backend, over undici's dispatch: the callbacks become "await the head, then read what has come".
 *
 * Each read returns everything that has arrived since the last, so a burst costs the caller one turn. At most 256 KiB wait
 * here; beyond that the backend's socket is paused. Redirects are not followed (they would carry the credential elsewhere).
 * Aborting closes the socket within the same turn, in every state.
 */
import type { IncomingHttpHeaders } from "node:http";
import type { Readable } from "node:stream";
import type { Dispatcher } from "undici";
import { GatewayError } from "../gateway-error.ts";

export interface UpstreamHead {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
}

export interface UpstreamExchange {
  /** @throws the reason of `abort`, or the socket's own error. */
  head(): Promise<UpstreamHead>;
  /** What has come since the last read; undefined when the body has ended. @throws as head. */
  read(): Promise<readonly Buffer[] | undefined>;
  /** As read, without waiting: empty where nothing has come yet. For whoever reads a stream, with `more`. */
  readNow(): readonly Buffer[] | undefined;
  /** Resolves when something has come, or the exchange has ended. */
  more(): Promise<void>;
  /** Harmless after the end, and more than once. */
  abort(reason: Error): void;
  /** Nobody reads any more, but the body may end by itself for a moment, so that its connection can carry the next call. */
  release(): void;
}

const bufferedBytesMax = 256 * 1024;
/** Servers often send the end of a body after what says that the answer is whole, in a packet of its own. */
const releaseMs = 250;

export interface UpstreamRequest {
  readonly method?: "GET" | "POST" | "DELETE";
  readonly path: string;
  readonly headers: string[];
  readonly body: string | AsyncIterable<Uint8Array> | null;
}

/** Whoever wants to know how far an exchange has come. */
export interface ExchangeTimes {
  /** The request is on its connection. */
  sent(): void;
}

/** @param connectMs within which the request must be on its way. */
export function exchange(pool: Dispatcher, request: UpstreamRequest, connectMs: number, times?: ExchangeTimes): UpstreamExchange {
  const begun = new HttpExchange(connectMs, times);
  pool.dispatch(
    {
      path: request.path,
      method: request.method ?? "POST",
      headers: request.headers,
      // undici sends any async iterable; its types name Node's streams alone.
      body: request.body as string | Readable | null,
      headersTimeout: 0,
      bodyTimeout: 0,
    },
    begun,
  );
  return begun;
}

/** One object for both sides, what undici calls and what the adapter reads: one is made for each call. */
class HttpExchange implements UpstreamExchange, Dispatcher.DispatchHandler {
  readonly #times: ExchangeTimes | undefined;
  #controller: Dispatcher.DispatchController | undefined;
  #head: UpstreamHead | undefined;
  #chunks: Buffer[] = [];
  #bufferedBytes = 0;
  #ended = false;
  #failure: Error | undefined;
  /** One waiter at a time: the exchange has one reader. */
  #wake: (() => void) | undefined;
  readonly #connecting: NodeJS.Timeout;
  #releasing: NodeJS.Timeout | undefined;

  constructor(connectMs: number, times: ExchangeTimes | undefined) {
    this.#times = times;
    this.#connecting = setTimeout(neverConnected, connectMs, this);
  }

  async head(): Promise<UpstreamHead> {
    while (this.#head === undefined) {
      if (this.#failure !== undefined) throw this.#failure;
      await this.more();
    }
    return this.#head;
  }

  async read(): Promise<readonly Buffer[] | undefined> {
    for (;;) {
      const chunks = this.readNow();
      if (chunks === undefined || chunks.length > 0) return chunks;
      await this.more();
    }
  }

  readNow(): readonly Buffer[] | undefined {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#chunks.length > 0) return this.#take();
    return this.#ended ? undefined : nothing;
  }

  more(): Promise<void> {
    if (this.#chunks.length > 0 || this.#ended || this.#failure !== undefined) return atOnce;
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  abort(reason: Error): void {
    if (this.#ended || this.#failure !== undefined) return;
    this.#fail(reason);
    // Not started yet: onRequestStart sees the failure and gives up there.
    this.#controller?.abort(reason);
  }

  release(): void {
    if (this.#ended || this.#failure !== undefined) return;
    this.#releasing = setTimeout(() => this.abort(endless), releaseMs);
    this.#chunks = [];
    this.#bufferedBytes = 0;
    if (this.#controller?.paused === true) this.#controller.resume();
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    clearTimeout(this.#connecting);
    this.#times?.sent();
    if (this.#failure !== undefined) controller.abort(this.#failure);
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    // Early hints and the like come before the answer and are none.
    if (status < 200) return;
    this.#head = { status, headers };
    this.#notify();
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#bufferedBytes += chunk.length;
    if (this.#releasing !== undefined) {
      if (this.#bufferedBytes > bufferedBytesMax) this.abort(endless);
      return;
    }
    this.#chunks.push(chunk);
    if (this.#bufferedBytes > bufferedBytesMax) this.#controller?.pause();
    this.#notify();
  }

  onResponseEnd(): void {
    this.#ended = true;
    clearTimeout(this.#releasing);
    this.#notify();
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#fail(error);
  }

  #take(): readonly Buffer[] {
    const batch = this.#chunks;
    this.#chunks = [];
    this.#bufferedBytes = 0;
    // Last, because it may call onResponseData before it returns.
    if (this.#controller?.paused === true) this.#controller.resume();
    return batch;
  }

  #fail(error: Error): void {
    if (this.#ended || this.#failure !== undefined) return;
    this.#failure = error;
    clearTimeout(this.#connecting);
    clearTimeout(this.#releasing);
    this.#notify();
  }

  #notify(): void {
    const waiting = this.#wake;
    this.#wake = undefined;
    waiting?.();
  }
}

const nothing: readonly Buffer[] = [];
const atOnce = Promise.resolve();

const neverConnected = (exchange: HttpExchange) =>
  exchange.abort(
    new GatewayError("UPSTREAM_UNAVAILABLE", "the backend did not take the connection in time", { anotherBackendMayHelp: true }),
  );

/** Seen by nobody: the answer was whole before it. */
const endless = new Error("the backend's answer went on after its end");
