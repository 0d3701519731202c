/**
 * Checks the Messages body that a caller brought, strictly where its meaning is ours to keep and not at all where it is the
 * backend's: unknown members go on as they are to a backend of this dialect.
 */
import { GatewayError } from "../../gateway-error.ts";
import type { CompletionRequest, PromptReference, ReasoningSigner } from "../../pipeline/completion-request.ts";
import { promptReference, refuseSteering } from "../chat-body.ts";
import { isCarried, ownFormat, readCarried } from "./carried-reasoning.ts";

type Json = Readonly<Record<string, unknown>>;

const roles = new Set(["user", "assistant", "system"]);

export interface MessagesBody {
  readonly model: string;
  readonly stream: boolean;
  readonly prompt: PromptReference | undefined;
  readonly endUserId: string;
  readonly reasoningSigners: readonly ReasoningSigner[];
}

/** @throws GatewayError INVALID_ARGUMENT or UNSUPPORTED_PARAMETER naming the field. */
export function checkMessagesBody(body: Json, members: CompletionRequest["body"]["members"], tokensMaxNeeded: boolean): MessagesBody {
  for (const name of members.keys()) refuseSteering(name);
  const { model, stream, max_tokens: tokensMax } = body;
  if (typeof model !== "string" || model === "") throw wrong("model", "must be the name of a model; GET /v1/models lists them");
  if (tokensMax === undefined ? tokensMaxNeeded : !isInteger(tokensMax))
    throw wrong("max_tokens", "must be a whole number, and is required");
  if (stream !== undefined && typeof stream !== "boolean") throw wrong("stream", "must be true or false");
  for (const name of ["temperature", "top_p", "top_k"])
    if (body[name] !== undefined && typeof body[name] !== "number") throw wrong(name, "must be a number");
  if (body["tools"] !== undefined && !(Array.isArray(body["tools"]) && body["tools"].every(isObject)))
    throw wrong("tools", "must be a list of tools");
  const { system } = body;
  if (system !== undefined && typeof system !== "string" && !(Array.isArray(system) && system.every(isObject)))
    throw wrong("system", "must be a string or a list of text blocks");
  const userId = isObject(body["metadata"]) ? body["metadata"]["user_id"] : undefined;
  if (userId !== undefined && userId !== null && !(typeof userId === "string" && userId.length <= 512))
    throw wrong("metadata.user_id", "must be a string of at most 512 characters");
  const prompt = promptReference(body["prompt"]);
  return {
    model,
    stream: stream === true,
    prompt,
    endUserId: typeof userId === "string" ? userId : "",
    reasoningSigners: checkMessages(body["messages"], prompt !== undefined),
  };
}

/** Returns who signed the reasoning that the messages give back. */
function checkMessages(messages: unknown, mayBeMissing: boolean): readonly ReasoningSigner[] {
  if (messages === undefined && mayBeMissing) return [];
  if (!Array.isArray(messages) || (messages.length === 0 && !mayBeMissing))
    throw wrong("messages", "must be a list of at least one message");
  const signers: ReasoningSigner[] = [];
  for (const [i, message] of messages.entries()) {
    const at = `messages[${i}]`;
    if (!isObject(message)) throw wrong(at, "must be an object");
    if (typeof message["role"] !== "string" || !roles.has(message["role"])) throw wrong(`${at}.role`, "must be user, assistant or system");
    const { content } = message;
    if (typeof content === "string") continue;
    if (!Array.isArray(content)) throw wrong(`${at}.content`, "must be a string or a list of content blocks");
    for (const [j, block] of content.entries()) {
      if (!isObject(block) || typeof block["type"] !== "string") throw wrong(`${at}.content[${j}]`, "must be an object with a type");
      const signer = signerOfBlock(block, `${at}.content[${j}]`);
      if (signer !== undefined) signers.push(signer);
    }
  }
  return signers;
}

/** undefined: it is no reasoning, or nobody signed it. */
function signerOfBlock(block: Json, field: string): ReasoningSigner | undefined {
  const opaque = block["type"] === "thinking" ? block["signature"] : block["type"] === "redacted_thinking" ? block["data"] : undefined;
  if (typeof opaque !== "string" || opaque === "") return undefined;
  if (!isCarried(opaque)) return { provider: "", format: ownFormat, field, fieldIn: "caller" };
  const detail = readCarried(opaque);
  if (detail === undefined) throw wrong(field, "is not as it was given; send reasoning back unchanged, or leave it out");
  return { provider: detail.provider, format: detail.format, field, fieldIn: "caller" };
}

const wrong = (field: string, what: string) => new GatewayError("INVALID_ARGUMENT", `${field} ${what}`, { field });
const isObject = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null && !Array.isArray(value);
const isInteger = (value: unknown): boolean => Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 2 ** 31;
