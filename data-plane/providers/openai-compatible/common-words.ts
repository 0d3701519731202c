/**
 * The common form in plain chat words, for calls whose caller spoke another dialect: what chat has no word for is said in the words
 * it has (an image in a tool's result becomes one of the user's), or said to have no place. Pure. What a caller of chat wrote itself
 * is not looked at here.
 */
import { readsReasoning, signerOf } from "../../pipeline/signed-reasoning.ts";
import type { ProviderCall } from "../provider.ts";
import { flavourNamed, flavourNameOf } from "./flavour.ts";

type Json = Readonly<Record<string, unknown>>;
type Mapped = Pick<ProviderCall, "backend" | "cannotCarry">;

/** Members to set in the body, as JSON texts; undefined: to leave out. @param value the body as it would go out. */
export function plainChatMembers(value: Json, call: Mapped): Map<string, string | undefined> {
  const members = new Map<string, string | undefined>();
  const set = (name: string, to: unknown) => members.set(name, to === undefined ? undefined : JSON.stringify(to));
  set(
    "messages",
    list(value["messages"]).flatMap((message, i) => plainMessages(object(message), `messages[${i}]`, call)),
  );
  if (value["tools"] !== undefined)
    set(
      "tools",
      list(value["tools"]).map((tool, i) => withoutCacheControl(object(tool), `tools[${i}]`, call)),
    );
  if (knowsThem(call)) return members;
  if (value["cache_control"] !== undefined) {
    call.cannotCarry("cache_control", "hint");
    set("cache_control", undefined);
  }
  if (value["reasoning"] !== undefined) {
    set("reasoning", undefined);
    const { enabled, exclude } = object(value["reasoning"]);
    if (enabled === false || exclude === true) call.cannotCarry("reasoning", "hint");
    if (value["reasoning_effort"] === undefined) set("reasoning_effort", effortOf(object(value["reasoning"])["max_tokens"]));
  }
  if (value["reasoning_effort"] === "max") set("reasoning_effort", "xhigh");
  return members;
}

/** A budget in tokens as the effort whose usual budget it is; where only that is said that the model may think, it thinks as ever. */
function effortOf(budget: unknown): string | undefined {
  if (typeof budget !== "number") return undefined;
  return budget <= 2048 ? "low" : budget <= 8192 ? "medium" : "high";
}

/**
 * Whether a body of a typed caller says anything that chat has no word for. Most say nothing of it, and go as they are.
 */
export const saysMoreThanChat = (messages: unknown): boolean =>
  list(messages).some((entry) => {
    const message = object(entry);
    if (message["reasoning_details"] !== undefined || message["reasoning_content"] !== undefined) return true;
    const { content } = message;
    if (message["role"] === "tool") return message["is_error"] === true || Array.isArray(content);
    return Array.isArray(content) && content.some((part) => object(part)["type"] === "file");
  });

function plainMessages(said: Json, at: string, call: Mapped): Json[] {
  const message = withoutCacheControl(said, at, call);
  if (message["role"] === "tool") return toolMessages(message, at, call);
  const { content, reasoning_details: details, reasoning_content: thoughts, tool_calls: calls, ...rest } = message;
  const kept = list(details).flatMap((detail) => ownDetail(object(detail), at, call));
  return [
    {
      ...rest,
      content: Array.isArray(content) ? content.flatMap((part, j) => plainParts(object(part), `${at}.content[${j}]`, call)) : content,
      ...thoughtsMember(text(thoughts), at, call),
      ...(kept.length === 0 ? {} : { reasoning_details: kept }),
      ...(calls === undefined
        ? {}
        : { tool_calls: list(calls).map((entry, j) => withoutCacheControl(object(entry), `${at}.tool_calls[${j}]`, call)) }),
    },
  ];
}

function thoughtsMember(thoughts: string, at: string, { backend, cannotCarry }: Mapped): Json {
  if (thoughts === "") return {};
  const { thoughts: word } = flavourNamed(flavourNameOf(backend.provider));
  if (word === undefined) cannotCarry(`${at}.reasoning_content`, "hint");
  return word === undefined ? {} : { [word]: thoughts };
}

/** A tool's result is text here. What else it brought is shown by the user, right behind it; that it failed is said in words. */
function toolMessages(message: Json, at: string, call: Mapped): Json[] {
  const { content, is_error: failed, ...rest } = message;
  const parts = Array.isArray(content)
    ? content.flatMap((part, j) => plainParts(object(part), `${at}.content[${j}]`, call))
    : [{ type: "text", text: text(content) }];
  const said = parts.flatMap((part) => (part["type"] === "text" ? [text(part["text"])] : [])).join("\n");
  const shown = parts.filter((part) => part["type"] !== "text");
  const result = { ...rest, content: failed === true && !/^\W*error/i.test(said) ? `Error: ${said}` : said };
  if (shown.length === 0) return [result];
  const caption = { type: "text", text: `What the tool call ${text(rest["tool_call_id"])} brought:` };
  return [result, { role: "user", content: [caption, ...shown] }];
}

function plainParts(said: Json, at: string, call: Mapped): Json[] {
  const part = withoutCacheControl(said, at, call);
  if (part["type"] !== "file") return [part];
  const { file, citations, context, ...rest } = part;
  if (citations !== undefined) call.cannotCarry(`${at}.citations`);
  const about = typeof context === "string" && context !== "" ? [{ type: "text", text: context }] : [];
  const { file_data: data, file_url: url, filename } = object(file);
  if (url !== undefined) call.cannotCarry(`${at}.file.file_url`);
  const match = /^data:([\w.+-]+\/[\w.+-]+);base64,/.exec(text(data));
  const mediaType = match?.[1] ?? "";
  if (mediaType.startsWith("image/")) return [...about, { type: "image_url", image_url: { url: data } }];
  if (!mediaType.startsWith("text/")) return [...about, { ...rest, file }];
  const written = Buffer.from(text(data).slice(match?.[0].length), "base64").toString("utf8");
  return [...about, { type: "text", text: typeof filename === "string" ? `${filename}\n\n${written}` : written }];
}

/** Reasoning that this very provider gave goes back to it as it came; any other it could not read. */
function ownDetail({ provider, ...detail }: Json, at: string, { backend, cannotCarry }: Mapped): Json[] {
  if (readsReasoning(backend, [], signerOf({ provider, ...detail }, at))) return [detail];
  cannotCarry(`${at}.reasoning_details`);
  return [];
}

/** The words for caching and reasoning are OpenRouter's own. */
const knowsThem = ({ backend }: Mapped): boolean => flavourNameOf(backend.provider) === "openrouter";

function withoutCacheControl(said: Json, at: string, call: Mapped): Json {
  if (said["cache_control"] === undefined || knowsThem(call)) return said;
  call.cannotCarry(`${at}.cache_control`, "hint");
  const { cache_control: _control, ...rest } = said;
  return rest;
}

const text = (value: unknown): string => (typeof value === "string" ? value : "");
const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
const object = (value: unknown): Json => (typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Json) : {});
