/** Bodies that are streamed through and changed on the way: the same parts and lines however the network cuts them. */
import { createServer, request as httpRequest } from "node:http";
import type { AddressInfo } from "node:net";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openMultipart, readMultipart } from "../../data-plane/edge/multipart-body.ts";
import { batchLines } from "../../data-plane/edge/openai-storage/batch-lines.ts";
import { type RestCall, readBody, sendJson, startRestServer } from "../../data-plane/edge/rest-server.ts";

const file = Buffer.from(Array.from({ length: 5000 }, (_, i) => (i * 7) % 256));
const head = (name: string, more = "") => `--b\r\ncontent-disposition: form-data; name="${name}"${more}\r\n\r\n`;
/** The file before the model, with what looks like a boundary in it and is none. */
const body = Buffer.concat([
  Buffer.from(head("file", '; filename="a.wav"')),
  file,
  Buffer.from("\r\n-b\r\n--c\r\n"),
  Buffer.from(`\r\n${head("model")}ears\r\n${head("language")}é\r\n--b--\r\n`),
]);

/** A real request to a real server, so that what is read is what Node gives. */
let port = 0;
const written: { resolve: (bytes: Buffer) => void; reject: (reason: unknown) => void }[] = [];
const server = createServer(async (request, response) => {
  const call = { request, signal: new AbortController().signal } as unknown as RestCall;
  const form = openMultipart(call);
  try {
    const { model, body: read } = await readMultipart(form);
    const parts: Uint8Array[] = [];
    if (read.case === "multipart") for await (const bytes of read.bytes(`${model}-9`)) parts.push(bytes);
    written[0]?.resolve(Buffer.concat([Buffer.from(`${read.case === "multipart" ? read.contentType : ""}\n`), ...parts]));
  } catch (reason) {
    written[0]?.reject(reason);
  } finally {
    await form.close();
    response.end();
  }
});
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  port = (server.address() as AddressInfo).port;
});
afterAll(() => server.closeAllConnections());

async function through(pieces: readonly Buffer[]): Promise<{ fields: Record<string, string>; files: [string, Buffer][] }> {
  const result = new Promise<Buffer>((resolve, reject) => {
    written[0] = { resolve, reject };
  });
  const upload = httpRequest({ port, method: "POST", headers: { "content-type": "multipart/form-data; boundary=b" } });
  for (const piece of pieces) await new Promise((resolve) => upload.write(piece, resolve));
  upload.end();
  const bytes = await result;
  const at = bytes.indexOf("\n");
  const form = await new Response(new Uint8Array(bytes.subarray(at + 1)), {
    headers: { "content-type": bytes.subarray(0, at).toString() },
  }).formData();
  const fields: Record<string, string> = {};
  const files: [string, Buffer][] = [];
  for (const [name, value] of form) {
    if (typeof value === "string") fields[name] = value;
    else files.push([value.name, Buffer.from(await value.arrayBuffer())]);
  }
  return { fields, files };
}

function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const sorted = [...new Set(places.map((place) => place % bytes.length))].sort((a, b) => a - b);
  return [0, ...sorted].map((from, i) => bytes.subarray(from, sorted[i] ?? bytes.length)).filter(({ length }) => length > 0);
}

describe("a form", () => {
  it("is the same form, but for the model's name, wherever the network cuts it", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(10_000), { maxLength: 8 }), async (places) => {
        const { fields, files } = await through(cut(body, places));
        expect(fields).toEqual({ model: "ears-9", language: "é" });
        expect(files).toEqual([["a.wav", Buffer.concat([file, Buffer.from("\r\n-b\r\n--c\r\n")])]]);
      }),
      { numRuns: 30 },
    );
  });

  it("is refused in words of ours where it is none", async () => {
    for (const bad of ["", "no parts at all", "--b\r\nno-header\r\n\r\nx\r\n--b--", head("file", '; filename="x"')])
      await expect(through([Buffer.from(bad)])).rejects.toMatchObject({ name: "GatewayError", kind: "INVALID_ARGUMENT" });
  });
});

describe("the lines of a batch", () => {
  const lines = [
    { model: "chat", x: "é😀" },
    { model: "mini", n: 1 },
  ].map((inner, i) => JSON.stringify({ custom_id: `c${i}`, body: inner }));
  const rewritten = async (pieces: readonly Buffer[]) => {
    let text = "";
    const content = (async function* () {
      yield* pieces;
    })();
    for await (const bytes of batchLines(content, (route) => `${route}-9`)) text += Buffer.from(bytes).toString("utf8");
    return text;
  };

  it("get the models of the key's routes, wherever the network cuts them", async () => {
    const bytes = Buffer.from(`${lines.join("\n")}\n`);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(1000), { maxLength: 8 }), async (places) => {
        const text = await rewritten(cut(bytes, places));
        expect(text).toBe(`${lines.join("\n")}\n`.replace('"chat"', '"chat-9"').replace('"mini"', '"mini-9"'));
      }),
    );
  });

  it("may end without a new line and hold empty ones; one that is none is named by its number", async () => {
    expect(await rewritten([Buffer.from(`${lines[0]}\n\n${lines[1]}`)])).toContain('"mini-9"');
    await expect(rewritten([Buffer.from(`${lines[0]}\nnot json\n`)])).rejects.toMatchObject({
      message: expect.stringMatching(/^line 2: /),
    });
    await expect(rewritten([Buffer.from('{"body":{"model":"chat","api_base":"x"}}\n')])).rejects.toMatchObject({
      kind: "UNSUPPORTED_PARAMETER",
    });
  });
});

describe("a slow caller", () => {
  it("may take its time with an upload, as long as something comes, and not with anything else", async () => {
    const rest = await startRestServer(
      [
        {
          method: "POST",
          path: "/upload",
          serve: async (call) => {
            const form = openMultipart(call);
            const model = await form.field("model");
            await form.close();
            sendJson(call, 200, JSON.stringify({ model }));
          },
        },
        { method: "POST", path: "/json", serve: async (call) => sendJson(call, 200, await readBody(call)) },
      ],
      { host: "127.0.0.1", port: 0, requestMsMax: 1000, logError: () => {} },
    );
    const slowly = (path: string, type: string, pieces: readonly string[]) =>
      new Promise<number>((resolve, reject) => {
        const sent = httpRequest({ port: rest.port, path, method: "POST", headers: { "content-type": type } }, (response) => {
          response.resume();
          resolve(response.statusCode ?? 0);
        });
        sent.on("error", reject);
        let at = 0;
        const next = setInterval(() => {
          if (at < pieces.length) sent.write(pieces[at++]);
          else {
            clearInterval(next);
            sent.end();
          }
        }, 700);
        sent.on("close", () => clearInterval(next));
      });
    const form = [head("file", '; filename="a"'), "abc", "def", "ghi", `\r\n${head("model")}ears\r\n--b--\r\n`];
    const [uploaded, told] = await Promise.all([
      slowly("/upload", "multipart/form-data; boundary=b", form),
      slowly("/json", "application/json", ["{", '"a"', ":", "1", "}"]),
    ]);
    expect([uploaded, told]).toEqual([200, 408]);
    await rest.close(0);
  }, 20_000);
});
