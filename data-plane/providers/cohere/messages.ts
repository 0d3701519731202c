/**
 * The common form's messages as Cohere's v2 chat has them, which are nearly the same. Pure.
 * Source: docs.cohere.com/reference/chat, "messages"; docs.cohere.com/docs/reasoning.
 */
import { inlineDataOf, isSaid, type Json, listOf, objectOf, textOf } from "../common-form.ts";
import type { ProviderCall } from "../provider.ts";

type CannotCarry = ProviderCall["cannotCarry"];

/** @throws GatewayError UNSUPPORTED_PARAMETER, INVALID_ARGUMENT naming the field. */
export function messagesOf(messages: readonly unknown[], cannotCarry: CannotCarry): Json[] {
  return messages.flatMap((entry, i): Json[] => {
    const message = objectOf(entry);
    const at = `messages[${i}]`;
    const content = contentOf(message["content"], `${at}.content`, cannotCarry);
    if (isSaid(message["cache_control"])) cannotCarry(`${at}.cache_control`, "hint");
    if (isSaid(message["name"]) && message["role"] !== "tool") cannotCarry(`${at}.name`);
    switch (message["role"]) {
      case "system":
      case "developer":
        return [{ role: "system", content }];
      case "user":
        return [{ role: "user", content }];
      case "assistant":
        return [assistantMessage(message, content, at, cannotCarry)];
      case "tool":
        if (message["is_error"] === true) cannotCarry(`${at}.is_error`);
        return [{ role: "tool", tool_call_id: message["tool_call_id"], content }];
      default:
        cannotCarry(`${at}.role`);
        return [];
    }
  });
}

function contentOf(content: unknown, at: string, cannotCarry: CannotCarry): string | Json[] {
  if (!Array.isArray(content)) return textOf(content);
  return (content as unknown[]).flatMap((entry, i): Json[] => {
    const part = objectOf(entry);
    const here = `${at}[${i}]`;
    if (isSaid(part["cache_control"])) cannotCarry(`${here}.cache_control`, "hint");
    switch (part["type"]) {
      case "text":
        return [{ type: "text", text: textOf(part["text"]) }];
      case "refusal":
        return [{ type: "text", text: textOf(part["refusal"]) }];
      case "image_url":
        return [{ type: "image_url", image_url: part["image_url"] }];
      case "file":
        return documentPart(part, here, cannotCarry);
      default:
        cannotCarry(`${here}.${textOf(part["type"])}`);
        return [];
    }
  });
}

/** It reads documents as text; what is not text it has no way to read. */
function documentPart(part: Json, at: string, cannotCarry: CannotCarry): Json[] {
  const { file_data: data, filename } = objectOf(part["file"]);
  const inline = typeof data === "string" ? inlineDataOf(data, `${at}.file.file_data`) : undefined;
  if (inline === undefined || !/^(text\/|application\/json)/.test(inline.mediaType)) {
    cannotCarry(`${at}.file`);
    return [];
  }
  const text = Buffer.from(inline.data, "base64").toString("utf8");
  return [{ type: "document", document: { data: { ...(typeof filename === "string" ? { title: filename } : {}), text } } }];
}

/** What it thought goes back as it came: a plan where it called tools, else a part before the text. */
function assistantMessage(message: Json, content: string | Json[], at: string, cannotCarry: CannotCarry): Json {
  for (const name of ["audio", "function_call"]) if (isSaid(message[name])) cannotCarry(`${at}.${name}`);
  const details = listOf(message["reasoning_details"]).map(objectOf);
  // It signs nothing, so what is signed or sealed is another's.
  if (details.some(({ type, signature }) => type !== "reasoning.text" || textOf(signature) !== "")) cannotCarry(`${at}.reasoning_details`);
  const told = details.map(({ text }) => textOf(text)).join("");
  const thoughts = textOf(message["reasoning_content"]) || textOf(message["reasoning"]) || told;
  const calls = listOf(message["tool_calls"]).flatMap((entry, i): Json[] => {
    const call = objectOf(entry);
    if (call["type"] === "custom") {
      cannotCarry(`${at}.tool_calls[${i}].custom`);
      return [];
    }
    const { name, arguments: said } = objectOf(call["function"]);
    return [{ id: call["id"], type: "function", function: { name, arguments: textOf(said) || "{}" } }];
  });
  const refusal = textOf(message["refusal"]);
  const texts = typeof content === "string" ? (content === "" ? [] : [{ type: "text", text: content }]) : content;
  const parts = refusal === "" ? texts : [...texts, { type: "text", text: refusal }];
  if (calls.length > 0)
    return {
      role: "assistant",
      tool_calls: calls,
      ...(thoughts === "" ? {} : { tool_plan: thoughts }),
      ...(parts.length === 0 ? {} : { content: parts }),
    };
  return { role: "assistant", content: thoughts === "" ? parts : [{ type: "thinking", thinking: thoughts }, ...parts] };
}
