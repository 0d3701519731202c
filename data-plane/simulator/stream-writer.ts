/**
 * Plays an answer onto a socket: a list of steps, each a text to write, a time to wait, or a way to misbehave. It hides the
 * schedule, backpressure and what a cut means in Node.
 *
 * Waits count from the start of the answer and not from the step before, so the rate holds even where a gap is shorter than
 * a timer can be: late steps are written at once. A reader who does not read stops the steps; the call's own clock, which
 * main.ts keeps, ends it. When the response closes, the timer is cleared and nothing more is written.
 */
import type { ServerResponse } from "node:http";

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** "until-close": neither length nor chunks, the end of the connection ends the body. A number: declared length in bytes. */
  readonly framing: "chunked" | "until-close" | number;
  readonly steps: Iterable<Step>;
}

/** A number waits so many milliseconds. The head goes out with the first text. */
export type Step = string | Uint8Array | number | Misstep;

/** hang: nothing more, until the caller leaves. fin, rst: the connection ends, orderly or by reset, once what was written is out. */
export interface Misstep {
  readonly act: "flush-head" | "hang" | "fin" | "rst";
}

export interface WriterEvents {
  /** After each text. */
  wrote(): void;
  /** The simulator is about to cut the connection, on purpose. */
  cuts(): void;
}

/** Below this a wait is not worth a timer, which fires no sooner than 1 ms. */
const waitMsMin = 0.5;

/** @param requestId sent as x-request-id */
export function writeAnswer(response: ServerResponse, answer: HttpAnswer, requestId: string, events: WriterEvents): void {
  const steps = answer.steps[Symbol.iterator]();
  const only = Array.isArray(answer.steps) && answer.steps.length === 1 ? answer.steps[0] : undefined;
  let timer: NodeJS.Timeout | undefined;
  let closed = false;
  let dueMs = performance.now();

  const writeHead = () => {
    if (response.headersSent) return;
    const headers: Record<string, string | number> = { ...answer.headers, "x-request-id": requestId };
    if (answer.framing === "until-close") {
      response.useChunkedEncodingByDefault = false;
      response.shouldKeepAlive = false;
    } else if (answer.framing !== "chunked") headers["content-length"] = answer.framing;
    response.writeHead(answer.status, headers);
  };

  const advance = () => {
    timer = undefined;
    while (!closed) {
      const next = steps.next();
      if (next.done === true) {
        writeHead();
        response.end();
        return;
      }
      const step = next.value;
      if (typeof step === "number") {
        dueMs += step;
        const waitMs = dueMs - performance.now();
        if (waitMs < waitMsMin) continue;
        timer = setTimeout(advance, Math.ceil(waitMs));
        return;
      }
      if (typeof step === "string" || step instanceof Uint8Array) {
        writeHead();
        if (step === only) {
          // Head and body in one write: most of what an answer that is not streamed costs is in its writes.
          response.end(step);
          events.wrote();
          return;
        }
        const roomLeft = response.write(step);
        events.wrote();
        if (roomLeft) continue;
        response.once("drain", advance);
        return;
      }
      if (step.act === "hang") return;
      if (step.act === "flush-head") {
        writeHead();
        response.flushHeaders();
        continue;
      }
      events.cuts();
      cut(response, step.act);
      return;
    }
  };

  response.once("close", () => {
    closed = true;
    clearTimeout(timer);
  });
  advance();
}

function cut(response: ServerResponse, how: "fin" | "rst"): void {
  const { socket } = response;
  if (socket === null) return;
  if (how === "fin") socket.destroySoon();
  // A reset throws away what has not been sent; an empty write is called back once all before it has been.
  else socket.write("", () => socket.resetAndDestroy());
}
