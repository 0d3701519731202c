/**
 * PostgreSQL without a PostgreSQL: PGlite (its WASM build) in the data directory, behind the same driver as the real one.
 *
 * The `pg` client gets a stream that ends in PGlite's thread instead of a socket, so one driver, one type mapping and one
 * set of statements serve both. There is one session: the pool must have one connection. A process-id lock keeps a second
 * process out, which PGlite itself would let in and lose rows by. Not safe against power loss: PGlite does not fsync.
 */
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { Duplex } from "node:stream";
import { Worker } from "node:worker_threads";
import { ControlError } from "../control-error.ts";
import type { EmbeddedReply, EmbeddedRequest, EmbeddedStart } from "./embedded-worker.ts";
import { preparedFor } from "./prepared-database.ts";
import { takeProcessLock } from "./process-lock.ts";

const openMsMax = 60_000;
const closeMsMax = 10_000;
/** A simple query message: ends what a lost client left open, and gives the session its own role back. */
const sessionReset = simpleQuery("rollback; reset role; reset all");

export interface EmbeddedDatabase {
  /** For the `stream` option of `pg`. */
  stream(): Duplex;
  close(): Promise<void>;
}

/** @throws ControlError START where another process holds the directory, or PGlite cannot open it. */
export async function openEmbeddedDatabase(dataDir: string): Promise<EmbeddedDatabase> {
  mkdirSync(dirname(dataDir), { recursive: true, mode: 0o700 });
  const lock = takeProcessLock(`${dataDir}.lock`);
  try {
    const prepared = preparedFor(dataDir);
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    const thread = await startThread({ dataDir, prepared });
    return {
      stream: () => sessionStream(thread.execute),
      close: async () => {
        try {
          await thread.close();
        } finally {
          lock.release();
        }
      },
    };
  } catch (error) {
    lock.release();
    throw error;
  }
}

interface DatabaseThread {
  execute(bytes: Uint8Array): Promise<Uint8Array>;
  close(): Promise<void>;
}

function startThread(start: EmbeddedStart): Promise<DatabaseThread> {
  const { dataDir } = start;
  const worker = new Worker(new URL("./embedded-worker.ts", import.meta.url), { workerData: start });
  const waiting = new Map<number, { resolve: (bytes: Uint8Array) => void; reject: (error: Error) => void }>();
  let lastId = 0;
  let ended: Error | undefined;
  const end = (error: Error) => {
    ended ??= error;
    for (const { reject } of waiting.values()) reject(ended);
    waiting.clear();
  };
  const send = (message: Omit<EmbeddedRequest, "id">): Promise<Uint8Array> => {
    if (ended !== undefined) return Promise.reject(ended);
    const id = ++lastId;
    return new Promise((resolve, reject) => {
      waiting.set(id, { resolve, reject });
      worker.postMessage({ id, ...message } satisfies EmbeddedRequest);
    });
  };
  const thread: DatabaseThread = {
    execute: (bytes) => send({ bytes }),
    close: async () => {
      const clock = setTimeout(() => void worker.terminate(), closeMsMax);
      const exited = new Promise((resolve) => worker.once("exit", resolve));
      await send({}).catch(() => undefined);
      await exited;
      clearTimeout(clock);
    },
  };
  return new Promise((resolve, reject) => {
    const fail = (cause: unknown) =>
      reject(
        new ControlError(
          "START",
          `the embedded database in ${dataDir} cannot be opened; restore it from a backup, or move the directory away`,
          cause,
        ),
      );
    const clock = setTimeout(() => {
      fail(new Error(`not open after ${openMsMax} ms`));
      void worker.terminate();
    }, openMsMax);
    worker.on("message", (message: EmbeddedReply) => {
      if (message.id === 0) {
        clearTimeout(clock);
        resolve(thread);
        return;
      }
      const waiter = waiting.get(message.id);
      waiting.delete(message.id);
      if (message.error === undefined) waiter?.resolve(message.bytes ?? new Uint8Array());
      else waiter?.reject(new Error(message.error));
    });
    worker.on("error", (error) => {
      clearTimeout(clock);
      end(error instanceof Error ? error : new Error(String(error)));
      fail(error);
    });
    worker.on("exit", () => {
      clearTimeout(clock);
      end(new Error("the embedded database is closed"));
    });
  });
}

/** What `pg` takes for a socket. */
function sessionStream(execute: (bytes: Uint8Array) => Promise<Uint8Array>): Duplex {
  const stream = new Duplex({
    read: () => undefined,
    write: (chunk: Buffer, _encoding, done) => {
      execute(chunk).then((answer) => {
        if (answer.length > 0) stream.push(answer);
        done();
      }, done);
    },
    final: (done) => {
      stream.push(null);
      done();
    },
    destroy: (error, done) => {
      execute(sessionReset).then(
        () => done(error),
        () => done(error),
      );
    },
  });
  return Object.assign(stream, {
    connect: () => {
      setImmediate(() => stream.emit("connect"));
      return stream;
    },
    setNoDelay: () => stream,
    setKeepAlive: () => stream,
    ref: () => stream,
    unref: () => stream,
  });
}

function simpleQuery(sql: string): Uint8Array {
  const text = Buffer.from(`${sql}\0`, "utf8");
  const message = Buffer.alloc(5 + text.length);
  message.write("Q", 0);
  message.writeUInt32BE(4 + text.length, 1);
  text.copy(message, 5);
  return message;
}
