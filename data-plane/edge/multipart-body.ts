/**
 * A multipart body on its way through: read part by part, written anew with some fields exchanged, and never held whole. What
 * stands before the field that decides where the call goes is set aside until that field comes (SDKs write the file first and
 * the model after it): up to 1 MiB in memory, beyond that in a file without a name, gone with its handle.
 *
 * A caller that sends nothing for a minute has stalled; one that sends more than 512 MiB is refused.
 */
import { randomBytes } from "node:crypto";
import { type FileHandle, mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { Busboy, type BusboyHeaders, type BusboyInstance } from "@fastify/busboy";
import { GatewayError } from "../gateway-error.ts";
import type { FormContent, OperationBody } from "../pipeline/operation-request.ts";
import { refuseSteering } from "./chat-body.ts";
import { wrongField } from "./operation-body.ts";
import { mayTakeLong, type RestCall } from "./rest-server.ts";

export const uploadBytesMax = 512 * 1024 * 1024;
const heldInMemoryMax = 1024 * 1024;
const fieldBytesMax = 128 * 1024;
const fieldsMax = 64;
const stallMs = 60_000;

export type Part =
  | { readonly case: "field"; readonly name: string; readonly value: string }
  | { readonly case: "file"; readonly name: string; readonly filename: string; readonly mediaType: string; readonly content: Bytes };
type Bytes = AsyncIterable<Uint8Array>;

export interface MultipartForm {
  /** Of the body that `bytes` writes. */
  readonly contentType: string;
  /** A field's text; undefined: there is none. Sets aside what comes before it. @throws GatewayError where the body is none. */
  field(name: string): Promise<string | undefined>;
  /** Of all parts: sets aside the whole body. @throws as field. */
  content(): Promise<FormContent>;
  /** All parts, as `change` makes of each. Once. */
  bytes(change: (part: Part) => Part): Bytes;
  /** Lets go of what is set aside and of the caller's body. */
  close(): Promise<void>;
}

/** @throws GatewayError INVALID_ARGUMENT where the request does not announce a multipart body. */
export function openMultipart(call: RestCall): MultipartForm {
  const type = call.request.headers["content-type"] ?? "";
  if (!/^multipart\/form-data\s*;.*boundary=/i.test(type))
    throw new GatewayError("INVALID_ARGUMENT", "send the body with content-type: multipart/form-data and a boundary");
  const { next, close: closeParts } = partsOf(call, type);
  const uploadOver = mayTakeLong(call.request);
  const held: Part[] = [];
  const spools: Spool[] = [];
  const boundary = `penstock-${randomBytes(16).toString("hex")}`;

  const hold = async (part: Part): Promise<Part> => {
    if (part.case === "field") return part;
    const spool = await spooled(part.content);
    spools.push(spool);
    return { ...part, content: spool.bytes };
  };

  return {
    contentType: `multipart/form-data; boundary=${boundary}`,
    async field(name) {
      for (;;) {
        const known = held.find((part) => part.case === "field" && part.name === name);
        if (known?.case === "field") return known.value;
        const part = await next();
        if (part === undefined) return undefined;
        held.push(await hold(part));
      }
    },
    async content() {
      for (let part = await next(); part !== undefined; part = await next()) held.push(await hold(part));
      const fields = held.flatMap((part) => (part.case === "field" ? [part] : []));
      return { fields, files: held.flatMap((part) => (part.case === "file" ? [part.name] : [])) };
    },
    async *bytes(change) {
      for (const part of held) yield* written(change(part), boundary);
      for (let part = await next(); part !== undefined; part = await next()) yield* written(change(part), boundary);
      yield Buffer.from(`--${boundary}--\r\n`);
    },
    async close() {
      uploadOver();
      closeParts();
      await Promise.all(spools.map((spool) => spool.close()));
    },
  };
}

/** A form that names its model, read that far. The caller closes it. @throws GatewayError INVALID_ARGUMENT naming the field. */
export async function readMultipart(form: MultipartForm): Promise<{ model: string; body: OperationBody }> {
  const model = await form.field("model");
  if (model === undefined || model === "") throw wrongField("model", "must be the name of a model; GET /v1/models lists them");
  const named = (backendModel: string) => (part: Part) =>
    part.case === "field" && part.name === "model" ? { ...part, value: backendModel } : part;
  return {
    model,
    body: {
      case: "multipart",
      contentType: form.contentType,
      bytes: (backendModel) => form.bytes(named(backendModel)),
      content: () => form.content(),
    },
  };
}

async function* written(part: Part, boundary: string): AsyncGenerator<Uint8Array, void> {
  const disposition = `--${boundary}\r\ncontent-disposition: form-data; name="${quoted(part.name)}"`;
  if (part.case === "field") {
    yield Buffer.from(`${disposition}\r\n\r\n${part.value}\r\n`);
    return;
  }
  yield Buffer.from(`${disposition}; filename="${quoted(part.filename)}"\r\ncontent-type: ${part.mediaType}\r\n\r\n`);
  yield* part.content;
  yield Buffer.from("\r\n");
}

/** As the WHATWG has it for form-data names (HTML, 4.10.21.8). */
const quoted = (text: string): string => text.replaceAll("\r", "%0D").replaceAll("\n", "%0A").replaceAll('"', "%22");

/** The parts as they come, one at a time: the next comes when the one before has been read. */
function partsOf({ request, signal }: RestCall, contentType: string) {
  const ready: Part[] = [];
  let ended = false;
  let failure: unknown;
  let wake: (() => void) | undefined;
  const notify = () => {
    wake?.();
    wake = undefined;
  };
  const fail = (reason: unknown) => {
    failure ??= reason;
    parser.destroy();
    notify();
  };
  const parser = parserOf({ ...request.headers, "content-type": contentType });
  parser.on("field", (name, value, _nameTruncated, valueTruncated) => {
    if (valueTruncated) fail(new GatewayError("PAYLOAD_TOO_LARGE", `the field "${name}" is larger than ${fieldBytesMax} bytes`));
    else take({ case: "field", name, value });
  });
  parser.on("file", (name, content: Readable, filename, _encoding, mediaType) =>
    take({ case: "file", name, filename, mediaType: headerText(mediaType), content }),
  );
  for (const limit of ["fieldsLimit", "filesLimit", "partsLimit"] as const)
    parser.on(limit, () => fail(new GatewayError("INVALID_ARGUMENT", "the body has too many parts")));
  parser.on("error", (cause) => fail(new GatewayError("INVALID_ARGUMENT", "the body is not well-formed multipart/form-data", { cause })));
  parser.on("finish", () => {
    ended = true;
    notify();
  });

  function take(part: Part): void {
    try {
      // Busboy's types do not know a part without a name.
      if (typeof part.name !== "string") throw new GatewayError("INVALID_ARGUMENT", "a part of the body has no name");
      refuseSteering(part.name);
      ready.push(part);
      notify();
    } catch (reason) {
      fail(reason);
    }
  }

  let size = 0;
  const stalled = () =>
    fail(
      parser.writableNeedDrain
        ? new GatewayError("UPSTREAM_TIMEOUT", `the backend took nothing more of the body for ${stallMs / 1000} s`)
        : new GatewayError("CALLER_STALLED", `nothing more of the body came for ${stallMs / 1000} s`),
    );
  const timer = setTimeout(stalled, stallMs);
  const onData = (chunk: Buffer) => {
    timer.refresh();
    size += chunk.length;
    if (size > uploadBytesMax) fail(new GatewayError("PAYLOAD_TOO_LARGE", `the body is larger than ${uploadBytesMax} bytes`));
  };
  const onAbort = () => fail(signal.reason);
  signal.addEventListener("abort", onAbort);
  request.on("data", onData);
  request.on("end", () => clearTimeout(timer));
  request.pipe(parser);

  return {
    async next(): Promise<Part | undefined> {
      for (;;) {
        if (failure !== undefined) throw failure;
        const part = ready.shift();
        if (part !== undefined) return part.case === "file" ? { ...part, content: contentOf(part.content, () => failure) } : part;
        if (ended) return undefined;
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
    close() {
      clearTimeout(timer);
      signal.removeEventListener("abort", onAbort);
      request.off("data", onData);
      request.unpipe(parser);
      fail(closed);
    },
  };
}

/** @throws GatewayError INVALID_ARGUMENT where the type has no boundary that it can read. */
function parserOf(headers: BusboyHeaders): BusboyInstance {
  try {
    return new Busboy({
      headers,
      limits: { fields: fieldsMax, fieldSize: fieldBytesMax, files: 32, headerPairs: 32, fieldNameSize: 200 },
      isPartAFile: (_name, _type, filename) => filename !== undefined,
    });
  } catch (cause) {
    throw new GatewayError("INVALID_ARGUMENT", "the content-type of the body is not well-formed", { cause });
  }
}

const closed = new GatewayError("CANCELLED", "the body is not needed any more");

/** A file's bytes; a body that breaks off in them throws why. */
async function* contentOf(content: Bytes, failure: () => unknown): AsyncGenerator<Uint8Array, void> {
  try {
    for await (const chunk of content) {
      if (failure() !== undefined) throw failure();
      yield chunk;
    }
  } catch (reason) {
    throw failure() ?? new GatewayError("INVALID_ARGUMENT", "the body broke off inside a file", { cause: reason });
  }
  if (failure() !== undefined) throw failure();
}

const headerText = (text: string): string => (/^[\x20-\x7e]{1,200}$/.test(text) ? text : "application/octet-stream");

interface Spool {
  readonly bytes: Bytes;
  close(): Promise<void>;
}

async function spooled(content: Bytes): Promise<Spool> {
  const inMemory: Uint8Array[] = [];
  let size = 0;
  let file: FileHandle | undefined;
  try {
    for await (const chunk of content) {
      size += chunk.length;
      if (file === undefined && size > heldInMemoryMax) {
        file = await namelessFile();
        for (const held of inMemory.splice(0)) await file.appendFile(held);
      }
      if (file === undefined) inMemory.push(chunk);
      else await file.appendFile(chunk);
    }
  } catch (reason) {
    await file?.close();
    throw reason;
  }
  const handle = file;
  return {
    bytes: handle === undefined ? asAsync(inMemory) : readBack(handle, size),
    close: async () => handle?.close(),
  };
}

async function* asAsync(chunks: readonly Uint8Array[]): AsyncGenerator<Uint8Array, void> {
  yield* chunks;
}

async function* readBack(file: FileHandle, size: number): AsyncGenerator<Uint8Array, void> {
  for (let at = 0; at < size; ) {
    const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(64 * 1024), 0, 64 * 1024, at);
    if (bytesRead === 0) throw new Error("what was set aside of an upload is gone");
    at += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}

/** Removed from its directory at once: whatever becomes of this process, the disk gets it back. */
async function namelessFile(): Promise<FileHandle> {
  const directory = await mkdtemp(join(tmpdir(), "penstock-upload-"));
  try {
    return await open(join(directory, "held"), "wx+", 0o600);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
