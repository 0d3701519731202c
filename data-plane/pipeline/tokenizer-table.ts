/** A worker that reads the tokenizer's table, 2 MB of source, and hands it on in pieces: the loop that serves calls only takes them. */
import { parentPort } from "node:worker_threads";
import table from "gpt-tokenizer/bpeRanks/o200k_base";

if (parentPort === null) throw new Error("tokenizer-table.ts is a worker, start it with new Worker()");
const port = parentPort;
/** A millisecond to take. */
const pieceEntries = 4_000;
// Each is asked for: what waits in a port is taken all at once.
port.on("message", (from: number) => port.postMessage(table.slice(from, from + pieceEntries)));
