/** One HTTP/1.1 call over a bare socket: the tests need the bytes, the writes and the way the connection ended, which clients hide. */
import { connect } from "node:net";

export interface RawAnswer {
  /** What came, as bytes; chunked framing is still in it. */
  readonly bytes: Buffer;
  readonly text: string;
  readonly head: string;
  readonly body: string;
  /** One for each read of the socket. */
  readonly reads: readonly Buffer[];
  /** fin: the server ended the connection; rst: it was reset; quiet: open and silent for `quietMs`. */
  readonly end: "fin" | "rst" | "quiet";
}

export interface RawCall {
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** undefined: GET. */
  readonly body?: object | string;
  readonly quietMs?: number;
}

export function rawCall(port: number, call: RawCall): Promise<RawAnswer> {
  const body = typeof call.body === "string" ? call.body : call.body === undefined ? "" : JSON.stringify(call.body);
  const headers = { host: "simulator", connection: "close", "content-length": String(Buffer.byteLength(body)), ...call.headers };
  const head = [
    `${call.body === undefined ? "GET" : "POST"} ${call.path ?? "/v1/chat/completions"} HTTP/1.1`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
  ];
  return new Promise((resolve, reject) => {
    const reads: Buffer[] = [];
    const socket = connect(port, "127.0.0.1");
    socket.setNoDelay(true);
    const finish = (end: RawAnswer["end"]) => {
      socket.destroy();
      const bytes = Buffer.concat(reads);
      const text = bytes.toString("utf8");
      const split = text.indexOf("\r\n\r\n");
      resolve({ bytes, text, head: text.slice(0, split), body: split < 0 ? "" : text.slice(split + 4), reads, end });
    };
    socket.setTimeout(call.quietMs ?? 400, () => finish("quiet"));
    socket.on("data", (chunk) => reads.push(chunk));
    socket.on("end", () => finish("fin"));
    socket.on("error", (error: NodeJS.ErrnoException) => (error.code === "ECONNRESET" ? finish("rst") : reject(error)));
    socket.write(`${head.join("\r\n")}\r\n\r\n${body}`);
  });
}

/** The data of each event in a chunked body, by the simplest reading that is right for it. */
export const eventData = (answer: RawAnswer): string[] => [...answer.body.matchAll(/^data: ?(.*)$/gm)].map(([, data = ""]) => data.trim());

export const chatOf = (model: string, more: object = {}) => ({
  model,
  stream: true,
  messages: [{ role: "user", content: "How should a small team deploy a gateway?" }],
  ...more,
});
