/** One call of chat on a live node, for a person who tries something: through the same stages as any caller's, ledger included. */
import { request } from "undici";
import { makeControlPlaneCredential } from "#agreements/control-plane-credential.ts";
import { ControlError } from "../control-error.ts";
import type { Services } from "../services.ts";

const callMsDefault = 25_000;
const answerBytesMax = 4 * 1024 * 1024;

export interface NodeAnswer {
  /** HTTP's. */
  readonly status: number;
  readonly callId: string;
  readonly backend: string;
  /** "<prompt>@<version>"; empty: none. */
  readonly prompt: string;
  /** As we wait for it. */
  readonly durationMs: number;
  /** Of the first choice; empty where it failed. */
  readonly content: string;
  readonly toolCalls: readonly ToolCall[];
  /** As the node said it; null: it went well. */
  readonly error: string | null;
  readonly inputTokens: number | null;
  readonly outputTokens: number | null;
  /** In dollars; null: not known. */
  readonly costUsd: number | null;
}

export interface ToolCall {
  readonly name: string;
  /** JSON text, as the model wrote it. */
  readonly arguments: string;
}

export interface NodeCall {
  /** Such as "/v1/replay". */
  readonly path: string;
  readonly body: object;
  /** As in x-penstock-tags: what the ledger says of the call. */
  readonly tags?: string | undefined;
  readonly callMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** @throws ControlError UNAVAILABLE: no node serves, or the one that was asked does not answer. */
export async function callNode(
  services: Pick<Services, "settings" | "propagation">,
  organisationId: string,
  call: NodeCall,
): Promise<NodeAnswer> {
  const ready = (await services.propagation.nodes()).filter(
    ({ live, status }) => live && status.state === "ready" && status.restAddress !== "",
  );
  const node = ready[Math.floor(Math.random() * ready.length)];
  if (node === undefined) throw new ControlError("UNAVAILABLE", "no node is ready to make the call; start one, or look at nodes");
  const startedAtMs = Date.now();
  const limit = AbortSignal.timeout(call.callMs ?? callMsDefault);
  try {
    const {
      statusCode,
      headers,
      body: answer,
    } = await request(`http://${node.status.restAddress}${call.path}`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${makeControlPlaneCredential(services.settings.pepper, organisationId, startedAtMs)}`,
        "content-type": "application/json",
        ...(call.tags === undefined ? {} : { "x-penstock-tags": call.tags }),
      },
      body: JSON.stringify(call.body),
      signal: call.signal === undefined ? limit : AbortSignal.any([call.signal, limit]),
      headersTimeout: 0,
      bodyTimeout: 0,
    });
    const text = await bounded(answer);
    const said = (name: string) => String(headers[name] ?? "");
    const cost = said("x-penstock-cost-usd");
    const { error, usage, choices } = JSON.parse(text) as ChatAnswer;
    const message = choices?.[0]?.message;
    return {
      status: statusCode,
      callId: said("x-penstock-call-id"),
      backend: said("x-penstock-backend"),
      prompt: said("x-penstock-prompt"),
      durationMs: Date.now() - startedAtMs,
      content: typeof message?.content === "string" ? message.content : "",
      toolCalls: toolCallsOf(message),
      error: error?.message ?? null,
      inputTokens: usage?.prompt_tokens ?? null,
      outputTokens: usage?.completion_tokens ?? null,
      costUsd: cost === "" ? null : Number(cost),
    };
  } catch (error) {
    throw new ControlError("UNAVAILABLE", "the node that was asked did not answer; try again", error);
  }
}

interface ChatAnswer {
  readonly choices?: readonly { readonly message?: ChatMessage }[];
  readonly usage?: { readonly prompt_tokens?: number; readonly completion_tokens?: number };
  readonly error?: { readonly message?: string };
}

/** As far as answers are compared. */
export interface ChatMessage {
  readonly content?: unknown;
  readonly tool_calls?: readonly { readonly function?: { readonly name?: string; readonly arguments?: string } }[];
}

export const toolCallsOf = (message: ChatMessage | undefined): ToolCall[] =>
  (message?.tool_calls ?? []).map(({ function: called }) => ({ name: called?.name ?? "", arguments: called?.arguments ?? "" }));

/** What is compared and judged: the text, and after it the calls of tools as JSON, one a line. */
export const answerText = ({ content, toolCalls }: Pick<NodeAnswer, "content" | "toolCalls">): string =>
  [...(content === "" ? [] : [content]), ...toolCalls.map(({ name, arguments: given }) => `${name}(${compact(given)})`)].join("\n");

/** The same arguments in other spaces are the same. */
function compact(json: string): string {
  try {
    return JSON.stringify(JSON.parse(json));
  } catch {
    return json;
  }
}

async function bounded(answer: AsyncIterable<Uint8Array>): Promise<string> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of answer) {
    bytes += part.length;
    if (bytes > answerBytesMax) throw new Error(`the answer is larger than ${answerBytesMax} bytes`);
    parts.push(part);
  }
  return Buffer.concat(parts).toString("utf8");
}
