/**
 * The thread that PGlite runs in: a slow query there does not hold up the control plane's event loop. It is spoken to in
 * PostgreSQL's own wire protocol: each message is bytes to execute, each answer the bytes that came of it, in order.
 */
import { readFileSync } from "node:fs";
import { parentPort, workerData } from "node:worker_threads";
import { PGlite } from "@electric-sql/pglite";

export interface EmbeddedStart {
  readonly dataDir: string;
  /** A packed database to begin with. undefined: there is one in the directory, or it is made anew. */
  readonly prepared: string | undefined;
}

export interface EmbeddedRequest {
  readonly id: number;
  /** Absent: checkpoint and close. */
  readonly bytes?: Uint8Array;
}

export interface EmbeddedReply {
  /** 0: it is open. */
  readonly id: number;
  readonly bytes?: Uint8Array;
  readonly error?: string;
}

const port = parentPort;
if (port === null) throw new Error("embedded-worker.ts is a worker, start it with new Worker()");
const reply = (message: EmbeddedReply) => port.postMessage(message);

const { dataDir, prepared } = workerData as EmbeddedStart;
const database = await PGlite.create(prepared === undefined ? { dataDir } : { dataDir, loadDataDir: new Blob([readFileSync(prepared)]) });

port.on("message", async (request: EmbeddedRequest) => {
  try {
    if (request.bytes === undefined) {
      await database.close();
      reply({ id: request.id });
      port.close();
    } else {
      reply({ id: request.id, bytes: await database.execProtocolRaw(request.bytes) });
    }
  } catch (error) {
    reply({ id: request.id, error: error instanceof Error ? error.message : String(error) });
  }
});
reply({ id: 0 });
