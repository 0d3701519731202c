/**
 * Reads what generateContent and streamGenerateContent answer: a stream is a row of the same objects, each with the parts that are
 * new. There is no terminal marker; an answer is whole when its body ended after every candidate had said why it ended. That is
 * told at the end of the body, because the reason may come before a function call that makes it another.
 *
 * Source: ai.google.dev/api/generate-content#GenerateContentResponse.
 */
import type { Annotation, CompletionEvent, TokenLogprob } from "../../pipeline/completion-event.ts";
import { type AnswerReader, parsedObject, protocolError, type StreamReader } from "../answer-exchange.ts";
import { type Json, listOf, numberOf, objectOf, placeOf, secondsOf, textOf } from "../common-form.ts";
import { type FinishTable, finishReasonIn, type UnknownFinish } from "../finish-reasons.ts";
import { reasoningFormat } from "./contents.ts";
import { errorInAnswer, errorOfStatus } from "./error.ts";
import { madeToolCallId } from "./tool-call-id.ts";
import { usageOf } from "./usage.ts";

export interface ContentReaderOptions {
  readonly credential: string | undefined;
  /** The key of the provider, which is who signs its reasoning. */
  readonly provider: string;
  readonly unknownFinish: UnknownFinish;
}

export function contentReader(options: ContentReaderOptions): AnswerReader {
  return {
    stream: () => contentStream(options),
    errorOfStatus,
    whole(text) {
      const events: CompletionEvent[] = [];
      const stream = contentStream(options);
      stream.read(text, undefined, events);
      if (!stream.end(events)) throw protocolError("an answer that does not say how it ended");
      return events;
    },
  };
}

interface Candidate {
  text: string;
  toolCalls: number;
  /** Empty: it goes on. */
  finish: string;
  grounding: Json;
  citations: readonly unknown[];
}

export function contentStream(options: ContentReaderOptions): StreamReader & { end(events: CompletionEvent[]): boolean } {
  const candidates = new Map<number, Candidate>();
  let started = false;
  let blocked = "";
  let usage: unknown;

  const candidateAt = (index: number): Candidate => {
    let candidate = candidates.get(index);
    if (candidate === undefined) {
      candidate = { text: "", toolCalls: 0, finish: "", grounding: {}, citations: [] };
      candidates.set(index, candidate);
    }
    return candidate;
  };

  return {
    ended: () => false,
    read(data, _name, events) {
      const answer = parsedObject(data);
      if (answer["error"] !== undefined) throw errorInAnswer(answer["error"], options.credential);
      if (!started) events.push(startedEvent(answer));
      started = true;
      usage = answer["usageMetadata"] ?? usage;
      blocked = textOf(objectOf(answer["promptFeedback"])["blockReason"]) || blocked;
      let bearsContent = false;
      for (const [position, entry] of listOf(answer["candidates"]).entries()) {
        const said = objectOf(entry);
        const index = placeOf(said["index"]) ?? position;
        const candidate = candidateAt(index);
        const before = events.length;
        readParts(said, index, candidate, options, events);
        bearsContent ||= events.length > before;
        candidate.grounding = said["groundingMetadata"] === undefined ? candidate.grounding : objectOf(said["groundingMetadata"]);
        const { citations, citationSources } = objectOf(said["citationMetadata"]);
        candidate.citations = Array.isArray(citations) ? citations : Array.isArray(citationSources) ? citationSources : candidate.citations;
        candidate.finish = textOf(said["finishReason"]) || candidate.finish;
      }
      return bearsContent;
    },
    end(events) {
      if (candidates.size === 0 && blocked !== "") candidateAt(0).finish = blocked;
      if (candidates.size === 0 || [...candidates.values()].some(({ finish }) => finish === "")) return false;
      for (const [choice, candidate] of candidates) {
        for (const annotation of annotationsOf(candidate)) events.push({ type: "annotation", choice, annotation });
        const reason = finishReasonIn("gemini", finishReasons, candidate.finish, options.unknownFinish);
        // It says STOP of a function call as well.
        const unified = reason.unified === "stop" && candidate.toolCalls > 0 ? "tool_calls" : reason.unified;
        events.push({ type: "choice-finished", choice, reason: { ...reason, unified } });
      }
      const tokens = usageOf(usage);
      if (tokens !== undefined) events.push({ type: "usage", usage: tokens, data: undefined });
      return true;
    },
  };
}

/** Every value of Candidate.FinishReason and of PromptFeedback.BlockReason, of the Gemini API and of Vertex AI. */
export const finishReasons: FinishTable = {
  STOP: "stop",
  MAX_TOKENS: "length",
  SAFETY: "content_filter",
  RECITATION: "content_filter",
  BLOCKLIST: "content_filter",
  PROHIBITED_CONTENT: "content_filter",
  SPII: "content_filter",
  IMAGE_SAFETY: "content_filter",
  IMAGE_PROHIBITED_CONTENT: "content_filter",
  IMAGE_RECITATION: "content_filter",
  MODEL_ARMOR: "content_filter",
  JAILBREAK: "content_filter",
  LANGUAGE: "other",
  OTHER: "other",
  IMAGE_OTHER: "other",
  NO_IMAGE: "other",
  MALFORMED_FUNCTION_CALL: "other",
  UNEXPECTED_TOOL_CALL: "other",
  TOO_MANY_TOOL_CALLS: "other",
  MISSING_THOUGHT_SIGNATURE: "other",
  MALFORMED_RESPONSE: "other",
  FINISH_REASON_UNSPECIFIED: "other",
  BLOCK_REASON_UNSPECIFIED: "content_filter",
  BLOCKED_REASON_UNSPECIFIED: "content_filter",
};

function readParts(said: Json, choice: number, candidate: Candidate, options: ContentReaderOptions, events: CompletionEvent[]): void {
  let logprobs: readonly TokenLogprob[] = logprobsOf(said["logprobsResult"]);
  for (const entry of listOf(objectOf(said["content"])["parts"])) {
    const part = objectOf(entry);
    const signature = textOf(part["thoughtSignature"]);
    let callId = "";
    if (typeof part["text"] === "string") {
      const { text } = part;
      if (part["thought"] === true) {
        if (text !== "") events.push({ type: "reasoning-delta", choice, text });
      } else if (text !== "" || logprobs.length > 0) {
        candidate.text += text;
        events.push({ type: "content-delta", choice, text, logprobs });
        logprobs = [];
      }
    } else if (part["functionCall"] !== undefined) callId = readCall(objectOf(part["functionCall"]), choice, candidate, events);
    else if (part["inlineData"] !== undefined) readInline(objectOf(part["inlineData"]), choice, events);
    else if (Object.keys(part).some((name) => name !== "thoughtSignature" && name !== "thought"))
      events.push({ type: "foreign-part", choice, dialect: "gemini", data: JSON.stringify(part) });
    if (signature !== "")
      events.push({
        type: "reasoning-detail",
        choice,
        detail: { kind: "encrypted", value: signature, id: callId, format: reasoningFormat, provider: options.provider },
      });
  }
  if (logprobs.length > 0) events.push({ type: "content-delta", choice, text: "", logprobs });
}

/** Returns the call's id. */
function readCall(call: Json, choice: number, candidate: Candidate, events: CompletionEvent[]): string {
  const id = textOf(call["id"]) || madeToolCallId();
  const index = candidate.toolCalls++;
  events.push({
    type: "tool-call-delta",
    choice,
    index,
    id,
    name: textOf(call["name"]),
    arguments: JSON.stringify(call["args"] ?? {}),
  });
  return id;
}

function readInline(inline: Json, choice: number, events: CompletionEvent[]): void {
  const mediaType = textOf(inline["mimeType"]);
  const data = textOf(inline["data"]);
  if (mediaType.startsWith("audio/")) events.push({ type: "audio-delta", choice, id: "", data, transcript: "", expiresAt: 0 });
  else if (mediaType.startsWith("image/")) events.push({ type: "image", choice, url: `data:${mediaType};base64,${data}` });
  else events.push({ type: "foreign-part", choice, dialect: "gemini", data: JSON.stringify({ inlineData: inline }) });
}

const startedEvent = (answer: Json): CompletionEvent => {
  const createdMs = Date.parse(textOf(answer["createTime"]));
  return {
    type: "completion-started",
    id: textOf(answer["responseId"]) || `chatcmpl-${crypto.randomUUID()}`,
    servedModel: textOf(answer["modelVersion"]),
    created: secondsOf(createdMs / 1000) ?? Math.floor(Date.now() / 1000),
    systemFingerprint: "",
    serviceTier: "",
  };
};

function* annotationsOf({ text, grounding, citations }: Candidate): Generator<Annotation> {
  const chunks = listOf(grounding["groundingChunks"]);
  for (const entry of listOf(grounding["groundingSupports"])) {
    const support = objectOf(entry);
    const segment = objectOf(support["segment"]);
    for (const at of listOf(support["groundingChunkIndices"])) {
      const chunk = objectOf(chunks[numberOf(at) ?? -1]);
      const source = objectOf(chunk["web"] ?? chunk["retrievedContext"] ?? chunk["maps"]);
      yield {
        ...spanOf(text, segment),
        url: textOf(source["uri"]),
        title: textOf(source["title"]),
        citedText: "",
        raw: JSON.stringify({ support, chunk }),
        dialect: "gemini",
      };
    }
  }
  for (const entry of citations) {
    const citation = objectOf(entry);
    yield {
      ...spanOf(text, citation),
      url: textOf(citation["uri"]),
      title: textOf(citation["title"]),
      citedText: "",
      raw: JSON.stringify(citation),
      dialect: "gemini",
    };
  }
}

/** Places are said in bytes of UTF-8; a start of zero is left out. */
function spanOf(text: string, said: Json): Pick<Annotation, "startIndex" | "endIndex"> {
  const end = placeOf(said["endIndex"]);
  if (end === undefined) return { startIndex: undefined, endIndex: undefined };
  const bytes = Buffer.from(text, "utf8");
  const characters = (offset: number) => bytes.toString("utf8", 0, offset).length;
  return { startIndex: characters(placeOf(said["startIndex"]) ?? 0), endIndex: characters(end) };
}

function logprobsOf(value: unknown): TokenLogprob[] {
  const { chosenCandidates, topCandidates } = objectOf(value);
  const tops = listOf(topCandidates);
  return listOf(chosenCandidates).map((entry, i) => ({
    ...logprobOf(objectOf(entry)),
    top: listOf(objectOf(tops[i])["candidates"]).map((other) => logprobOf(objectOf(other))),
  }));
}

const logprobOf = ({ token, logProbability }: Json) => ({
  token: textOf(token),
  logprob: numberOf(logProbability) ?? 0,
  bytes: [...Buffer.from(textOf(token), "utf8")],
});
