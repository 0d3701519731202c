/**
 * Small real servers that speak Gemini's, Bedrock's and Cohere's wire as strictly as those do where a gateway goes wrong: a call
 * that comes back must bring its signature, its result must name it, nothing may stand there that the wire does not know. Asked for
 * the weather they call a function; given its result they answer with it; asked to be slow they go on until they are left.
 *
 * Sources of the shapes: as in test/providers/recordings.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import * as bedrockFrames from "../providers/recordings/bedrock.ts";

type Json = Record<string, unknown>;

export interface DialectServer {
  readonly url: string;
  readonly bodies: Json[];
  /** Callers that left while an answer was on its way. */
  left(): number;
  [Symbol.asyncDispose](): Promise<void>;
}

interface Wire {
  /** What the conversation is at; throws what is wrong with it. */
  read(body: Json): Turn;
  contentType: string;
  isStream(path: string, body: Json): boolean;
  /** The pieces of a streamed answer; more text may follow the first two. */
  stream(turn: Turn): { readonly begin: readonly Piece[]; readonly text: (text: string) => Piece; readonly end: readonly Piece[] };
  whole(turn: Turn): Json;
  error(status: number, message: string): { readonly body: Json; readonly headers: Record<string, string> };
}
type Piece = Uint8Array | string;
type Turn = { readonly kind: "call" } | { readonly kind: "text"; readonly text: string; readonly slow: boolean };

const signature = "c2lnbmVkIGJ5IHRoZSBwcm92aWRlcg==";
const weather = { name: "get_weather", args: { city: "Köln" } };

/** From what the user last said, or what a function said after it. */
const turnOf = (said: string, result: string | undefined): Turn => {
  if (result !== undefined) return { kind: "text", text: `It is ${result}.`, slow: false };
  if (/weather/.test(said)) return { kind: "call" };
  return { kind: "text", text: `You said ${said}`, slow: /slow/.test(said) };
};

export const startGemini = (): Promise<DialectServer> =>
  start({
    contentType: "text/event-stream",
    isStream: (path) => path.includes(":streamGenerateContent?alt=sse"),
    read(body) {
      onlyMembers(body, ["contents", "systemInstruction", "generationConfig", "tools", "toolConfig", "safetySettings"]);
      const contents = body["contents"] as { role: string; parts: Json[] }[];
      alternate(contents.map(({ role }) => role));
      for (const part of contents.flatMap(({ parts }) => parts)) {
        if (part["functionCall"] === undefined) continue;
        if (part["thoughtSignature"] !== signature) throw new Error("Function call is missing a thought_signature in functionCall parts.");
      }
      const parts = contents.at(-1)?.parts ?? [];
      const response = parts.find((part) => part["functionResponse"] !== undefined)?.["functionResponse"] as Json | undefined;
      if (response !== undefined && response["name"] !== weather.name) throw new Error("the response names no function that was called");
      return turnOf(String(parts.at(-1)?.["text"] ?? ""), response && String((response["response"] as Json)["output"]));
    },
    stream(turn) {
      const event = (parts: Json[], more: Json = {}) =>
        `data: ${JSON.stringify({ candidates: [{ content: { parts, role: "model" }, index: 0, ...more }], usageMetadata: geminiUsage, modelVersion: "gemini-3-pro", responseId: "r-1" })}\r\n\r\n`;
      if (turn.kind === "call")
        return {
          begin: [event([{ text: "A city.", thought: true }]), event(geminiCall)],
          text: (text) => event([{ text }]),
          end: [event([{ text: "" }], { finishReason: "STOP" })],
        };
      return {
        begin: [event([{ text: turn.text.slice(0, 5) }]), event([{ text: turn.text.slice(5) }])],
        text: (text) => event([{ text }]),
        end: [event([{ text: "" }], { finishReason: "STOP" })],
      };
    },
    whole: (turn) => ({
      candidates: [
        { content: { parts: turn.kind === "call" ? geminiCall : [{ text: turn.text }], role: "model" }, finishReason: "STOP", index: 0 },
      ],
      usageMetadata: geminiUsage,
      modelVersion: "gemini-3-pro",
      responseId: "r-1",
    }),
    error: (status, message) => ({
      body: { error: { code: status, message, status: status === 429 ? "RESOURCE_EXHAUSTED" : "INVALID_ARGUMENT" } },
      headers: {},
    }),
  });

const geminiUsage = { promptTokenCount: 11, candidatesTokenCount: 5, thoughtsTokenCount: 2, totalTokenCount: 18 };
const geminiCall = [{ functionCall: weather, thoughtSignature: signature }];

export const startBedrock = (): Promise<DialectServer> =>
  start({
    contentType: bedrockFrames.mediaType,
    isStream: (path) => path.endsWith("/converse-stream"),
    read(body) {
      onlyMembers(body, [
        "messages",
        "system",
        "inferenceConfig",
        "toolConfig",
        "additionalModelRequestFields",
        "additionalModelResponseFieldPaths",
        "outputConfig",
      ]);
      const messages = body["messages"] as { role: string; content: Record<string, Json>[] }[];
      alternate(messages.map(({ role }) => role));
      const idsOf = (kind: "toolUse" | "toolResult") =>
        new Set<unknown>(
          messages.flatMap(({ content }) => content.map((block) => block[kind]?.["toolUseId"]).filter((id) => id !== undefined)),
        );
      const results = idsOf("toolResult");
      if ([...results].some((id) => !idsOf("toolUse").has(id))) throw new Error("a toolResult answers no toolUse");
      for (const { content } of messages) {
        const call = content.find(({ toolUse }) => toolUse !== undefined);
        if (call === undefined) continue;
        if (!results.has(call["toolUse"]?.["toolUseId"])) throw new Error("Expected toolResult blocks for the following Ids");
        const reasoning = content[0]?.["reasoningContent"]?.["reasoningText"] as Json | undefined;
        if (reasoning?.["signature"] !== signature || reasoning["text"] !== "A city.")
          throw new Error("thinking blocks cannot be modified");
      }
      const last = messages.at(-1)?.content ?? [];
      const result = last.find(({ toolResult }) => toolResult !== undefined)?.["toolResult"];
      return turnOf(String(last.at(-1)?.["text"] ?? ""), result && String((result["content"] as Json[])[0]?.["text"]));
    },
    stream(turn) {
      const { event } = bedrockFrames;
      const text = (said: string) => event("contentBlockDelta", { contentBlockIndex: 0, delta: { text: said } });
      const end = [
        event("messageStop", { stopReason: turn.kind === "call" ? "tool_use" : "end_turn" }),
        event("metadata", { usage: bedrockUsage, metrics: { latencyMs: 1 } }),
      ];
      const begin = event("messageStart", { role: "assistant" });
      if (turn.kind === "text") return { begin: [begin, text(turn.text.slice(0, 5)), text(turn.text.slice(5))], text, end };
      return {
        begin: [
          begin,
          event("contentBlockDelta", { contentBlockIndex: 0, delta: { reasoningContent: { text: "A city." } } }),
          event("contentBlockDelta", { contentBlockIndex: 0, delta: { reasoningContent: { signature } } }),
          event("contentBlockStart", { contentBlockIndex: 1, start: { toolUse: { toolUseId: "tooluse_1", name: weather.name } } }),
          event("contentBlockDelta", { contentBlockIndex: 1, delta: { toolUse: { input: JSON.stringify(weather.args) } } }),
        ],
        text,
        end,
      };
    },
    whole: (turn) => ({
      output: {
        message: {
          role: "assistant",
          content:
            turn.kind === "text"
              ? [{ text: turn.text }]
              : [
                  { reasoningContent: { reasoningText: { text: "A city.", signature } } },
                  { toolUse: { toolUseId: "tooluse_1", name: weather.name, input: weather.args } },
                ],
        },
      },
      stopReason: turn.kind === "call" ? "tool_use" : "end_turn",
      usage: bedrockUsage,
    }),
    error: (status, message) => ({
      body: { message },
      headers: { "x-amzn-errortype": status === 429 ? "ThrottlingException" : "ValidationException" },
    }),
  });

const bedrockUsage = { inputTokens: 11, outputTokens: 7, totalTokens: 18 };

export const startCohere = (): Promise<DialectServer> =>
  start({
    contentType: "text/event-stream",
    isStream: (_path, body) => body["stream"] === true,
    read(body) {
      onlyMembers(body, ["model", "messages", "stream", "tools", "tool_choice", "max_tokens", "temperature", "thinking"]);
      const messages = body["messages"] as Json[];
      for (const message of messages) {
        if (message["tool_calls"] === undefined) continue;
        if (message["tool_plan"] !== "A city.") throw new Error("the plan of a call is gone");
      }
      const last = messages.at(-1);
      const content =
        typeof last?.["content"] === "string" ? last["content"] : ((last?.["content"] as Json[] | undefined)?.[0]?.["text"] ?? "");
      if (last?.["role"] === "tool" && last["tool_call_id"] !== "weather_1") throw new Error("no such call");
      return turnOf(String(content), last?.["role"] === "tool" ? String(content) : undefined);
    },
    stream(turn) {
      const event = (type: string, message: Json, more: Json = {}) =>
        `event: ${type}\ndata: ${JSON.stringify({ type, index: 0, delta: { message, ...more } })}\n\n`;
      const start = `event: message-start\ndata: ${JSON.stringify({ type: "message-start", id: "c-1", delta: { message: { role: "assistant" } } })}\n\n`;
      const text = (said: string) => event("content-delta", { content: { text: said } });
      const end = [
        `event: message-end\ndata: ${JSON.stringify({ type: "message-end", delta: { finish_reason: turn.kind === "call" ? "TOOL_CALL" : "COMPLETE", usage: cohereUsage } })}\n\n`,
      ];
      if (turn.kind === "text")
        return {
          begin: [
            start,
            event("content-start", { content: { type: "text", text: "" } }),
            text(turn.text.slice(0, 5)),
            text(turn.text.slice(5)),
          ],
          text,
          end,
        };
      return {
        begin: [
          start,
          event("tool-plan-delta", { tool_plan: "A city." }),
          event("tool-call-start", { tool_calls: { id: "weather_1", type: "function", function: { name: weather.name, arguments: "" } } }),
          event("tool-call-delta", { tool_calls: { function: { arguments: JSON.stringify(weather.args) } } }),
          event("tool-call-end", {}),
        ],
        text,
        end,
      };
    },
    whole: (turn) => ({
      id: "c-1",
      finish_reason: turn.kind === "call" ? "TOOL_CALL" : "COMPLETE",
      message:
        turn.kind === "text"
          ? { role: "assistant", content: [{ type: "text", text: turn.text }] }
          : {
              role: "assistant",
              tool_plan: "A city.",
              tool_calls: [
                { id: "weather_1", type: "function", function: { name: weather.name, arguments: JSON.stringify(weather.args) } },
              ],
            },
      usage: cohereUsage,
    }),
    error: (_status, message) => ({ body: { id: "e-1", message }, headers: {} }),
  });

const cohereUsage = { billed_units: { input_tokens: 2, output_tokens: 7 }, tokens: { input_tokens: 11, output_tokens: 7 } };

function onlyMembers(body: Json, known: readonly string[]): void {
  const strange = Object.keys(body).find((name) => !known.includes(name));
  if (strange !== undefined) throw new Error(`Unknown name "${strange}"`);
}

function alternate(roles: readonly string[]): void {
  if (roles[0] !== "user" || roles.some((role, i) => role === roles[i + 1]))
    throw new Error("roles must alternate, beginning with the user");
}

async function start(wire: Wire): Promise<DialectServer> {
  const bodies: Json[] = [];
  let left = 0;
  const serve = async (request: IncomingMessage, response: ServerResponse) => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const body = JSON.parse(Buffer.concat(parts).toString("utf8")) as Json;
    bodies.push(body);
    const refuse = (status: number, message: string) => {
      const { body: said, headers } = wire.error(status, message);
      response.writeHead(status, { "content-type": "application/json", ...headers });
      response.end(JSON.stringify(said));
    };
    let turn: Turn;
    try {
      turn = wire.read(body);
    } catch (reason) {
      return refuse(400, (reason as Error).message);
    }
    if (turn.kind === "text" && /limit/.test(turn.text)) return refuse(429, "over the limit");
    response.on("close", () => {
      if (!response.writableEnded) left++;
    });
    if (!wire.isStream(request.url ?? "", body)) {
      response.writeHead(200, { "content-type": "application/json" });
      return void response.end(JSON.stringify(wire.whole(turn)));
    }
    response.writeHead(200, { "content-type": wire.contentType });
    const { begin, text, end } = wire.stream(turn);
    for (const piece of begin) response.write(piece);
    if (turn.kind === "text" && turn.slow) {
      const timer = setInterval(() => response.write(text(".")), 5);
      return void response.on("close", () => clearInterval(timer));
    }
    if (turn.kind === "text" && /broken/.test(turn.text)) return void response.end();
    for (const piece of end) response.write(piece);
    response.end();
  };
  const server = createServer((request, response) => void serve(request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    bodies,
    left: () => left,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
