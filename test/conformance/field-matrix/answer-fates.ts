/** What becomes of each thing that an answer holds on its way from each wire to a caller of each dialect, whole and streamed. */
import type { AnswerCase } from "./answer-cases/wording.ts";
import type { MatrixBackend, Wire, WireAnswer } from "./backends.ts";
import type { Callers, Ingress } from "./callers.ts";

export type AnswerFate = "told" | "no word" | "–" | `LOST${string}`;

/** The caller's own dialect first, where the backend's kind speaks it. */
export function wireTo(ingress: Ingress, { kind, wire }: MatrixBackend): Wire {
  if (ingress === "responses" && kind === "openai") return "responses";
  if (ingress === "completions" && (kind === "openai" || kind === "openai-compatible")) return "completions";
  return wire;
}

export async function answerFate(
  { said, meaning, noWord }: AnswerCase,
  ingress: Ingress,
  backend: MatrixBackend,
  callers: Callers,
  answerWith: (answer: WireAnswer | undefined) => void,
): Promise<AnswerFate> {
  const wire = wireTo(ingress, backend);
  const answer = said[wire];
  if (answer === undefined) return "–";
  if (noWord?.[ingress] !== undefined && ownWire[ingress] !== wire) return "no word";
  answerWith(answer);
  for (const stream of [false, true]) {
    const { status, text } = await callers.ask(ingress, backend.name, asks[ingress], stream);
    if (status !== 200) return `LOST: ${status} ${text}`;
    const told = withEnvelopesOpened(text);
    const missing = meaning.filter((words) => ![words].flat().some((word) => told.includes(word)));
    if (missing.length > 0) return `LOST: ${stream ? "streamed" : "whole"}, ${missing.join(", ")} in ${text.slice(0, 3000)}`;
  }
  return "told";
}

const ownWire: Partial<Record<Ingress, Wire>> = { chat: "chat", responses: "responses", messages: "messages", completions: "completions" };

const asks: Readonly<Record<Ingress, Record<string, unknown>>> = {
  chat: { messages: [{ role: "user", content: "x" }] },
  responses: { input: "x", include: ["reasoning.encrypted_content"], store: false },
  messages: { messages: [{ role: "user", content: "x" }] },
  completions: { prompt: "x" },
  grpc: { messages: [{ role: "ROLE_USER", content: [{ text: { text: "x" } }] }] },
};

/** Reasoning of another provider is carried in an envelope, and gRPC's bytes are base64. */
const withEnvelopesOpened = (text: string): string =>
  text +
  [...text.matchAll(/(?:psr1\.|penstock\.reasoning\.1\.)([\w-]+)/g)]
    .map(([, sealed = ""]) => Buffer.from(sealed, "base64url").toString("utf8"))
    .join("\n");
