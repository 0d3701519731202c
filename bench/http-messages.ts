/**
 * Reads HTTP/1.1 messages from the pieces that a socket brings: the one parser of the fixture backend and of the load, so that
 * neither costs more than a few microseconds a message and the machine is left to what is measured. It knows what those two need
 * and no more: a length or chunks, no trailers, no upgrades. Anything else throws, and the run ends: a bench must not guess.
 */

export interface MessageHandler {
  /** Start line and header lines, without the empty line. */
  head(text: string): void;
  /** A part of the body, without the framing. A view on the socket's piece: copy what is to be kept. */
  data(piece: Buffer): void;
  end(): void;
}

const headBytesMax = 64 * 1024;
const headEnd = Buffer.from("\r\n\r\n");
const lineEnd = Buffer.from("\r\n");

type Expecting = "head" | "length" | "chunk-size" | "chunk" | "chunk-end" | "last-line";

/** @returns what takes the socket's pieces, in order. @throws Error from there, on what it does not know. */
export function messageReader(handler: MessageHandler): (piece: Buffer) => void {
  let kept: Buffer | undefined;
  let expecting: Expecting = "head";
  let left = 0;

  const readHead = (text: string): void => {
    handler.head(text);
    const lower = text.toLowerCase();
    const length = /\r\ncontent-length: *(\d+)/.exec(lower)?.[1];
    if (lower.includes("\r\ntransfer-encoding: chunked")) expecting = "chunk-size";
    else if (length !== undefined && length !== "0") {
      left = Number(length);
      expecting = "length";
    } else handler.end();
  };

  return (piece) => {
    const bytes = kept === undefined ? piece : Buffer.concat([kept, piece]);
    kept = undefined;
    let at = 0;
    while (at < bytes.length) {
      if (expecting === "length" || expecting === "chunk") {
        const part = bytes.subarray(at, at + left);
        at += part.length;
        left -= part.length;
        handler.data(part);
        if (left > 0) return;
        if (expecting === "length") {
          expecting = "head";
          handler.end();
        } else expecting = "chunk-end";
        continue;
      }
      const separator = expecting === "head" ? headEnd : lineEnd;
      const end = bytes.indexOf(separator, at);
      if (end < 0) {
        if (bytes.length - at > headBytesMax) throw new Error(`no end of the ${expecting} within ${headBytesMax} bytes`);
        kept = bytes.subarray(at);
        return;
      }
      const text = bytes.toString("latin1", at, end);
      at = end + separator.length;
      switch (expecting) {
        case "head":
          readHead(text);
          break;
        case "chunk-size":
          left = Number.parseInt(text, 16);
          if (!Number.isInteger(left)) throw new Error(`not the size of a chunk: ${text.slice(0, 40)}`);
          expecting = left === 0 ? "last-line" : "chunk";
          break;
        case "chunk-end":
          expecting = "chunk-size";
          break;
        case "last-line":
          expecting = "head";
          handler.end();
          break;
        default:
          expecting satisfies never;
      }
    }
  };
}
