/**
 * One connection to a target, on a bare socket, one call at a time, each answer compared with what the fixture backend has
 * prepared. A status other than 200, another byte, a closed connection: the call rejects, and with it the run.
 */
import { connect } from "node:net";
import { type FixtureAnswer, fixtureAnswer, requestBody } from "../fixture-answers.ts";
import { messageReader } from "../http-messages.ts";
import type { Target } from "./job.ts";

export interface HttpConnection {
  /** @param onPiece is called with the time of each piece of the body (performance.now()). */
  call(onPiece?: (atMs: number) => void): Promise<void>;
  close(): void;
}

interface Running {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
  readonly onPiece: ((atMs: number) => void) | undefined;
}

export function requestBytes(target: Target, model: string, promptBytes: number): Buffer {
  const body = requestBody(model, promptBytes);
  const headers = {
    host: `127.0.0.1:${target.port}`,
    "content-type": "application/json",
    ...target.headers,
    "content-length": body.length,
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.from(`POST ${fixtureAnswer(model).path} HTTP/1.1\r\n${lines.join("")}\r\n${body}`);
}

export async function openHttp(target: Target, model: string, promptBytes: number): Promise<HttpConnection> {
  const request = requestBytes(target, model, promptBytes);
  const answer = fixtureAnswer(model);
  let running: Running | undefined;
  let failure: Error | undefined;
  let check = answerCheck(answer, target.compare);
  let head = "";
  let refused = "";

  const socket = connect({ port: target.port, host: "127.0.0.1", noDelay: true });
  await new Promise<void>((resolve, reject) => {
    socket.once("connect", resolve);
    socket.once("error", reject);
  });
  const fail = (error: Error) => {
    failure = error;
    running?.reject(error);
    running = undefined;
    socket.destroy();
  };
  const read = messageReader({
    head: (text) => {
      head = text;
      refused = "";
      check = answerCheck(answer, target.compare);
    },
    data: (piece) => {
      if (head.startsWith("HTTP/1.1 200")) check.see(piece);
      else refused += piece.toString();
    },
    end: () => {
      if (!head.startsWith("HTTP/1.1 200")) throw new Error(`${head.split("\r\n")[0]} ${refused.slice(0, 300)}`);
      check.end();
      const { resolve } = running ?? {};
      running = undefined;
      resolve?.();
    },
  });
  socket.on("data", (piece) => {
    try {
      running?.onPiece?.(performance.now());
      read(piece);
    } catch (error) {
      fail(error instanceof Error ? error : new Error(String(error)));
    }
  });
  socket.on("error", fail);
  socket.on("close", () => fail(failure ?? new Error(`the target at port ${target.port} closed a connection`)));

  return {
    call: (onPiece) =>
      new Promise((resolve, reject) => {
        if (failure !== undefined) return reject(failure);
        running = { resolve, reject, onPiece };
        socket.write(request);
      }),
    close: () => socket.destroy(),
  };
}

interface AnswerCheck {
  see(piece: Buffer): void;
  end(): void;
}

/** Both throw where the answer is not the prepared one. */
function answerCheck(answer: FixtureAnswer, compare: Target["compare"]): AnswerCheck {
  let seen = 0;
  if (compare === "bytes") {
    return {
      see: (piece) => {
        if (answer.whole.compare(piece, 0, piece.length, seen, seen + piece.length) !== 0)
          throw new Error(`another byte than the backend's, after ${seen}: ${piece.toString().slice(0, 300)}`);
        seen += piece.length;
      },
      end: () => {
        if (seen !== answer.whole.length) throw new Error(`${seen} bytes came, ${answer.whole.length} were sent`);
      },
    };
  }
  const pieces: Buffer[] = [];
  return {
    see: (piece) => void pieces.push(Buffer.from(piece)),
    end: () => {
      const text = Buffer.concat(pieces).toString();
      if (contentOf(text) !== answer.text) throw new Error(`another answer: ${text.slice(0, 300)}`);
    },
  };
}

const contentOf = (text: string): string => [...text.matchAll(/"content":"([^"]*)"/g)].map(([, content]) => content).join("");
