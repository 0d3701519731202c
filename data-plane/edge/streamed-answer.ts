/**
 * What all answers that are streamed as server-sent events have in common: their headers, the pieces and when to wait for a
 * caller that reads slowly, heartbeats, and the error in band. A dialect says what is written; see StreamedDialect.
 *
 * The 200 is not sent before the commit point, so that what fails until then has a true status. After it a failure is told in
 * band, and nothing that looks like an end follows: a caller must never take half an answer for a whole one.
 */
import type { ServerResponse } from "node:http";
import { GatewayError } from "../gateway-error.ts";
import type { CallFacts, CompletionEvent } from "../pipeline/completion-event.ts";
import { answerHeaders } from "./answer-headers.ts";
import type { RestCall } from "./rest-server.ts";

export interface StreamedDialect {
  /** What is written for a batch. Empty: nothing, so far. "committed" is not its business. */
  text(events: readonly CompletionEvent[]): string;
  /** What comes last, when all went well. */
  end?(): Promise<string>;
  /** A failure after the first byte. */
  failure(error: GatewayError): string;
  /** Written where nothing else is, so that proxies between do not take a thinking model for a dead one. */
  readonly heartbeat: string;
  /** Default: those of every answer. */
  headers?(facts: CallFacts): Record<string, string>;
}

/** A comment, which readers of server-sent events skip. */
export const commentHeartbeat = ": keep-alive\n\n";

/** Nothing but heartbeats goes out for at most twice as long. */
const heartbeatMs = 5_000;

export const streamHeaders = {
  "content-type": "text/event-stream; charset=utf-8",
  "cache-control": "no-cache, no-transform",
  "x-accel-buffering": "no",
};

/** @throws GatewayError what fails before the first byte. */
export async function streamAnswer(
  call: RestCall,
  batches: AsyncIterable<readonly CompletionEvent[]>,
  dialect: StreamedDialect,
): Promise<void> {
  const { response } = call;
  const pieces = new Pieces(response);
  let writeStallMs = 0;
  let silent = false;
  let heartbeat: NodeJS.Timeout | undefined;
  const beat = () => {
    if (silent && response.writableLength === 0) pieces.write(dialect.heartbeat);
    silent = true;
  };
  try {
    for await (const batch of batches) {
      const [first] = batch;
      if (first?.type === "committed") {
        writeStallMs = first.writeStallMs;
        response.writeHead(200, {
          ...(dialect.headers ?? answerHeaders)(first.facts),
          "x-request-id": call.requestId,
          "x-penstock-call-id": call.callId,
          ...streamHeaders,
        });
        heartbeat = setInterval(beat, heartbeatMs);
      }
      const text = dialect.text(batch);
      if (text === "") continue;
      silent = false;
      if (!pieces.write(text)) await drained(call, writeStallMs);
    }
    response.end((await dialect.end?.()) ?? "");
  } catch (reason) {
    if (!response.headersSent) throw reason;
    const error = GatewayError.ending(call.signal, reason);
    // A caller that stalls would not read this either, and one that left is not there.
    if (error.kind === "CALLER_STALLED" || response.destroyed) response.destroy();
    else response.end(dialect.failure(error));
  } finally {
    clearInterval(heartbeat);
  }
}

/**
 * The pieces of a chunked body. Past the first, which takes the headers along, each goes to the socket in one write with its
 * length around it (RFC 9112, 7.1); node:http would hand the kernel the same bytes as four.
 */
class Pieces {
  readonly #response: ServerResponse;
  #begun = false;

  constructor(response: ServerResponse) {
    this.#response = response;
  }

  /** Whether the caller keeps up. */
  write(text: string): boolean {
    const { socket } = this.#response;
    // No socket: a pipelined request, whose turn has not come. Not chunked: a caller of HTTP/1.0.
    if (!this.#begun || socket === null || !this.#response.chunkedEncoding) {
      this.#begun = true;
      return this.#response.write(text);
    }
    const bytes = Buffer.byteLength(text);
    // As many bytes as characters: all of it is ASCII, which goes out without another look at each character.
    return socket.write(`${bytes.toString(16)}\r\n${text}\r\n`, bytes === text.length ? "latin1" : "utf8");
  }
}

/** Waits until the caller has read, at most `writeStallMs`; then the call ends as stalled. */
export function drained({ response, signal, end }: RestCall, writeStallMs: number): Promise<void> {
  const written = response.socket ?? response;
  return new Promise((resolve, reject) => {
    const settle = () => {
      clearTimeout(timer);
      written.off("drain", onDrain);
      signal.removeEventListener("abort", onAbort);
    };
    const onDrain = () => {
      settle();
      resolve();
    };
    const onAbort = () => {
      settle();
      reject(signal.reason);
    };
    const timer = setTimeout(() => end(new GatewayError("CALLER_STALLED", "the caller did not read its answer")), writeStallMs);
    written.once("drain", onDrain);
    signal.addEventListener("abort", onAbort);
    if (signal.aborted) onAbort();
  });
}
