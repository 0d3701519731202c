/** Exchanges in a request what a make of server wants otherwise. Pure, besides what it tells `cannotCarry`. */
import { hash } from "node:crypto";
import type { ProviderCall } from "../provider.ts";
import { type Flavour, flavourNamed, flavourNameOf } from "./flavour.ts";

/** Member name → JSON text of its new value; undefined: left out. */
type Members = Map<string, string | undefined>;

/**
 * @param members what is set already; what the flavour exchanges is added.
 * @throws GatewayError UNSUPPORTED_PARAMETER, as ProviderCall.cannotCarry.
 */
export function addFlavour(call: ProviderCall, members: Members): void {
  const name = flavourNameOf(call.backend.provider);
  if (name === "generic" || name === "openrouter") return;
  const flavour = flavourNamed(name);
  const body = bodyOf(call, members);
  leaveOutLacks(body, flavour, call);
  addOutputBound(body, flavour);
  for (const [from, to] of Object.entries(flavour.renamed)) body.rename(from, to);
  if (!flavour.streamOptions) body.leaveOut("stream_options");
  addToolChoice(body, flavour, call);
  addSchema(body, flavour);
  addMessages(body, flavour);
}

/** The body as it will go out: what is set already before what the caller wrote. */
function bodyOf({ request }: ProviderCall, members: Members) {
  const get = (name: string): unknown => {
    if (!members.has(name)) return request.body.value[name];
    const text = members.get(name);
    return text === undefined ? undefined : (JSON.parse(text) as unknown);
  };
  return {
    get,
    has: (name: string) => (members.has(name) ? members.get(name) !== undefined : request.body.members.has(name)),
    set: (name: string, value: unknown) => members.set(name, JSON.stringify(value)),
    leaveOut: (name: string) => members.set(name, undefined),
    rename(from: string, to: string) {
      const value = get(from);
      if (value === undefined) return;
      members.set(from, undefined);
      members.set(to, JSON.stringify(value));
    },
  };
}
type Body = ReturnType<typeof bodyOf>;

function leaveOutLacks(body: Body, { lacks }: Flavour, { cannotCarry }: ProviderCall): void {
  for (const { name, matters, hint } of lacks) {
    if (!body.has(name)) continue;
    const value = body.get(name);
    if (value !== null && matters(value)) cannotCarry(name, hint ? "hint" : undefined);
    body.leaveOut(name);
  }
}

/** Of the two names the one that it knows; where a caller says both, the newer one is meant. */
function addOutputBound(body: Body, { outputBound }: Flavour): void {
  if (outputBound === undefined) return;
  const bound = body.get("max_completion_tokens") ?? body.get("max_tokens");
  body.leaveOut(outputBound === "max_tokens" ? "max_completion_tokens" : "max_tokens");
  if (bound === undefined || bound === null) body.leaveOut(outputBound);
  else body.set(outputBound, bound);
}

function addToolChoice(body: Body, { toolChoice }: Flavour, { cannotCarry }: ProviderCall): void {
  const asked = body.get("tool_choice");
  if (asked === undefined || asked === null || asked === "auto" || asked === "none") {
    // A server without any choice offers what there is; without tools it calls none.
    if (asked !== undefined && toolChoice.required === undefined) {
      if (asked === "none") body.leaveOut("tools");
      body.leaveOut("tool_choice");
    }
    return;
  }
  if (asked === "required") {
    if (toolChoice.required === "required") return;
    if (toolChoice.required !== undefined) body.set("tool_choice", toolChoice.required);
    else leaveOutChoice(body, cannotCarry);
    return;
  }
  const several = typeof asked === "object" && "type" in asked && asked.type === "allowed_tools";
  if (several ? !toolChoice.several : !toolChoice.named) leaveOutChoice(body, cannotCarry);
}

function leaveOutChoice(body: Body, cannotCarry: ProviderCall["cannotCarry"]): void {
  cannotCarry("tool_choice");
  body.leaveOut("tool_choice");
}

function addSchema(body: Body, { schemaForm }: Flavour): void {
  const format = body.get("response_format");
  if (schemaForm === "openai" || !isObject(format) || format["type"] !== "json_schema") return;
  const { schema } = isObject(format["json_schema"]) ? format["json_schema"] : {};
  body.set("response_format", { type: "json", value: schema ?? {} });
}

/** Messages are written anew only where one of them has to be. */
function addMessages(body: Body, { developerRole, toolCallIds }: Flavour): void {
  const messages = body.get("messages");
  if (!Array.isArray(messages)) return;
  let changed = false;
  const exchanged = (messages as unknown[]).map((message) => {
    if (!isObject(message)) return message;
    let next = message;
    if (!developerRole && message["role"] === "developer") next = { ...next, role: "system" };
    if (toolCallIds !== undefined) next = withShortIds(next);
    changed ||= next !== message;
    return next;
  });
  if (changed) body.set("messages", exchanged);
}

function withShortIds(message: Record<string, unknown>): Record<string, unknown> {
  const { tool_call_id: answered, tool_calls: calls } = message;
  let next = message;
  if (typeof answered === "string" && !isNine(answered)) next = { ...next, tool_call_id: nineOf(answered) };
  if (Array.isArray(calls) && calls.some((call) => isObject(call) && typeof call["id"] === "string" && !isNine(call["id"])))
    next = {
      ...next,
      tool_calls: (calls as unknown[]).map((call) =>
        isObject(call) && typeof call["id"] === "string" && !isNine(call["id"]) ? { ...call, id: nineOf(call["id"]) } : call,
      ),
    };
  return next;
}

/** "Tool call id … must be a-z, A-Z, 0-9, with a length of 9": what Mistral answers to another provider's. */
const isNine = (id: string): boolean => /^[A-Za-z0-9]{9}$/.test(id);
/** The same for the call and its answer, and for the caller it stays what it was. */
const nineOf = (id: string): string => hash("sha256", id, "hex").slice(0, 9);

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null && !Array.isArray(value);
