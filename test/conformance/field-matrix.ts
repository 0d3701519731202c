/**
 * What becomes of each field of a request at each backend: kept as it was, said in the backend's words, refused by name, or left out
 * and told. A case says where its meaning must stand in what is sent; what stands nowhere and was not told is lost, and loss is the
 * one thing that may not be.
 */
import { create } from "@bufbuild/protobuf";
import { ProviderSchema } from "#proto/penstock/config/v1/snapshot_pb.ts";
import { readJsonText } from "../../data-plane/pipeline/json-text.ts";
import { requestBody as anthropicBody } from "../../data-plane/providers/anthropic/request.ts";
import { requestBody as bedrockBody } from "../../data-plane/providers/bedrock/request.ts";
import { requestBody as cohereBody } from "../../data-plane/providers/cohere/request.ts";
import { requestBody as geminiBody } from "../../data-plane/providers/gemini/request.ts";
import { requestBody as chatBody } from "../../data-plane/providers/openai-compatible/request.ts";
import type { ProviderCall } from "../../data-plane/providers/provider.ts";
import { clockDefaults } from "../../data-plane/snapshot/compiled-route.ts";
import { cases, type FieldCase } from "./field-cases.ts";

interface Backend {
  readonly name: string;
  readonly kind: string;
  readonly flavour?: string;
  readonly model: string;
  readonly body: (call: ProviderCall) => string;
}

export const backends: readonly Backend[] = [
  { name: "openai", kind: "openai", model: "gpt-5", body: chatBody },
  ...["vllm", "ollama", "llama-cpp", "tgi", "mistral", "deepseek", "groq", "openrouter"].map((flavour) => ({
    name: flavour,
    kind: "openai-compatible",
    flavour,
    model: "m",
    body: chatBody,
  })),
  { name: "anthropic", kind: "anthropic", model: "claude-sonnet-4-5", body: anthropicBody },
  { name: "gemini", kind: "gemini", model: "gemini-3-pro", body: geminiBody },
  { name: "bedrock", kind: "bedrock", model: "anthropic.claude-sonnet-4-5-20250929-v1:0", body: bedrockBody },
  { name: "cohere", kind: "cohere", model: "command-a-03-2025", body: cohereBody },
];

export type Fate = "kept" | "mapped" | "refused" | "left out" | "ours" | "LOST";

/** What becomes of the case's field at the backend. */
export function fateOf({ body, meaning, ours }: FieldCase, backend: Backend): Fate {
  const told: { readonly field: string; readonly hint: boolean }[] = [];
  const written = JSON.stringify({ model: "route", ...body });
  const sent = backend.body(callOf(written, backend, (field, kind) => told.push({ field, hint: kind === "hint" })));
  if (told.some(({ hint }) => !hint)) return "refused";
  const stands = (words: string | readonly string[]) => [words].flat().some((word) => sent.includes(word));
  if (!meaning.every(stands)) return told.length > 0 ? "left out" : ours === true ? "ours" : "LOST";
  const verbatim = Object.entries(body).every(([name, value]) => sent.includes(`${JSON.stringify(name)}:${JSON.stringify(value)}`));
  return verbatim ? "kept" : "mapped";
}

function callOf(written: string, { kind, flavour = "", model }: Backend, cannotCarry: ProviderCall["cannotCarry"]): ProviderCall {
  const provider = create(ProviderSchema, { id: "p", organisationId: "o", key: "p", kind, flavour, baseUrl: "https://example.org" });
  return {
    backend: { id: "b", key: "b", model, provider, price: undefined, concurrentCallsMax: 1 } as unknown as ProviderCall["backend"],
    request: {
      ingress: "openai-chat",
      callId: "c",
      stream: false,
      body: readJsonText(written),
      native: undefined,
      model: "route",
      simulation: {},
    } as unknown as ProviderCall["request"],
    replacements: new Map(),
    promptMessages: [],
    form: "typed",
    clocks: clockDefaults,
    cannotCarry,
  };
}

/** As docs/field-matrix.md has it. */
export function matrixText(): string {
  const row = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return `${[
    "# What becomes of each field at each backend",
    "",
    "Printed by `npm run matrix`; a test holds it. *kept*: as the caller wrote it. *mapped*: in the backend's own words. *refused*: a 400",
    "that names the field, unless the route lists it to be let go. *left out*: it changes nothing of what the answer says; told in",
    "`x-penstock-dropped`. *ours*: the gateway acts upon it itself. For callers of the chat API; those of other dialects are read into",
    "the same form first. Servers of the flavour `generic` get what the caller wrote, as OpenRouter does.",
    "",
    row(["field", ...backends.map(({ name }) => name)]),
    row(["---", ...backends.map(() => "---")]),
    ...cases.map((one) => row([one.field, ...backends.map((backend) => fateOf(one, backend))])),
  ].join("\n")}\n`;
}
