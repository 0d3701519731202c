/**
 * The common form's messages as a Messages body has them: system text apart, roles in turns, tool results first in the turn of
 * their user, reasoning before what follows from it. Pure.
 */
import { GatewayError } from "../../gateway-error.ts";
import { readsReasoning, signerOf } from "../../pipeline/signed-reasoning.ts";
import { argumentsOf, type Json, listOf, objectOf, plainToolId, textOf } from "../common-form.ts";
import type { ProviderCall } from "../provider.ts";
import { reasoningFormat } from "./events.ts";

/** A content block. */
export type Block = Json;

const toolIdLengthMax = 128;

export interface Turn {
  readonly role: "user" | "assistant";
  content: string | readonly Block[];
}

export interface Conversation {
  /** System and developer messages, from wherever they stood. */
  readonly system: readonly Block[];
  readonly turns: readonly Turn[];
}

/** @throws GatewayError UNSUPPORTED_PARAMETER, INVALID_ARGUMENT naming the field. */
export function conversationOf(messages: readonly unknown[], call: Pick<ProviderCall, "backend" | "cannotCarry">): Conversation {
  const system: Block[] = [];
  const turns: Turn[] = [];
  for (const [i, entry] of messages.entries()) {
    const message = objectOf(entry);
    const at = `messages[${i}]`;
    if (message["name"] !== undefined && message["role"] !== "tool") call.cannotCarry(`${at}.name`);
    switch (message["role"]) {
      case "system":
      case "developer":
        system.push(...blocksOf(message["content"], `${at}.content`, call));
        break;
      case "user":
        addTurn(turns, "user", userContent(message["content"], `${at}.content`, call));
        break;
      case "assistant":
        addTurn(turns, "assistant", assistantBlocks(message, at, call));
        break;
      case "tool":
        addTurn(turns, "user", [toolResult(message, at, call)]);
        break;
      default:
        call.cannotCarry(`${at}.role`);
    }
  }
  return { system, turns };
}

/** Turns alternate: what several messages of one role say becomes one turn, and a turn that says nothing is none. */
function addTurn(turns: Turn[], role: Turn["role"], content: string | readonly Block[]): void {
  if (content.length === 0) return;
  const last = turns.at(-1);
  if (last?.role === role) last.content = [...asBlocks(last.content), ...asBlocks(content)];
  else turns.push({ role, content });
}

const asBlocks = (content: string | readonly Block[]): readonly Block[] =>
  typeof content === "string" ? [{ type: "text", text: content }] : content;

const userContent = (content: unknown, at: string, call: Pick<ProviderCall, "cannotCarry">): string | readonly Block[] =>
  typeof content === "string" ? content : blocksOf(content, at, call);

/** Text parts that are empty say nothing and are refused there. */
function blocksOf(content: unknown, at: string, { cannotCarry }: Pick<ProviderCall, "cannotCarry">): Block[] {
  if (typeof content === "string") return content === "" ? [] : [{ type: "text", text: content }];
  if (!Array.isArray(content)) return [];
  return content.flatMap((entry, i): Block[] => {
    const part = objectOf(entry);
    const here = `${at}[${i}]`;
    switch (part["type"]) {
      case "text":
      case "refusal": {
        const said = textOf(part[part["type"]]);
        return said === "" ? [] : [withCacheControl({ type: "text", text: said }, part)];
      }
      case "image_url": {
        const image = objectOf(part["image_url"]);
        if (image["detail"] !== undefined && image["detail"] !== "auto") cannotCarry(`${here}.image_url.detail`, "hint");
        return [withCacheControl({ type: "image", source: sourceOf(textOf(image["url"]), `${here}.image_url.url`) }, part)];
      }
      case "file":
        return fileBlock(part, here, cannotCarry);
      default:
        // input_audio, and what other servers add.
        cannotCarry(`${here}.${textOf(part["type"])}`);
        return [];
    }
  });
}

function fileBlock(part: Json, at: string, cannotCarry: ProviderCall["cannotCarry"]): Block[] {
  const file = objectOf(part["file"]);
  const { citations, context } = part;
  const details = {
    ...(file["filename"] === undefined ? {} : { title: file["filename"] }),
    ...(citations === undefined ? {} : { citations }),
    ...(context === undefined ? {} : { context }),
  };
  const document = (source: Json): Block[] => [withCacheControl({ type: "document", source, ...details }, part)];
  if (typeof file["file_id"] === "string") return document({ type: "file", file_id: file["file_id"] });
  if (typeof file["file_url"] === "string") return document({ type: "url", url: file["file_url"] });
  const { mediaType, data } = dataUrlOf(textOf(file["file_data"]), `${at}.file.file_data`);
  if (mediaType === "application/pdf") return document({ type: "base64", media_type: mediaType, data });
  if (mediaType.startsWith("image/"))
    return [withCacheControl({ type: "image", source: { type: "base64", media_type: mediaType, data } }, part)];
  if (mediaType.startsWith("text/"))
    return document({ type: "text", media_type: "text/plain", data: Buffer.from(data, "base64").toString("utf8") });
  cannotCarry(`${at}.file.file_data`);
  return [];
}

const sourceOf = (url: string, at: string): Json => {
  if (!url.startsWith("data:")) return { type: "url", url };
  const { mediaType, data } = dataUrlOf(url, at);
  return { type: "base64", media_type: mediaType, data };
};

function dataUrlOf(url: string, at: string): { mediaType: string; data: string } {
  const match = /^data:([\w.+-]+\/[\w.+-]+)(?:;[\w=.+-]+)*;base64,/.exec(url);
  if (match?.[1] === undefined)
    throw new GatewayError("INVALID_ARGUMENT", `${at} must be a data URL in base64: data:<media type>;base64,<data>`, { field: at });
  return { mediaType: match[1].toLowerCase(), data: url.slice(match[0].length) };
}

function assistantBlocks(message: Json, at: string, call: Pick<ProviderCall, "backend" | "cannotCarry">): readonly Block[] {
  const blocks = reasoningBlocks(message, at, call);
  blocks.push(...blocksOf(message["content"], `${at}.content`, call));
  const refusal = textOf(message["refusal"]);
  if (refusal !== "") blocks.push({ type: "text", text: refusal });
  if (message["audio"] !== undefined && message["audio"] !== null) call.cannotCarry(`${at}.audio`);
  if (message["function_call"] !== undefined && message["function_call"] !== null) call.cannotCarry(`${at}.function_call`);
  for (const [i, entry] of listOf(message["tool_calls"]).entries()) {
    const toolCall = objectOf(entry);
    const here = `${at}.tool_calls[${i}]`;
    if (toolCall["type"] === "custom") call.cannotCarry(`${here}.custom`);
    else {
      const { name, arguments: said } = objectOf(toolCall["function"]);
      blocks.push(
        withCacheControl(
          {
            type: "tool_use",
            id: plainToolId(textOf(toolCall["id"]), toolIdLengthMax),
            name,
            input: argumentsOf(said, `${here}.function.arguments`),
          },
          toolCall,
        ),
      );
    }
  }
  return blocks;
}

/** Only what is signed can be given back: the provider refuses reasoning that it cannot prove to be its own. */
function reasoningBlocks(message: Json, at: string, { backend, cannotCarry }: Pick<ProviderCall, "backend" | "cannotCarry">): Block[] {
  const details = listOf(message["reasoning_details"]);
  if (details.length === 0) {
    for (const name of ["reasoning_content", "reasoning"]) if (textOf(message[name]) !== "") cannotCarry(`${at}.${name}`, "hint");
    return [];
  }
  const blocks: Block[] = [];
  let pending = "";
  for (const entry of details) {
    const detail = objectOf(entry);
    if (!readsReasoning(backend, [reasoningFormat], signerOf(detail, at))) {
      cannotCarry(`${at}.reasoning_details`);
      continue;
    }
    if (detail["type"] === "reasoning.encrypted") blocks.push({ type: "redacted_thinking", data: detail["data"] });
    else if (detail["type"] === "reasoning.text") {
      // Streamed details come in pieces, and callers may give them back so: the signature ends the block.
      pending += textOf(detail["text"]);
      if (textOf(detail["signature"]) === "") continue;
      blocks.push({ type: "thinking", thinking: pending, signature: detail["signature"] });
      pending = "";
    } else cannotCarry(`${at}.reasoning_details`);
  }
  if (pending !== "") cannotCarry(`${at}.reasoning_details`);
  return blocks;
}

function toolResult(message: Json, at: string, call: Pick<ProviderCall, "cannotCarry">): Block {
  const { content } = message;
  return withCacheControl(
    {
      type: "tool_result",
      tool_use_id: plainToolId(textOf(message["tool_call_id"]), toolIdLengthMax),
      content: typeof content === "string" ? content : blocksOf(content, `${at}.content`, call),
      ...(message["is_error"] === true ? { is_error: true } : {}),
    },
    message,
  );
}

export function withCacheControl(block: Block, from: Json): Block {
  return from["cache_control"] === undefined || from["cache_control"] === null ? block : { ...block, cache_control: from["cache_control"] };
}
