/**
 * One real HTTP server that speaks every wire that the gateway does, one path prefix for each backend, and keeps what it was last
 * asked. It answers a word, or what a case says. The wires' shapes are those of test/providers/recordings, where the sources stand.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setImmediate as immediate } from "node:timers/promises";
import { create } from "@bufbuild/protobuf";
import { v7 } from "uuid";
import { sealSecret } from "#agreements/sealed-secret.ts";
import { ProviderSchema } from "#proto/penstock/config/v1/snapshot_pb.ts";
import { ids, type ResourceInit, routeOver, sealingKey } from "../../harness/node.ts";
import * as bedrockFrames from "../../providers/recordings/bedrock.ts";

export type Json = Record<string, unknown>;
export type Wire = "chat" | "responses" | "completions" | "messages" | "gemini" | "bedrock" | "cohere";

/** Whole, and the events of a stream: of bedrock by the event's name, of wires with named events by `type`. */
export interface WireAnswer {
  readonly whole: Json;
  readonly events: readonly Json[];
}

/** The pieces of a stream, each a write of its own. cut: the socket is, instead of the body being ended. undefined: as ever. */
export type StreamAnswer = (wire: Wire, path: string) => { readonly pieces: readonly Uint8Array[]; readonly cut?: boolean } | undefined;

export interface MatrixBackend {
  /** Also the provider's key, the route's name, and the first segment of its path. */
  readonly name: string;
  readonly kind: string;
  readonly flavour: string;
  readonly model: string;
  /** What it speaks to callers of other dialects. */
  readonly wire: Wire;
}

const compatible = ["azure", "vllm", "ollama", "llama-cpp", "tgi", "mistral", "deepseek", "groq", "openrouter"];

export const matrixBackends: readonly MatrixBackend[] = [
  { name: "openai", kind: "openai", flavour: "", model: "gpt-5", wire: "chat" },
  ...compatible.map((flavour) => ({ name: flavour, kind: "openai-compatible", flavour, model: "m", wire: "chat" as const })),
  { name: "generic", kind: "openai-compatible", flavour: "", model: "m", wire: "chat" },
  { name: "anthropic", kind: "anthropic", flavour: "", model: "claude-sonnet-4-5", wire: "messages" },
  { name: "gemini", kind: "gemini", flavour: "", model: "gemini-3-pro", wire: "gemini" },
  { name: "bedrock", kind: "bedrock", flavour: "", model: "anthropic.claude-sonnet-4-5-20250929-v1:0", wire: "bedrock" },
  { name: "cohere", kind: "cohere", flavour: "", model: "command-a-03-2025", wire: "cohere" },
];

export async function startMatrixBackends() {
  let asked = "";
  let answer: WireAnswer | undefined;
  let streamed: StreamAnswer | undefined;
  const server = createServer((request, response) => {
    void serve(request, response).catch((reason: unknown) => response.destroy(reason as Error));
  });

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    asked = Buffer.concat(parts).toString("utf8");
    const path = request.url ?? "";
    const wire = wireOf(path);
    const { whole, events } = answer ?? plainAnswers[wire];
    if (!isStreamed(path, asked)) {
      response.writeHead(200, { "content-type": "application/json" });
      return void response.end(written(whole));
    }
    response.writeHead(200, { "content-type": wire === "bedrock" ? bedrockFrames.mediaType : "text/event-stream" });
    const { pieces, cut = false } = streamed?.(wire, path) ?? { pieces: [streamBytes(wire, events)] };
    for (const piece of pieces) {
      response.write(piece);
      await immediate();
    }
    if (cut) response.destroy();
    else response.end();
  }

  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    resources: matrixBackends.flatMap((backend) => resourcesOf(backend, url)),
    /** The body of the last call. Empty: none since it was last looked at. */
    lastAsked() {
      const body = asked;
      asked = "";
      return body;
    },
    /** undefined: a word. */
    answerWith(next: WireAnswer | undefined) {
      answer = next;
    },
    /** Bytes in place of what a stream would say. undefined: what it would say. */
    streamWith(next: StreamAnswer | undefined) {
      streamed = next;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function resourcesOf({ name, kind, flavour, model }: MatrixBackend, url: string): ResourceInit[] {
  const id = v7();
  const baseUrl = `${url}/${name}${kind === "gemini" ? "/v1beta" : kind === "bedrock" || kind === "cohere" ? "" : "/v1"}`;
  const provider = create(ProviderSchema, {
    id,
    organisationId: ids.organisation,
    key: name,
    kind,
    flavour,
    baseUrl,
    privateAddressAllowed: true,
    sealedCredential: sealSecret(sealingKey, { organisationId: ids.organisation, rowId: id, baseUrl }, `secret-of-${name}`),
    ...(kind === "bedrock"
      ? { authentication: { case: "awsKeys" as const, value: { accessKeyId: "AKIAIOSFODNN7EXAMPLE", region: "eu-central-1" } } }
      : {}),
  });
  return [{ case: "provider", value: provider }, ...routeOver(model, { name }, { key: name, providerId: id })];
}

function wireOf(path: string): Wire {
  if (path.includes("/responses")) return "responses";
  if (path.includes("/chat/completions")) return "chat";
  if (path.includes("/completions")) return "completions";
  if (path.includes("/messages")) return "messages";
  if (path.includes("enerateContent")) return "gemini";
  return path.includes("/converse") ? "bedrock" : "cohere";
}

const isStreamed = (path: string, body: string): boolean =>
  /streamGenerateContent|converse-stream/.test(path) || /"stream":\s*true/.test(body);

/** "RAW 123…" is a number that JavaScript has not. */
const written = (value: unknown): string => JSON.stringify(value).replaceAll(/"RAW (\d+)"/g, "$1");
const unnamed = (event: Json) => `data: ${written(event)}\n\n`;
const named = (event: Json) => `event: ${String(event["type"])}\ndata: ${written(event)}\n\n`;
const eventTexts: Readonly<Record<Wire, (event: Json) => string | Uint8Array>> = {
  chat: unnamed,
  completions: unnamed,
  responses: named,
  messages: named,
  gemini: unnamed,
  cohere: named,
  bedrock: (event) => {
    const [[name, payload] = ["", {}]] = Object.entries(event);
    return bedrockFrames.event(name, payload as object);
  },
};

/** A stream as it goes over the wire. */
export const streamBytes = (wire: Wire, events: readonly Json[]): Uint8Array =>
  Buffer.concat([
    ...events.map((event) => Buffer.from(eventTexts[wire](event))),
    Buffer.from(wire === "chat" || wire === "completions" ? "data: [DONE]\n\n" : ""),
  ]);

const plainAnswers: Readonly<Record<Wire, WireAnswer>> = {
  chat: {
    whole: {
      id: "chatcmpl-1",
      object: "chat.completion",
      created: 1_700_000_000,
      model: "m",
      choices: [{ index: 0, message: { role: "assistant", content: "ok" }, finish_reason: "stop" }],
      usage: { prompt_tokens: 5, completion_tokens: 1, total_tokens: 6 },
    },
    events: [],
  },
  responses: {
    whole: {
      id: "resp_1",
      object: "response",
      created_at: 1_700_000_000,
      status: "completed",
      model: "gpt-5",
      output: [
        {
          id: "msg_1",
          type: "message",
          status: "completed",
          role: "assistant",
          content: [{ type: "output_text", text: "ok", annotations: [] }],
        },
      ],
      usage: { input_tokens: 5, output_tokens: 1, total_tokens: 6 },
    },
    events: [],
  },
  completions: {
    whole: {
      id: "cmpl-1",
      object: "text_completion",
      created: 1_700_000_000,
      model: "m",
      choices: [{ index: 0, text: "ok", finish_reason: "stop" }],
    },
    events: [],
  },
  messages: {
    whole: {
      id: "msg_1",
      type: "message",
      role: "assistant",
      model: "claude-sonnet-4-5",
      content: [{ type: "text", text: "ok" }],
      stop_reason: "end_turn",
      usage: { input_tokens: 5, output_tokens: 1 },
    },
    events: [],
  },
  gemini: {
    whole: { candidates: [{ content: { role: "model", parts: [{ text: "ok" }] }, finishReason: "STOP", index: 0 }], responseId: "r-1" },
    events: [],
  },
  bedrock: {
    whole: {
      output: { message: { role: "assistant", content: [{ text: "ok" }] } },
      stopReason: "end_turn",
      usage: { inputTokens: 5, outputTokens: 1, totalTokens: 6 },
    },
    events: [],
  },
  cohere: {
    whole: { id: "c-1", finish_reason: "COMPLETE", message: { role: "assistant", content: [{ type: "text", text: "ok" }] } },
    events: [],
  },
};
