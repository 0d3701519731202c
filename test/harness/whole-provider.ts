/**
 * A small real server of OpenAI's API beside completions, as OpenAI's reference documents it: embeddings as floats whatever is
 * asked, speech, transcription, images, ranking; files, batches and jobs that it keeps in memory. It reads uploads as they come
 * and tells what it saw.
 */
import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Busboy } from "@fastify/busboy";

export interface SeenForm {
  readonly path: string;
  readonly fields: Record<string, string>;
  readonly files: { name: string; filename: string; mediaType: string; bytes: number; sha256: string; text: string }[];
  readonly authorization: string | undefined;
  /** When the first byte of its body came, and the last. */
  readonly firstAtMs: number;
  lastAtMs: number;
}

interface KeptFile {
  readonly object: Record<string, unknown>;
  readonly content: string;
}

export async function startWholeProvider() {
  const forms: SeenForm[] = [];
  const bodies: { path: string; body: Record<string, unknown> }[] = [];
  const files = new Map<string, KeptFile>();
  const jobs = new Map<string, Record<string, unknown>>();
  /** What the next answer is instead: a status, or a cut after the first piece. */
  let failing: { status: number; times: number } | "cut" | undefined;
  let counter = 0;
  let receiving = 0;

  const server = createServer((request, response) => {
    void answer(request, response).catch((error: unknown) => json(response, 500, { error: { message: String(error) } }));
  });

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<unknown> {
    const url = new URL(request.url ?? "/", "http://provider");
    const path = url.pathname.replace("/v1", "");
    const form = /^multipart\//.test(request.headers["content-type"] ?? "")
      ? await readForm(request, path, (by) => (receiving += by))
      : undefined;
    if (form !== undefined) forms.push(form);
    const body = form === undefined && request.method === "POST" ? await readJson(request) : {};
    if (request.method === "POST" && form === undefined) bodies.push({ path, body });
    if (failing !== undefined && failing !== "cut" && failing.times-- > 0) {
      const { status } = failing;
      return json(response, status, { error: { message: `failing with ${status}`, type: "server_error", param: null, code: null } });
    }
    switch (`${request.method} ${path}`) {
      case "POST /embeddings":
        return json(response, 200, {
          object: "list",
          data: (Array.isArray(body["input"]) ? body["input"] : [body["input"]]).map((_, index) => ({
            object: "embedding",
            index,
            embedding: [0.5, -0.25, index],
          })),
          model: body["model"],
          usage: { prompt_tokens: 7, total_tokens: 7 },
          x_unknown: { kept: true },
        });
      case "POST /rerank":
        return json(response, 200, {
          id: "rerank-1",
          results: (body["documents"] as string[]).map((_, index) => ({ index, relevance_score: 1 / (index + 1) })),
          usage: { total_tokens: 21 },
        });
      case "POST /audio/speech": {
        response.writeHead(200, { "content-type": "audio/mpeg" });
        response.write(Buffer.alloc(1000, 1));
        if (failing === "cut") return setTimeout(() => response.destroy(), 20);
        return response.end(Buffer.alloc(500, 2));
      }
      case "POST /audio/transcriptions":
      case "POST /audio/translations": {
        const { response_format: format, stream } = form?.fields ?? {};
        const text = `heard ${form?.files[0]?.bytes ?? 0} bytes`;
        const usage = { type: "tokens", input_tokens: 14, output_tokens: 45, total_tokens: 59, input_token_details: { audio_tokens: 14 } };
        if (stream === "true") {
          response.writeHead(200, { "content-type": "text/event-stream" });
          response.write(`data: ${JSON.stringify({ type: "transcript.text.delta", delta: "heard" })}\n\n`);
          if (failing === "cut") return response.end();
          response.end(`data: ${JSON.stringify({ type: "transcript.text.done", text, usage })}\n\n`);
        } else if (format === "text") {
          response.writeHead(200, { "content-type": "text/plain; charset=utf-8" });
          response.end(`${text}\n`);
        } else json(response, 200, { text, usage });
        return undefined;
      }
      case "POST /images/generations":
      case "POST /images/edits":
      case "POST /images/variations":
        return json(response, 200, {
          created: 1713833628,
          data: [{ b64_json: Buffer.alloc(30_000, 7).toString("base64") }],
          usage: { total_tokens: 100, input_tokens: 50, output_tokens: 50, input_tokens_details: { text_tokens: 10, image_tokens: 40 } },
        });
      default:
        return keep(request, response, url, path, form, body);
    }
  }

  function keep(
    request: IncomingMessage,
    response: ServerResponse,
    url: URL,
    path: string,
    form: SeenForm | undefined,
    body: Record<string, unknown>,
  ): unknown {
    const [, kind = "", id = "", action = ""] = path.split("/");
    if (request.method === "POST" && path === "/files") {
      const file = form?.files[0];
      const object = {
        id: `file-up${++counter}`,
        object: "file",
        bytes: file?.bytes,
        created_at: 1_700_000_000 + counter,
        filename: file?.filename,
        purpose: form?.fields["purpose"],
        status: "processed",
      };
      files.set(object.id, { object, content: file?.text ?? "" });
      return json(response, 200, object);
    }
    if (kind === "files" && id === "")
      return list(
        response,
        url,
        [...files.values()].map(({ object }) => object),
      );
    if (kind === "files") {
      const file = files.get(id);
      if (file === undefined) return missing(response, id);
      if (action === "content") {
        response.writeHead(200, { "content-type": "application/octet-stream" });
        return response.end(file.content);
      }
      if (request.method === "DELETE") {
        files.delete(id);
        return json(response, 200, { id, object: "file", deleted: true });
      }
      return json(response, 200, file.object);
    }
    const isBatch = kind === "batches";
    const jobPath = isBatch ? { id, action } : { id: action, action: path.split("/")[4] ?? "" };
    if (!isBatch && !(kind === "fine_tuning" && id === "jobs")) return missing(response, path);
    if (request.method === "POST" && jobPath.id === "") {
      const input = String(body["input_file_id"] ?? body["training_file"]);
      if (!files.has(input)) return missing(response, input);
      const job = isBatch
        ? {
            ...body,
            id: `batch_up${++counter}`,
            object: "batch",
            status: "validating",
            output_file_id: null,
            created_at: 1_700_000_000 + counter,
          }
        : {
            ...body,
            id: `ftjob-up${++counter}`,
            object: "fine_tuning.job",
            status: "queued",
            result_files: [],
            created_at: 1_700_000_000 + counter,
          };
      jobs.set(job.id, job);
      return json(response, 200, job);
    }
    if (jobPath.id === "")
      return list(response, url, [...jobs.values()].filter(({ object }) => (object === "batch") === isBatch).reverse());
    const job = jobs.get(jobPath.id);
    if (job === undefined) return missing(response, jobPath.id);
    if (jobPath.action === "cancel") job["status"] = isBatch ? "cancelling" : "cancelled";
    if (jobPath.action === "events")
      return json(response, 200, {
        object: "list",
        data: [
          {
            id: "ftevent-1",
            object: "fine_tuning.job.event",
            created_at: 1_700_000_000,
            level: "info",
            message: "queued",
            type: "message",
          },
        ],
        has_more: false,
      });
    return json(response, 200, job);
  }

  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    forms,
    bodies,
    files,
    jobs,
    /** Uploads of which some bytes of a file are there, and not all. */
    receiving: () => receiving,
    failWith(how: typeof failing) {
      failing = how;
    },
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function list(response: ServerResponse, url: URL, all: readonly Record<string, unknown>[]): unknown {
  const after = url.searchParams.get("after");
  const limit = Number(url.searchParams.get("limit") ?? 20);
  const from = after === null ? 0 : all.findIndex(({ id }) => id === after) + 1;
  const data = all.slice(from, from + limit);
  return json(response, 200, {
    object: "list",
    data,
    first_id: data[0]?.["id"] ?? null,
    last_id: data.at(-1)?.["id"] ?? null,
    has_more: from + limit < all.length,
  });
}

const missing = (response: ServerResponse, what: string): unknown =>
  json(response, 404, { error: { message: `No such thing: ${what}`, type: "invalid_request_error", param: "id", code: null } });

function json(response: ServerResponse, status: number, body: unknown): unknown {
  response.writeHead(status, { "content-type": "application/json" });
  return response.end(JSON.stringify(body));
}

async function readJson(request: IncomingMessage): Promise<Record<string, unknown>> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  const text = Buffer.concat(parts).toString("utf8");
  return text === "" ? {} : (JSON.parse(text) as Record<string, unknown>);
}

function readForm(request: IncomingMessage, path: string, count: (by: number) => void): Promise<SeenForm> {
  const form: SeenForm = { path, fields: {}, files: [], authorization: request.headers.authorization, firstAtMs: Date.now(), lastAtMs: 0 };
  return new Promise((resolve, reject) => {
    const parser = new Busboy({
      headers: { ...request.headers, "content-type": request.headers["content-type"] ?? "" },
      isPartAFile: (_name, _type, filename) => filename !== undefined,
    });
    parser.on("field", (name, value) => {
      form.fields[name] = value;
    });
    parser.on("file", (name, content, filename, _encoding, mediaType) => {
      const hash = createHash("sha256");
      let bytes = 0;
      let text = "";
      content.once("data", () => count(1));
      content.once("close", () => count(-1));
      content.on("data", (chunk: Buffer) => {
        hash.update(chunk);
        bytes += chunk.length;
        if (text.length < 1_000_000) text += chunk.toString("utf8");
      });
      content.on("end", () => form.files.push({ name, filename, mediaType, bytes, sha256: hash.digest("hex"), text }));
    });
    parser.on("finish", () => {
      form.lastAtMs = Date.now();
      resolve(form);
    });
    parser.on("error", reject);
    request.on("error", reject);
    request.pipe(parser);
  });
}
