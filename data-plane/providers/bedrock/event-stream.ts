/**
 * Reads AWS's binary event stream: messages behind one another, each with its length before it and checksums within. What a message
 * holds is JSON; its name stands in its headers, and so does that it is an exception.
 *
 * Source: smithy.io/2.0/aws/amazon-eventstream.html.
 */
import { EventStreamCodec } from "@smithy/eventstream-codec";
import { type Framing, protocolError } from "../answer-exchange.ts";

/** A message has at least its two lengths and two checksums. */
const messageBytesMin = 16;
const messageBytesMax = 4 * 1024 * 1024;
/** What stands before the name of an exception, so that it is not taken for an event's. */
export const exceptionMark = "exception:";

export const awsEventStream: Framing = {
  mediaType: "application/vnd.amazon.eventstream",
  open(take) {
    const codec = new EventStreamCodec(
      (bytes) => (typeof bytes === "string" ? bytes : Buffer.from(bytes).toString("utf8")),
      (text) => Buffer.from(text, "utf8"),
    );
    let rest: Buffer = Buffer.alloc(0);
    return (chunk) => {
      rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      while (rest.length >= 4) {
        const length = rest.readUInt32BE(0);
        if (length < messageBytesMin || length > messageBytesMax) throw protocolError(`an event of ${length} bytes`);
        if (rest.length < length) return;
        const message = rest.subarray(0, length);
        rest = rest.subarray(length);
        takeMessage(codec, message, take);
      }
    };
  },
};

function takeMessage(codec: EventStreamCodec, message: Buffer, take: (data: string, name: string | undefined) => void): void {
  const { headers, body } = decoded(codec, message);
  const header = (name: string): string => {
    const value = headers[name]?.value;
    return typeof value === "string" ? value : "";
  };
  const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString("utf8");
  const kind = header(":message-type");
  if (kind === "event") take(text, header(":event-type"));
  else if (kind === "exception") take(text, `${exceptionMark}${header(":exception-type")}`);
  else if (kind === "error") take(JSON.stringify({ message: header(":error-message") }), `${exceptionMark}${header(":error-code")}`);
  else throw protocolError("an event of an unknown kind");
}

function decoded(codec: EventStreamCodec, message: Buffer) {
  try {
    return codec.decode(message);
  } catch (cause) {
    throw protocolError("an event whose checksum or headers are wrong", cause);
  }
}
