/** One call of chat on a live node, for a person who tries something: through the same stages as any caller's, ledger included. */
import { request } from "undici";
import { makeControlPlaneCredential } from "#agreements/control-plane-credential.ts";
import { ControlError } from "../control-error.ts";
import type { Services } from "../services.ts";

const callMs = 25_000;
const answerBytesMax = 4 * 1024 * 1024;

export interface NodeAnswer {
  /** HTTP's. */
  readonly status: number;
  readonly callId: string;
  readonly backend: string;
  /** "<prompt>@<version>"; empty: none. */
  readonly prompt: string;
  readonly durationMs: number;
  /** Of the first choice; empty where it failed. */
  readonly content: string;
  /** As the node said it; null: it went well. */
  readonly error: string | null;
  readonly inputTokens: number | null;
  readonly outputTokens: number | null;
  /** In dollars; null: not known. */
  readonly costUsd: number | null;
}

/** @throws ControlError UNAVAILABLE: no node serves, or the one that was asked does not answer. */
export async function callNode(
  services: Pick<Services, "settings" | "propagation">,
  organisationId: string,
  body: object,
): Promise<NodeAnswer> {
  const node = (await services.propagation.nodes()).find(
    ({ live, status }) => live && status.state === "ready" && status.restAddress !== "",
  );
  if (node === undefined) throw new ControlError("UNAVAILABLE", "no node is ready to make the call; start one, or look at nodes");
  const startedAtMs = Date.now();
  try {
    const {
      statusCode,
      headers,
      body: answer,
    } = await request(`http://${node.status.restAddress}/v1/chat/completions`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${makeControlPlaneCredential(services.settings.pepper, organisationId, startedAtMs)}`,
        "content-type": "application/json",
      },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(callMs),
    });
    const text = await bounded(answer);
    const said = (name: string) => String(headers[name] ?? "");
    const json = JSON.parse(text) as {
      readonly choices?: readonly { readonly message?: { readonly content?: unknown } }[];
      readonly usage?: { readonly prompt_tokens?: number; readonly completion_tokens?: number };
      readonly error?: { readonly message?: string };
    };
    const content = json.choices?.[0]?.message?.content;
    const cost = said("x-penstock-cost-usd");
    return {
      status: statusCode,
      callId: said("x-penstock-call-id"),
      backend: said("x-penstock-backend"),
      prompt: said("x-penstock-prompt"),
      durationMs: Date.now() - startedAtMs,
      content: typeof content === "string" ? content : "",
      error: json.error?.message ?? null,
      inputTokens: json.usage?.prompt_tokens ?? null,
      outputTokens: json.usage?.completion_tokens ?? null,
      costUsd: cost === "" ? null : Number(cost),
    };
  } catch (error) {
    throw new ControlError("UNAVAILABLE", "the node that was asked did not answer; try again", error);
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
