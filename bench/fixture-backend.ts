/**
 * An inference server that costs next to nothing: a process of its own that answers prepared bytes over bare sockets, so that it
 * is never what a measurement waits for (each run measures it directly, too). It reads of a request only what it must: the
 * model's name, and whether usage is asked for. It ends the process on anything it does not understand.
 *
 * Prints its port as a line of JSON. A GET answers how many completions were asked for since the start.
 */
import { createServer, type Socket } from "node:net";
import { type FixtureAnswer, fixtureAnswer } from "./fixture-answers.ts";
import { messageReader } from "./http-messages.ts";

const modelMember = Buffer.from('"model":"');
const usageMember = Buffer.from('"include_usage":true');
const streamHead = Buffer.from(
  "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\ncache-control: no-cache\r\ntransfer-encoding: chunked\r\n\r\n",
);
const lastChunk = Buffer.from("0\r\n\r\n");
/** Streams of one pace are spread over this many steps of it, so that not all write in one turn. */
const paceSteps = 50;

let completions = 0;

interface Prepared {
  /** Each with its framing. */
  readonly writes: readonly Buffer[];
  readonly answer: FixtureAnswer;
}

const prepared = new Map<string, Prepared>();

function prepare(model: string, withUsage: boolean): Prepared {
  const key = `${model} ${withUsage}`;
  const known = prepared.get(key);
  if (known !== undefined) return known;
  const answer = fixtureAnswer(model);
  const parts = [...answer.parts];
  if (withUsage && answer.usageChunk !== undefined) parts.splice(-1, 0, answer.usageChunk);
  const made = { answer, writes: answer.writing === "whole" ? [wholeMessage(answer.whole)] : streamWrites(parts, answer.writing) };
  prepared.set(key, made);
  return made;
}

const wholeMessage = (body: Buffer): Buffer =>
  Buffer.concat([Buffer.from(`HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n`), body]);

const chunked = (part: Buffer): Buffer => Buffer.concat([Buffer.from(`${part.length.toString(16)}\r\n`), part, Buffer.from("\r\n")]);

function streamWrites(parts: readonly Buffer[], writing: FixtureAnswer["writing"]): readonly Buffer[] {
  const writes = parts.map(chunked);
  // The end of the stream comes with its last token, as from servers that write both in one turn.
  const ends = Buffer.concat([...writes.splice(-3), lastChunk]);
  const first = Buffer.concat([streamHead, writes.shift() ?? Buffer.alloc(0)]);
  return writing === "burst" ? [Buffer.concat([first, ...writes, ends])] : [first, ...writes, ends];
}

const server = createServer({ noDelay: true }, (socket) => {
  let method = "";
  let pieces: Buffer[] = [];
  const read = messageReader({
    head: (text) => {
      method = text.slice(0, text.indexOf(" "));
      pieces = [];
    },
    data: (piece) => void pieces.push(Buffer.from(piece)),
    end: () => {
      const [only] = pieces;
      answer(socket, method, pieces.length === 1 && only !== undefined ? only : Buffer.concat(pieces));
    },
  });
  socket.on("data", read);
  // Whoever leaves in the middle is the load's business, and it counts.
  socket.on("error", () => socket.destroy());
});

function answer(socket: Socket, method: string, body: Buffer): void {
  if (method === "GET") {
    socket.write(wholeMessage(Buffer.from(String(completions))));
    return;
  }
  completions++;
  const from = body.indexOf(modelMember) + modelMember.length;
  const { writes, answer: asked } = prepare(body.toString("latin1", from, body.indexOf('"', from)), body.includes(usageMember));
  const [first] = writes;
  if (first !== undefined) socket.write(first);
  if (asked.writing === "each") writeEach(socket, writes, 1);
  else if (asked.writing === "paced") pace(socket, writes, asked.paceMs);
}

function writeEach(socket: Socket, writes: readonly Buffer[], index: number): void {
  const part = writes[index];
  if (part === undefined || socket.destroyed) return;
  setImmediate(() => {
    if (socket.writable) socket.write(part);
    writeEach(socket, writes, index + 1);
  });
}

interface Stream {
  readonly socket: Socket;
  readonly writes: readonly Buffer[];
  next: number;
}

/** One timer for each pace and not one for each stream: 10,000 timers would be the measurement. */
const wheels = new Map<number, Stream[][]>();
let turn = 0;

function pace(socket: Socket, writes: readonly Buffer[], paceMs: number): void {
  let wheel = wheels.get(paceMs);
  if (wheel === undefined) {
    const made: Stream[][] = Array.from({ length: paceSteps }, () => []);
    const startedAtMs = performance.now();
    let step = 0;
    // The wheel is held to the clock: a late timer is followed by as many steps as it was late.
    setInterval(() => {
      for (; startedAtMs + (step * paceMs) / paceSteps <= performance.now(); step++) {
        const slot = made[step % paceSteps] ?? [];
        made[step % paceSteps] = slot.filter((stream) => {
          const part = stream.writes[stream.next++];
          if (part === undefined || !stream.socket.writable) return false;
          stream.socket.write(part);
          return true;
        });
      }
    }, paceMs / paceSteps);
    wheels.set(paceMs, made);
    wheel = made;
  }
  // In turn over the steps, so that they are of equal length whenever the streams began.
  wheel[turn++ % paceSteps]?.push({ socket, writes, next: 1 });
}

server.listen({ port: 0, host: "127.0.0.1", backlog: 4096 }, () => {
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  process.stdout.write(`${JSON.stringify({ event: "ready", port })}\n`);
});
process.on("disconnect", () => process.exit(0));
