/**
 * The common form's messages as `contents`: system text apart, answers of tools in the turn of the user, and on each part the
 * signature that its provider put there. Pure.
 *
 * Source: ai.google.dev/api/caching#Content, #Part; ai.google.dev/gemini-api/docs/thought-signatures.
 */
import { readsReasoning, signerOf } from "../../pipeline/signed-reasoning.ts";
import { argumentsOf, inlineDataOf, isSaid, type Json, listOf, objectOf, textOf } from "../common-form.ts";
import type { ProviderCall } from "../provider.ts";
import { isMadeHere } from "./tool-call-id.ts";

export const reasoningFormat = "google-gemini-v1";

export interface Content {
  readonly role: "user" | "model";
  readonly parts: Json[];
}

export interface Conversation {
  readonly system: readonly Json[];
  readonly contents: readonly Content[];
}

type Call = Pick<ProviderCall, "backend" | "cannotCarry">;

/** @throws GatewayError UNSUPPORTED_PARAMETER, INVALID_ARGUMENT naming the field. */
export function conversationOf(messages: readonly unknown[], call: Call): Conversation {
  const system: Json[] = [];
  const contents: Content[] = [];
  /** A function's answer names the function, which the common form says at the call alone. */
  const nameOfCall = new Map<string, string>();
  for (const [i, entry] of messages.entries()) {
    const message = objectOf(entry);
    const at = `messages[${i}]`;
    switch (message["role"]) {
      case "system":
      case "developer":
        system.push(...partsOf(message["content"], `${at}.content`, call));
        break;
      case "user":
        if (isSaid(message["name"])) call.cannotCarry(`${at}.name`);
        addContent(contents, "user", partsOf(message["content"], `${at}.content`, call));
        break;
      case "assistant":
        addContent(contents, "model", modelParts(message, at, call, nameOfCall));
        break;
      case "tool":
        addContent(contents, "user", [functionResponse(message, at, call, nameOfCall)]);
        break;
      default:
        call.cannotCarry(`${at}.role`);
    }
  }
  signUnsigned(contents, call.backend.model);
  return { system, contents };
}

/** Turns alternate, and a turn that says nothing is none. */
function addContent(contents: Content[], role: Content["role"], parts: Json[]): void {
  if (parts.length === 0) return;
  const last = contents.at(-1);
  if (last?.role === role) last.parts.push(...parts);
  else contents.push({ role, parts });
}

function partsOf(content: unknown, at: string, { cannotCarry }: Pick<Call, "cannotCarry">): Json[] {
  if (typeof content === "string") return content === "" ? [] : [{ text: content }];
  return listOf(content).flatMap((entry, i): Json[] => {
    const part = objectOf(entry);
    const here = `${at}[${i}]`;
    if (isSaid(part["cache_control"])) cannotCarry(`${here}.cache_control`, "hint");
    switch (part["type"]) {
      case "text":
      case "refusal": {
        const text = textOf(part[part["type"]]);
        return text === "" ? [] : [{ text }];
      }
      case "image_url": {
        const { url, detail } = objectOf(part["image_url"]);
        if (isSaid(detail) && detail !== "auto") cannotCarry(`${here}.image_url.detail`, "hint");
        return [mediaPart(textOf(url), `${here}.image_url.url`, "image/jpeg")];
      }
      case "video_url":
        return [mediaPart(textOf(objectOf(part["video_url"])["url"]), `${here}.video_url.url`, "video/mp4")];
      case "input_audio": {
        const { data, format } = objectOf(part["input_audio"]);
        return [{ inlineData: { mimeType: format === "mp3" ? "audio/mp3" : `audio/${textOf(format)}`, data: textOf(data) } }];
      }
      case "file":
        return filePart(part, here, cannotCarry);
      default:
        cannotCarry(`${here}.${textOf(part["type"])}`);
        return [];
    }
  });
}

function filePart(part: Json, at: string, cannotCarry: Call["cannotCarry"]): Json[] {
  const { file_data: data, file_id: id, file_url: url, filename } = objectOf(part["file"]);
  if (isSaid(part["citations"]) && objectOf(part["citations"])["enabled"] === true) cannotCarry(`${at}.citations`);
  if (isSaid(part["context"])) cannotCarry(`${at}.context`);
  if (isSaid(filename)) cannotCarry(`${at}.file.filename`, "hint");
  if (typeof data === "string") return [mediaPart(data, `${at}.file.file_data`, "application/pdf")];
  if (typeof url === "string") return [mediaPart(url, `${at}.file.file_url`, "application/pdf")];
  // A name that the File API gave out is an address.
  if (typeof id === "string" && /^(https|gs):\/\//.test(id)) return [{ fileData: { fileUri: id } }];
  cannotCarry(`${at}.file.file_id`);
  return [];
}

/** The media type of an address is told by its ending, or is the usual one. */
function mediaPart(url: string, field: string, usualType: string): Json {
  const inline = inlineDataOf(url, field);
  if (inline !== undefined) return { inlineData: { mimeType: inline.mediaType, data: inline.data } };
  return { fileData: { fileUri: url, mimeType: typeOfEnding(url) ?? usualType } };
}

const types: Readonly<Record<string, string>> = {
  png: "image/png",
  jpg: "image/jpeg",
  jpeg: "image/jpeg",
  webp: "image/webp",
  heic: "image/heic",
  heif: "image/heif",
  gif: "image/gif",
  pdf: "application/pdf",
  txt: "text/plain",
  md: "text/markdown",
  html: "text/html",
  csv: "text/csv",
  mp4: "video/mp4",
  mov: "video/quicktime",
  webm: "video/webm",
  mp3: "audio/mp3",
  wav: "audio/wav",
  ogg: "audio/ogg",
  flac: "audio/flac",
};

const typeOfEnding = (url: string): string | undefined => types[/\.(\w{2,5})(?:[?#]|$)/.exec(url)?.[1]?.toLowerCase() ?? ""];

function modelParts(message: Json, at: string, call: Call, nameOfCall: Map<string, string>): Json[] {
  const signatures = signaturesOf(message, at, call);
  const parts: Json[] = [...signatures.thoughts, ...partsOf(message["content"], `${at}.content`, call)];
  const refusal = textOf(message["refusal"]);
  if (refusal !== "") parts.push({ text: refusal });
  for (const name of ["audio", "function_call"]) if (isSaid(message[name])) call.cannotCarry(`${at}.${name}`);
  // A signature that is no call's stands on the last part that the model said.
  const { loose } = signatures;
  if (loose !== undefined) parts.push({ ...(parts.pop() ?? { text: "" }), thoughtSignature: loose });
  for (const [i, entry] of listOf(message["tool_calls"]).entries()) {
    const toolCall = objectOf(entry);
    const here = `${at}.tool_calls[${i}]`;
    if (toolCall["type"] === "custom") {
      call.cannotCarry(`${here}.custom`);
      continue;
    }
    const { name, arguments: said } = objectOf(toolCall["function"]);
    const id = textOf(toolCall["id"]);
    nameOfCall.set(id, textOf(name));
    const signature = signatures.ofCall.get(id) ?? googleSignature(toolCall);
    parts.push({
      functionCall: { ...idMember(id), name: textOf(name), args: argumentsOf(said, `${here}.function.arguments`) },
      ...(signature === undefined ? {} : { thoughtSignature: signature }),
    });
  }
  return parts;
}

/** An id of ours is none that Gemini knows. */
const idMember = (id: string): Json => (id === "" || isMadeHere(id) ? {} : { id });

/** How Google's own OpenAI-shaped API says it, and callers that come from there. */
function googleSignature(toolCall: Json): string | undefined {
  const signature = objectOf(objectOf(toolCall["extra_content"])["google"])["thought_signature"];
  return typeof signature === "string" && signature !== "" ? signature : undefined;
}

interface Signatures {
  readonly thoughts: readonly Json[];
  readonly ofCall: ReadonlyMap<string, string>;
  readonly loose: string | undefined;
}

function signaturesOf(message: Json, at: string, { backend, cannotCarry }: Call): Signatures {
  const thoughts: Json[] = [];
  const ofCall = new Map<string, string>();
  let loose: string | undefined;
  const details = listOf(message["reasoning_details"]);
  if (details.length === 0)
    // Nothing vouches for it, and the model does not read it again.
    for (const name of ["reasoning_content", "reasoning"]) if (textOf(message[name]) !== "") cannotCarry(`${at}.${name}`, "hint");
  for (const entry of details) {
    const detail = objectOf(entry);
    if (!readsReasoning(backend, [reasoningFormat], signerOf(detail, at))) {
      cannotCarry(`${at}.reasoning_details`);
      continue;
    }
    const { type, id, data, text, summary, signature } = detail;
    const sealed = type === "reasoning.encrypted" ? textOf(data) : textOf(signature);
    const thought = textOf(text) || textOf(summary);
    if (thought !== "") thoughts.push({ text: thought, thought: true });
    if (sealed === "") continue;
    if (textOf(id) === "") loose = sealed;
    else ofCall.set(textOf(id), sealed);
  }
  return { thoughts, ofCall, loose };
}

function functionResponse(message: Json, at: string, call: Call, nameOfCall: ReadonlyMap<string, string>): Json {
  const id = textOf(message["tool_call_id"]);
  const parts = partsOf(message["content"], `${at}.content`, call);
  const media = parts.filter((part) => !("text" in part));
  const text = parts.flatMap((part) => (typeof part["text"] === "string" ? [part["text"]] : [])).join("\n");
  return {
    functionResponse: {
      ...idMember(id),
      name: nameOfCall.get(id) ?? (textOf(message["name"]) || id),
      // The keys under which the model looks for what a function said, and for its failure.
      response: message["is_error"] === true ? { error: text } : { output: text },
      ...(media.length === 0 ? {} : { parts: media }),
    },
  };
}

/** Google's word for a call that comes from elsewhere or from before: without any, Gemini 3 refuses the whole request. */
const unsigned = "skip_thought_signature_validator";

/** The first call of each of the model's steps in this turn has to be signed; a caller whose SDK lost the signature is helped. */
function signUnsigned(contents: readonly Content[], model: string): void {
  if (!/gemini-[3-9]/.test(model)) return;
  const turn = contents.findLastIndex(({ role, parts }) => role === "user" && parts.some((part) => !("functionResponse" in part)));
  for (const { role, parts } of contents.slice(turn + 1)) {
    if (role !== "model") continue;
    const first = parts.findIndex((part) => "functionCall" in part);
    const part = parts[first];
    if (part !== undefined && part["thoughtSignature"] === undefined) parts[first] = { ...part, thoughtSignature: unsigned };
  }
}
