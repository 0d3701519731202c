/** Writes the request that an OpenAI-shaped backend gets: the caller's text with the few members that are the gateway's. Pure. */
import { hash } from "node:crypto";
import { spliced } from "../../pipeline/json-text.ts";
import type { ProviderCall } from "../provider.ts";
import { plainChatMembers, saysMoreThanChat } from "./common-words.ts";
import { addFlavour } from "./flavoured-body.ts";

export function requestBody(call: ProviderCall): string {
  const { request, backend, replacements } = call;
  const members = new Map<string, string | undefined>(replacements);
  if (request.native !== undefined || (request.ingress === "grpc" && saysMoreThanChat(request.body.value["messages"]))) {
    const parsed = [...replacements].map(([name, text]) => [name, JSON.parse(text) as unknown]);
    for (const [name, text] of plainChatMembers({ ...request.body.value, ...Object.fromEntries(parsed) }, call)) members.set(name, text);
  }
  members.set("model", JSON.stringify(backend.model));
  // Metering must not depend on what the caller asks to see, so usage is always asked for.
  if (request.stream) members.set("stream_options", streamOptions(request.body.value["stream_options"]));
  for (const name of sharedCacheKeys) {
    const value = request.body.value[name];
    if (typeof value === "string") members.set(name, JSON.stringify(tenantKey(backend.provider.organisationId, value)));
  }
  // Ours: it named the prompt that is rendered by now.
  members.set("prompt", undefined);
  addFlavour(call, members);
  return spliced(request.body, members);
}

/** @param proof see proof.ts. Nothing of the caller's headers: an allow-list cannot leak what it does not name. */
export function requestHeaders({ request, backend }: ProviderCall, proof: readonly string[]): string[] {
  const headers = [
    "content-type",
    "application/json",
    "accept",
    request.stream ? "text/event-stream" : "application/json",
    "accept-encoding",
    "identity",
    "x-request-id",
    request.callId,
    ...proof,
  ];
  if (backend.provider.kind === "simulated") for (const [name, value] of Object.entries(request.simulation)) headers.push(name, value);
  return headers;
}

function streamOptions(asked: unknown): string {
  return JSON.stringify({ ...(typeof asked === "object" && asked !== null ? asked : {}), include_usage: true });
}

/**
 * Names under which a backend shares its prefix cache. Two tenants that say the same one would share it, and the time to first
 * token would tell each what the other has asked (vLLM#16016); so each tenant gets names of its own.
 */
const sharedCacheKeys = ["cache_salt", "prompt_cache_key"];

export const tenantKey = (organisationId: string, value: string): string =>
  hash("sha256", `${organisationId}\0${value}`, "hex").slice(0, 32);
