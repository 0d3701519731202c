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
  /** Harmless after the end, and more than once. */
  abort(reason: Error): void;
  /** Nobody reads any more, but the body may end by itself for a moment, so that its connection can carry the next call. */
  release(): void;
  /** True once the request was on its way to a connected backend. */
  readonly sent: boolean;
}

const bufferedBytesMax = 256 * 1024;
/** Servers often send the end of a body after what says that the answer is whole, in a packet of its own. */
const releaseMs = 250;

export function exchange(
  pool: Dispatcher,
  request: {
    readonly method?: "GET" | "POST" | "DELETE";
    readonly path: string;
    readonly headers: string[];
    readonly body: string | AsyncIterable<Uint8Array> | null;
    readonly connectMs: number;
  },
): UpstreamExchange {
  let controller: Dispatcher.DispatchController | undefined;
  let head: UpstreamHead | undefined;
  let chunks: Buffer[] = [];
  let bufferedBytes = 0;
  let ended = false;
  let failure: Error | undefined;
  let sent = false;
  let wake: (() => void) | undefined;
  let releasing: NodeJS.Timeout | undefined;

  const notify = () => {
    const waiting = wake;
    wake = undefined;
    waiting?.();
  };
  const fail = (error: Error) => {
    if (ended || failure !== undefined) return;
    failure = error;
    clearTimeout(connecting);
    clearTimeout(releasing);
    notify();
  };
  const abort = (reason: Error) => {
    if (ended || failure !== undefined) return;
    fail(reason);
    // Not started yet: onRequestStart sees the failure and gives up there.
    controller?.abort(reason);
  };
  const connecting = setTimeout(
    () =>
      abort(new GatewayError("UPSTREAM_UNAVAILABLE", "the backend did not take the connection in time", { anotherBackendMayHelp: true })),
    request.connectMs,
  );

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
    {
      onRequestStart(started) {
        controller = started;
        clearTimeout(connecting);
        sent = true;
        if (failure !== undefined) started.abort(failure);
      },
      onResponseStart(_controller, status, headers) {
        // Early hints and the like come before the answer and are none.
        if (status < 200) return;
        head = { status, headers };
        notify();
      },
      onResponseData(_controller, chunk) {
        bufferedBytes += chunk.length;
        if (releasing !== undefined) {
          if (bufferedBytes > bufferedBytesMax) abort(endless);
          return;
        }
        chunks.push(chunk);
        if (bufferedBytes > bufferedBytesMax) controller?.pause();
        notify();
      },
      onResponseEnd() {
        ended = true;
        clearTimeout(releasing);
        notify();
      },
      onResponseError(_controller, error) {
        fail(error);
      },
    },
  );

  /** One waiter at a time: the exchange has one reader. */
  const news = () =>
    new Promise<void>((resolve) => {
      wake = resolve;
    });

  return {
    get sent() {
      return sent;
    },
    abort,
    release() {
      if (ended || failure !== undefined) return;
      releasing = setTimeout(() => abort(endless), releaseMs);
      chunks = [];
      bufferedBytes = 0;
      if (controller?.paused === true) controller.resume();
    },
    async head() {
      while (head === undefined) {
        if (failure !== undefined) throw failure;
        await news();
      }
      return head;
    },
    async read() {
      for (;;) {
        if (failure !== undefined) throw failure;
        if (chunks.length > 0) {
          const batch = chunks;
          chunks = [];
          bufferedBytes = 0;
          // Last, because it may call onResponseData before it returns.
          if (controller?.paused === true) controller.resume();
          return batch;
        }
        if (ended) return undefined;
        await news();
      }
    },
  };
}

/** Seen by nobody: the answer was whole before it. */
const endless = new Error("the backend's answer went on after its end");
