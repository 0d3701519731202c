/**
 * One small call to one backend, past all routes, by a node as any call would be made: is it there, does it take our credential,
 * how soon does it begin. It costs what it costs and stands in the ledger. Streamed, because only then a first token can be timed.
 */
import { createParser } from "eventsource-parser";
import { request } from "undici";
import { backendModelPrefix, makeControlPlaneCredential } from "#agreements/control-plane-credential.ts";
import type { NodeStatus } from "#proto/penstock/config/v1/node_pb.ts";
import { ControlError } from "../control-error.ts";
import type { Backend } from "../database/entities/backend.ts";
import type { Services } from "../services.ts";

const callMs = 25_000;
const answerBytesMax = 1024 * 1024;
const question = "Say hello in one word.";
const tokensMax = 16;

export interface BackendTest {
  readonly nodeId: string;
  readonly callId: string;
  /** HTTP's, as the node answered. */
  readonly status: number;
  readonly durationMs: number;
  /** Null: no content came, or the backend serves no chat. */
  readonly timeToFirstTokenMs: number | null;
  /** What was sent to the node, without the credential. */
  readonly request: string;
  /** As it came: status, headers, body, cut after 64 KiB. */
  readonly response: string;
  /** What was said; of embeddings their length. Empty where it failed. */
  readonly content: string;
  /** In the words of the data plane's catalogue; null: it went well. */
  readonly error: { readonly reason: string; readonly message: string } | null;
  readonly inputTokens: number | null;
  readonly outputTokens: number | null;
  /** In dollars; null: not known. */
  readonly costUsd: number | null;
}

type Reading = Omit<BackendTest, "nodeId" | "callId" | "status" | "durationMs" | "request" | "response">;

/** @param nodeId null: any that is ready. @throws ControlError UNAVAILABLE: no node serves, or the one that was asked does not answer. */
export async function testBackend(
  services: Pick<Services, "settings" | "propagation">,
  backend: Pick<Backend, "id" | "organisationId" | "capabilities">,
  nodeId: string | null,
): Promise<BackendTest> {
  const node = await readyNode(services, nodeId);
  const model = `${backendModelPrefix}${backend.id}`;
  const embeds = backend.capabilities.includes("embeddings");
  const [path, asked] = embeds
    ? ["/v1/embeddings", { model, input: "hello" }]
    : [
        "/v1/chat/completions",
        {
          model,
          messages: [{ role: "user", content: question }],
          max_completion_tokens: tokensMax,
          stream: true,
          stream_options: { include_usage: true },
        },
      ];
  const startedAtMs = Date.now();
  const began = performance.now();
  const tookMs = () => Math.round(performance.now() - began);
  try {
    const answer = await request(`http://${node.restAddress}${path}`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${makeControlPlaneCredential(services.settings.pepper, backend.organisationId, startedAtMs)}`,
        "content-type": "application/json",
      },
      body: JSON.stringify(asked),
      signal: AbortSignal.timeout(callMs),
    });
    const streamed = String(answer.headers["content-type"] ?? "").startsWith("text/event-stream");
    const body = overheard(answer.body);
    const read = streamed ? await readStream(body, tookMs) : readWhole(await textOf(body));
    const cost = String(answer.headers["x-penstock-cost-usd"] ?? "");
    return {
      ...read,
      nodeId: node.nodeId,
      callId: String(answer.headers["x-penstock-call-id"] ?? ""),
      status: answer.statusCode,
      durationMs: tookMs(),
      request: JSON.stringify(asked),
      response: `HTTP ${answer.statusCode}\n${headLines(answer.headers)}\n\n${body.heard()}`,
      costUsd: read.costUsd ?? (cost === "" ? null : Number(cost)),
    };
  } catch (error) {
    throw new ControlError(
      "UNAVAILABLE",
      `node ${services.propagation.nameOf(node.nodeId)} did not answer the test; try again, or another node`,
      error,
    );
  }
}

const heardMax = 64 * 1024;

/** The same, remembered as it passes. */
function overheard(body: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> & { heard(): string } {
  const parts: Uint8Array[] = [];
  return {
    async *[Symbol.asyncIterator]() {
      let bytes = 0;
      for await (const part of body) {
        if (bytes < heardMax) parts.push(part);
        bytes += part.length;
        yield part;
      }
    },
    heard: () => Buffer.concat(parts).subarray(0, heardMax).toString("utf8"),
  };
}

const headLines = (headers: Readonly<Record<string, string | readonly string[] | undefined>>): string =>
  Object.entries(headers)
    .flatMap(([name, value]) => [value ?? []].flat().map((one) => `${name}: ${one}`))
    .join("\n");

/** Any that is ready, one after the other by chance, or the one that was named. */
async function readyNode({ propagation }: Pick<Services, "propagation">, id: string | null): Promise<NodeStatus> {
  const ready = (await propagation.nodes()).filter(({ live, status }) => live && status.state === "ready" && status.restAddress !== "");
  const named = id === null ? ready : ready.filter(({ status }) => status.nodeId === id);
  const node = named[Math.floor(Math.random() * named.length)];
  if (node !== undefined) return node.status;
  throw new ControlError(
    "UNAVAILABLE",
    id === null
      ? "no node is ready to make the call; start one, or look at nodes"
      : `node ${propagation.nameOf(id)} is not ready to make the call; take another`,
  );
}

interface Answer {
  readonly choices?: readonly {
    readonly delta?: { readonly content?: string; readonly reasoning_content?: string };
    readonly message?: { readonly content?: string };
  }[];
  readonly data?: readonly { readonly embedding?: readonly number[] | string }[];
  readonly usage?: { readonly prompt_tokens?: number; readonly completion_tokens?: number } | null;
  readonly penstock?: { readonly cost_usd?: string | number | null };
  readonly error?: { readonly code?: string | null; readonly type?: string; readonly message?: string };
}

async function readStream(body: AsyncIterable<Uint8Array>, tookMs: () => number): Promise<Reading> {
  let reading = nothing;
  const parser = createParser({
    onEvent: ({ data }) => {
      if (data === "[DONE]") return;
      const chunk = JSON.parse(data) as Answer;
      const delta = chunk.choices?.[0]?.delta;
      const said = delta?.content ?? delta?.reasoning_content ?? "";
      reading = {
        ...together(reading, chunk),
        content: reading.content + (delta?.content ?? ""),
        timeToFirstTokenMs: reading.timeToFirstTokenMs ?? (said === "" ? null : tookMs()),
      };
    },
  });
  const decoder = new TextDecoder();
  let bytes = 0;
  for await (const part of body) {
    bytes += part.length;
    if (bytes > answerBytesMax) throw new Error(`the answer is larger than ${answerBytesMax} bytes`);
    parser.feed(decoder.decode(part, { stream: true }));
  }
  return reading;
}

function readWhole(text: string): Reading {
  const answer = JSON.parse(text) as Answer;
  const vector = answer.data?.[0]?.embedding;
  const embedded = vector === undefined ? "" : `a vector of ${vector.length} ${typeof vector === "string" ? "characters" : "numbers"}`;
  return { ...together(nothing, answer), content: answer.choices?.[0]?.message?.content ?? embedded };
}

const nothing: Reading = { timeToFirstTokenMs: null, content: "", error: null, inputTokens: null, outputTokens: null, costUsd: null };

const together = (before: Reading, { usage, error, penstock }: Answer): Reading => ({
  ...before,
  error: error === undefined ? before.error : { reason: error.code ?? error.type ?? "", message: error.message ?? "" },
  inputTokens: usage?.prompt_tokens ?? before.inputTokens,
  outputTokens: usage?.completion_tokens ?? before.outputTokens,
  costUsd: penstock?.cost_usd == null ? before.costUsd : Number(penstock.cost_usd),
});

async function textOf(body: AsyncIterable<Uint8Array>): Promise<string> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of body) {
    bytes += part.length;
    if (bytes > answerBytesMax) throw new Error(`the answer is larger than ${answerBytesMax} bytes`);
    parts.push(part);
  }
  return Buffer.concat(parts).toString("utf8");
}
