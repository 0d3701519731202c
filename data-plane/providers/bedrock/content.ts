/**
 * The common form's messages as Converse has them: system text apart, roles in turns, tool results in the turn of their user, cache
 * points behind what they are the end of. Pure.
 *
 * Source: docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ContentBlock.html.
 */
import { readsReasoning, signerOf } from "../../pipeline/signed-reasoning.ts";
import { argumentsOf, inlineDataOf, isSaid, type Json, listOf, objectOf, plainToolId, textOf } from "../common-form.ts";
import type { ProviderCall } from "../provider.ts";

/** Claude's signatures hold on every platform that serves it (docs.claude.com, "Extended thinking"). */
export const reasoningFormat = "anthropic-claude-v1";

export type Block = Json;
export interface Turn {
  readonly role: "user" | "assistant";
  readonly content: Block[];
}
export interface Conversation {
  readonly system: readonly Block[];
  readonly messages: readonly Turn[];
}

type Call = Pick<ProviderCall, "backend" | "cannotCarry">;
interface Place {
  readonly call: Call;
  /** Documents so far: each needs a name of its own. */
  documents: number;
}

/** @throws GatewayError UNSUPPORTED_PARAMETER, INVALID_ARGUMENT naming the field. */
export function conversationOf(messages: readonly unknown[], call: Call): Conversation {
  const place: Place = { call, documents: 0 };
  const system: Block[] = [];
  const turns: Turn[] = [];
  for (const [i, entry] of messages.entries()) {
    const message = objectOf(entry);
    const at = `messages[${i}]`;
    const { content } = message;
    if (isSaid(message["name"]) && message["role"] !== "tool") call.cannotCarry(`${at}.name`);
    switch (message["role"]) {
      case "system":
      case "developer":
        system.push(...blocksOf(content, `${at}.content`, place), ...cachePoint(message));
        break;
      case "user":
        addTurn(turns, "user", [...blocksOf(content, `${at}.content`, place), ...cachePoint(message)]);
        break;
      case "assistant":
        addTurn(turns, "assistant", [...assistantBlocks(message, at, place), ...cachePoint(message)]);
        break;
      case "tool":
        addTurn(turns, "user", [toolResult(message, at, place), ...cachePoint(message)]);
        break;
      default:
        call.cannotCarry(`${at}.role`);
    }
  }
  return { system, messages: turns };
}

function addTurn(turns: Turn[], role: Turn["role"], content: Block[]): void {
  if (content.length === 0) return;
  const last = turns.at(-1);
  if (last?.role === role) last.content.push(...content);
  else turns.push({ role, content });
}

/** `cache_control` marks the last thing that is kept; here that is a block of its own behind it. */
export function cachePoint(marked: Json): Block[] {
  const { type, ttl } = objectOf(marked["cache_control"]);
  return type === "ephemeral" ? [{ cachePoint: { type: "default", ...(typeof ttl === "string" ? { ttl } : {}) } }] : [];
}

function blocksOf(content: unknown, at: string, place: Place): Block[] {
  if (typeof content === "string") return textBlock(content);
  return listOf(content).flatMap((entry, i): Block[] => {
    const part = objectOf(entry);
    return [...blockOf(part, `${at}[${i}]`, place), ...cachePoint(part)];
  });
}

/** An empty text is refused here, and says nothing anywhere. */
const textBlock = (text: string): Block[] => (text === "" ? [] : [{ text }]);

function blockOf(part: Json, at: string, place: Place): Block[] {
  const { cannotCarry } = place.call;
  switch (part["type"]) {
    case "text":
    case "refusal":
      return textBlock(textOf(part[part["type"]]));
    case "image_url": {
      const { url, detail } = objectOf(part["image_url"]);
      if (isSaid(detail) && detail !== "auto") cannotCarry(`${at}.image_url.detail`, "hint");
      return mediaBlock("image", textOf(url), `${at}.image_url.url`, cannotCarry);
    }
    case "video_url":
      return mediaBlock("video", textOf(objectOf(part["video_url"])["url"]), `${at}.video_url.url`, cannotCarry);
    case "input_audio": {
      const { data, format } = objectOf(part["input_audio"]);
      return [{ audio: { format: textOf(format), source: { bytes: textOf(data) } } }];
    }
    case "file":
      return documentBlock(part, at, place);
    default:
      cannotCarry(`${at}.${textOf(part["type"])}`);
      return [];
  }
}

/** "image/jpeg" and "video/quicktime" by their names here; the rest is as the type says. */
const formatOf = (mediaType: string): string => {
  const subtype = mediaType.split("/")[1] ?? "";
  return formats[subtype] ?? subtype;
};
const formats: Readonly<Record<string, string>> = {
  quicktime: "mov",
  "x-matroska": "mkv",
  "3gpp": "three_gp",
  plain: "txt",
  markdown: "md",
  msword: "doc",
  "vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
  "vnd.ms-excel": "xls",
  "vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
};

function mediaBlock(kind: "image" | "video", url: string, at: string, cannotCarry: Call["cannotCarry"]): Block[] {
  const inline = inlineDataOf(url, at);
  if (inline !== undefined) return [{ [kind]: { format: formatOf(inline.mediaType), source: { bytes: inline.data } } }];
  if (url.startsWith("s3://")) return [{ [kind]: { format: endingOf(url), source: { s3Location: { uri: url } } } }];
  // It fetches nothing from the web.
  cannotCarry(at);
  return [];
}

const endingOf = (url: string): string => {
  const ending = /\.(\w{2,5})$/.exec(url)?.[1]?.toLowerCase() ?? "";
  return ending === "jpg" ? "jpeg" : ending;
};

function documentBlock(part: Json, at: string, place: Place): Block[] {
  const { cannotCarry } = place.call;
  const { file_data: data, file_url: url, filename } = objectOf(part["file"]);
  const name = documentName(textOf(filename), ++place.documents);
  const details = {
    ...(isSaid(part["citations"]) ? { citations: part["citations"] } : {}),
    ...(typeof part["context"] === "string" ? { context: part["context"] } : {}),
  };
  if (typeof data === "string") {
    const inline = inlineDataOf(data, `${at}.file.file_data`);
    if (inline?.mediaType.startsWith("image/")) return [{ image: { format: formatOf(inline.mediaType), source: { bytes: inline.data } } }];
    if (inline !== undefined)
      return [{ document: { format: formatOf(inline.mediaType), name, source: { bytes: inline.data }, ...details } }];
  }
  if (typeof url === "string" && url.startsWith("s3://"))
    return [{ document: { format: endingOf(url), name, source: { s3Location: { uri: url } }, ...details } }];
  cannotCarry(`${at}.file.${typeof url === "string" ? "file_url" : "file_id"}`);
  return [];
}

/** Letters, digits, single spaces, hyphens and brackets; and no two alike. */
function documentName(filename: string, count: number): string {
  const plain = filename
    .replace(/\.\w{2,5}$/, "")
    .replaceAll(/[^A-Za-z0-9\-()[\]]+/g, " ")
    .trim()
    .slice(0, 180);
  return count === 1 && plain !== "" ? plain : `${plain === "" ? "document" : plain} ${count}`;
}

function assistantBlocks(message: Json, at: string, place: Place): Block[] {
  const { call } = place;
  const blocks = reasoningBlocks(message, at, call);
  blocks.push(...blocksOf(message["content"], `${at}.content`, place), ...textBlock(textOf(message["refusal"])));
  for (const name of ["audio", "function_call"]) if (isSaid(message[name])) call.cannotCarry(`${at}.${name}`);
  for (const [i, entry] of listOf(message["tool_calls"]).entries()) {
    const toolCall = objectOf(entry);
    const here = `${at}.tool_calls[${i}]`;
    if (toolCall["type"] === "custom") {
      call.cannotCarry(`${here}.custom`);
      continue;
    }
    const { name, arguments: said } = objectOf(toolCall["function"]);
    const input = argumentsOf(said, `${here}.function.arguments`);
    blocks.push({ toolUse: { toolUseId: toolUseId(toolCall["id"]), name, input } }, ...cachePoint(toolCall));
  }
  return blocks;
}

const toolUseId = (id: unknown): string => plainToolId(textOf(id), 64);

/** Only what is signed or sealed can be given back. */
function reasoningBlocks(message: Json, at: string, { backend, cannotCarry }: Call): Block[] {
  const details = listOf(message["reasoning_details"]);
  if (details.length === 0)
    for (const name of ["reasoning_content", "reasoning"]) if (textOf(message[name]) !== "") cannotCarry(`${at}.${name}`, "hint");
  const blocks: Block[] = [];
  let pending = "";
  for (const entry of details) {
    const detail = objectOf(entry);
    if (!readsReasoning(backend, [reasoningFormat], signerOf(detail, at))) {
      cannotCarry(`${at}.reasoning_details`);
      continue;
    }
    const { type, text, signature, data } = detail;
    if (type === "reasoning.encrypted") blocks.push({ reasoningContent: { redactedContent: data } });
    // Streamed details come in pieces, and callers may give them back so: the signature ends the block.
    pending += textOf(text);
    if (textOf(signature) === "") continue;
    blocks.push({ reasoningContent: { reasoningText: { text: pending, signature } } });
    pending = "";
  }
  if (pending !== "") cannotCarry(`${at}.reasoning_details`, "hint");
  return blocks;
}

const toolResult = (message: Json, at: string, place: Place): Block => ({
  toolResult: {
    toolUseId: toolUseId(message["tool_call_id"]),
    content: blocksOf(message["content"], `${at}.content`, place),
    ...(message["is_error"] === true ? { status: "error" } : {}),
  },
});
