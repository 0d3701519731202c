/**
 * Typed events of what an OpenAI-shaped message or delta brings besides text and calls: signed reasoning in OpenRouter's shape,
 * annotations, speech, pictures. Pure.
 */
import type { Annotation, CompletionEvent } from "../../pipeline/completion-event.ts";
import { isSaid, type Json, listOf, objectOf, placeOf, secondsOf, textOf } from "../common-form.ts";

/** To be told behind the reasoning's text. @param provider the key of the provider, which is who signs its reasoning. */
export function detailEvents(choice: number, delta: Json, provider: string, events: CompletionEvent[]): void {
  if (!Array.isArray(delta["reasoning_details"])) return;
  for (const entry of delta["reasoning_details"]) addDetail(choice, objectOf(entry), provider, events);
}

/** To be told behind the text. */
export function extraEvents(choice: number, delta: Json, events: CompletionEvent[]): void {
  for (const entry of listOf(delta["annotations"])) events.push({ type: "annotation", choice, annotation: annotationOf(objectOf(entry)) });
  if (isSaid(delta["audio"])) {
    const { id, data, transcript, expires_at: expiresAt } = objectOf(delta["audio"]);
    events.push({
      type: "audio-delta",
      choice,
      id: textOf(id),
      data: textOf(data),
      transcript: textOf(transcript),
      expiresAt: secondsOf(expiresAt) ?? 0,
    });
  }
  // OpenRouter's and others' (openrouter.ai/docs/features/multimodal/image-generation).
  for (const entry of listOf(delta["images"])) {
    const url = textOf(objectOf(objectOf(entry)["image_url"])["url"]);
    if (url !== "") events.push({ type: "image", choice, url });
  }
}

/** Its text comes beside the details, as `reasoning`. */
function addDetail(choice: number, detail: Json, provider: string, events: CompletionEvent[]): void {
  const { type, signature, data, summary, id, format } = detail;
  const said = (kind: "signature" | "encrypted" | "summary", value: unknown) => {
    if (textOf(value) !== "")
      events.push({
        type: "reasoning-detail",
        choice,
        detail: { kind, value: textOf(value), id: textOf(id), format: textOf(format), provider, relayed: true },
      });
  };
  if (type === "reasoning.encrypted") said("encrypted", data);
  else if (type === "reasoning.summary") said("summary", summary);
  else said("signature", signature);
}

function annotationOf(annotation: Json): Annotation {
  const { url, title, start_index: startIndex, end_index: endIndex, content } = objectOf(annotation["url_citation"]);
  return {
    url: textOf(url),
    title: textOf(title),
    citedText: textOf(content),
    startIndex: placeOf(startIndex),
    endIndex: placeOf(endIndex),
    raw: JSON.stringify(annotation),
    dialect: "openai-chat",
  };
}
