/**
 * Builds a response's output from typed events: which items open, grow and close, and the named events that tell of it.
 *
 * Text, refusals and reasoning come one after the other, so one of these is open at a time; calls may come interleaved and stay
 * open until the answer ends. Only the first choice is told of: a response has one.
 *
 * Source: OpenAI's API reference, "Streaming events".
 */
import type { Annotation, CompletionEvent, ReasoningDetail, TokenLogprob } from "../../pipeline/completion-event.ts";
import type { Json } from "./fields.ts";
import { reasoningEnvelope } from "./reasoning-envelope.ts";

/** One event without its sequence number. */
export type OutputEvent = Json & { readonly type: string };

export interface OutputItems {
  /** What the caller is told of it. */
  add(event: CompletionEvent): OutputEvent[];
  /** Closes what is open. `whole` false: the items did not come to their end. */
  close(whole: boolean): OutputEvent[];
  /** The items as they stand: those for the caller, and as they are to be given back to a model. */
  output(): readonly Json[];
  forStoring(): readonly Json[];
}

export interface OutputOptions {
  /** A part of every item's id. */
  readonly idTag: string;
  /** What the model has thought is told as a summary, because the caller asked for one, or as it is. */
  readonly reasoningAsSummary: boolean;
  /** Whether the caller sees what only the provider can read. */
  readonly sealedShown: boolean;
}

interface OpenMessage {
  readonly kind: "message";
  readonly item: { id: string; type: "message"; status: string; role: "assistant"; content: Json[] };
  part: { type: "output_text"; text: string; annotations: Json[]; logprobs: Json[] } | { type: "refusal"; refusal: string } | undefined;
}

interface OpenReasoning {
  readonly kind: "reasoning";
  readonly item: { id: string; type: "reasoning"; summary: Json[]; content?: Json[]; encrypted_content?: string | null };
  /** All text of it so far, and where the last detail ended. */
  text: string;
  textSince: string;
  readonly details: Json[];
}

interface OpenCall {
  readonly item: Record<string, unknown> & { id: string };
  readonly member: "arguments" | "input";
}

export function outputItems({ idTag, reasoningAsSummary, sealedShown }: OutputOptions): OutputItems {
  const items: Json[] = [];
  /** Per item: its sealed content, for storing where the caller does not see it. */
  const sealed = new Map<Json, string>();
  let open: OpenMessage | OpenReasoning | undefined;
  const calls = new Map<number, OpenCall>();

  const place = (item: Json) => ({ item_id: item["id"], output_index: items.indexOf(item) });
  const opened = (item: Json): OutputEvent => {
    items.push(item);
    return { type: "response.output_item.added", output_index: items.length - 1, item: structuredClone(item) };
  };
  const done = (item: Json): OutputEvent => ({
    type: "response.output_item.done",
    output_index: items.indexOf(item),
    item: structuredClone(item),
  });
  const newId = (prefix: string) => `${prefix}_${idTag}${items.length.toString(16).padStart(2, "0")}`;

  function closeOpen(whole: boolean): OutputEvent[] {
    const current = open;
    open = undefined;
    if (current === undefined) return [];
    const events = current.kind === "message" ? closePart(current) : closeReasoning(current);
    if (current.kind === "message") current.item.status = whole ? "completed" : "incomplete";
    return [...events, done(current.item)];
  }

  function message(events: OutputEvent[]): OpenMessage {
    if (open?.kind === "message") return open;
    events.push(...closeOpen(true));
    const made: OpenMessage = {
      kind: "message",
      item: { id: newId("msg"), type: "message", status: "in_progress", role: "assistant", content: [] },
      part: undefined,
    };
    open = made;
    events.push(opened(made.item));
    return made;
  }

  function reasoning(events: OutputEvent[]): OpenReasoning {
    if (open?.kind === "reasoning") return open;
    events.push(...closeOpen(true));
    const made: OpenReasoning = {
      kind: "reasoning",
      item: { id: newId("rs"), type: "reasoning", summary: [] },
      text: "",
      textSince: "",
      details: [],
    };
    open = made;
    events.push(opened(made.item));
    return made;
  }

  /** The text part that is open, after whatever was open before it. */
  function textPart(events: OutputEvent[]): {
    readonly of: OpenMessage;
    readonly part: Extract<OpenMessage["part"], { type: "output_text" }>;
  } {
    const of = message(events);
    if (of.part?.type !== "output_text") {
      events.push(...closePart(of));
      const part = { type: "output_text" as const, text: "", annotations: [], logprobs: [] };
      openPart(of, part, events);
      return { of, part };
    }
    return { of, part: of.part };
  }

  function addText(text: string, said: readonly TokenLogprob[]): OutputEvent[] {
    const events: OutputEvent[] = [];
    const { of, part } = textPart(events);
    const logprobs = said.map(logprobShown);
    part.text += text;
    part.logprobs.push(...logprobs);
    events.push({ type: "response.output_text.delta", ...partPlace(of), delta: text, logprobs: logprobs.map(logprobTold) });
    return events;
  }

  function openPart(of: OpenMessage, part: NonNullable<OpenMessage["part"]>, events: OutputEvent[]): void {
    of.part = part;
    of.item.content.push(part);
    events.push({ type: "response.content_part.added", ...partPlace(of), part: structuredClone(part) });
  }

  const partPlace = (of: OpenMessage) => ({ ...place(of.item), content_index: of.item.content.length - 1 });

  function closePart(of: OpenMessage): OutputEvent[] {
    const { part } = of;
    if (part === undefined) return [];
    of.part = undefined;
    const at = partPlace(of);
    const said: OutputEvent =
      part.type === "refusal"
        ? { type: "response.refusal.done", ...at, refusal: part.refusal }
        : { type: "response.output_text.done", ...at, text: part.text, logprobs: part.logprobs.map(logprobTold) };
    return [said, { type: "response.content_part.done", ...at, part: structuredClone(part) }];
  }

  function addReasoning(text: string, asSummary: boolean): OutputEvent[] {
    const events: OutputEvent[] = [];
    const of = reasoning(events);
    const place_ = place(of.item);
    if (asSummary) {
      const at = { ...place_, summary_index: 0 };
      if (of.item.summary.length === 0) {
        of.item.summary.push({ type: "summary_text", text: "" });
        events.push({ type: "response.reasoning_summary_part.added", ...at, part: { type: "summary_text", text: "" } });
      }
      of.item.summary[0] = { type: "summary_text", text: `${String(of.item.summary[0]?.["text"])}${text}` };
      events.push({ type: "response.reasoning_summary_text.delta", ...at, delta: text });
      return events;
    }
    const at = { ...place_, content_index: 0 };
    of.item.content ??= [];
    if (of.item.content.length === 0) {
      of.item.content.push({ type: "reasoning_text", text: "" });
      events.push({ type: "response.content_part.added", ...at, part: { type: "reasoning_text", text: "" } });
    }
    of.item.content[0] = { type: "reasoning_text", text: `${String(of.item.content[0]?.["text"])}${text}` };
    events.push({ type: "response.reasoning_text.delta", ...at, delta: text });
    return events;
  }

  function closeReasoning({ item, details, textSince }: OpenReasoning): OutputEvent[] {
    const events: OutputEvent[] = [];
    const [summary] = item.summary;
    if (summary !== undefined) {
      const at = { ...place(item), summary_index: 0 };
      events.push({ type: "response.reasoning_summary_text.done", ...at, text: summary["text"] });
      events.push({ type: "response.reasoning_summary_part.done", ...at, part: summary });
    }
    const [said] = item.content ?? [];
    if (said !== undefined) {
      const at = { ...place(item), content_index: 0 };
      events.push({ type: "response.reasoning_text.done", ...at, text: said["text"] });
      events.push({ type: "response.content_part.done", ...at, part: said });
    }
    // Callers give a summary back without its text, and some give back only what is sealed; a model that wants its thoughts has them so.
    const thoughts = textSince !== "" && (sealedShown || item.content === undefined) ? [{ type: "reasoning.text", text: textSince }] : [];
    if (details.length + thoughts.length > 0) {
      const envelope = reasoningEnvelope([...details, ...thoughts]);
      sealed.set(item, envelope);
      if (sealedShown) item.encrypted_content = envelope;
    }
    return events;
  }

  function addDetail(detail: ReasoningDetail): OutputEvent[] {
    if (detail.kind === "summary") return addReasoning(detail.value, true);
    const events: OutputEvent[] = [];
    const of = reasoning(events);
    const { id, format, provider } = detail;
    const named = { format, provider, index: of.details.length, ...(id === "" ? {} : { id }) };
    of.details.push(
      detail.kind === "signature"
        ? { type: "reasoning.text", text: of.textSince, signature: detail.value, ...named }
        : { type: "reasoning.encrypted", data: detail.value, ...named },
    );
    of.textSince = "";
    return events;
  }

  function addToolCall(event: Extract<CompletionEvent, { type: "tool-call-delta" }>): OutputEvent[] {
    const events: OutputEvent[] = [];
    let call = calls.get(event.index);
    if (call === undefined) {
      events.push(...closeOpen(true));
      const custom = event.kind === "custom";
      const item = {
        id: newId(custom ? "ctc" : "fc"),
        type: custom ? "custom_tool_call" : "function_call",
        status: "in_progress",
        call_id: event.id,
        name: event.name,
        [custom ? "input" : "arguments"]: "",
      };
      call = { item, member: custom ? "input" : "arguments" };
      calls.set(event.index, call);
      events.push(opened(item));
    } else {
      if (call.item["call_id"] === "") call.item["call_id"] = event.id;
      if (call.item["name"] === "") call.item["name"] = event.name;
    }
    if (event.arguments !== "") {
      call.item[call.member] = `${String(call.item[call.member])}${event.arguments}`;
      const type = call.member === "input" ? "response.custom_tool_call_input.delta" : "response.function_call_arguments.delta";
      events.push({ type, ...place(call.item), delta: event.arguments });
    }
    return events;
  }

  function closeCall({ item, member }: OpenCall, whole: boolean): OutputEvent[] {
    item["status"] = whole ? "completed" : "incomplete";
    const said: OutputEvent =
      member === "input"
        ? { type: "response.custom_tool_call_input.done", ...place(item), input: item["input"] }
        : { type: "response.function_call_arguments.done", ...place(item), arguments: item["arguments"] };
    return [said, done(item)];
  }

  return {
    add(event) {
      const events: OutputEvent[] = [];
      if ("choice" in event && event.choice !== 0) return events;
      switch (event.type) {
        case "content-delta":
          return addText(event.text, event.logprobs);
        // A response has no speech; what was spoken can be read.
        case "audio-delta":
          return event.transcript === "" ? events : addText(event.transcript, []);
        case "refusal-delta": {
          const of = message(events);
          if (of.part?.type !== "refusal") {
            events.push(...closePart(of));
            openPart(of, { type: "refusal", refusal: "" }, events);
          }
          if (of.part?.type === "refusal") of.part.refusal += event.text;
          events.push({ type: "response.refusal.delta", ...partPlace(of), delta: event.text });
          return events;
        }
        case "annotation": {
          const { of, part } = textPart(events);
          const annotation = annotationShown(event.annotation, part.text.length);
          part.annotations.push(annotation);
          const at = { ...partPlace(of), annotation_index: part.annotations.length - 1 };
          events.push({ type: "response.output_text.annotation.added", ...at, annotation });
          return events;
        }
        case "part-ended":
          return open?.kind === "message" ? closePart(open) : closeOpen(true);
        case "reasoning-delta": {
          events.push(...addReasoning(event.text, reasoningAsSummary));
          if (open?.kind === "reasoning") open.textSince += event.text;
          return events;
        }
        case "reasoning-detail":
          return addDetail(event.detail);
        case "tool-call-delta":
          return addToolCall(event);
        case "image": {
          events.push(...closeOpen(true));
          const item = { id: newId("ig"), type: "image_generation_call", status: "completed", result: base64Of(event.url) };
          events.push(opened(item), done(item));
          return events;
        }
        default:
          return events;
      }
    },
    close(whole) {
      return [...closeOpen(whole), ...[...calls.values()].flatMap((call) => closeCall(call, whole))];
    },
    output: () => items,
    forStoring: () =>
      items.map((item) => {
        const envelope = sealed.get(item);
        return envelope === undefined ? item : { ...item, encrypted_content: envelope };
      }),
  };
}

const base64Of = (url: string): string => (url.startsWith("data:") ? url.slice(url.indexOf(",") + 1) : url);

const logprobShown = ({ token, logprob, bytes, top }: TokenLogprob): Json => ({
  token,
  logprob,
  bytes: bytes ?? [],
  top_logprobs: top.map((other) => ({ token: other.token, logprob: other.logprob, bytes: other.bytes ?? [] })),
});

/** Events tell of them without their bytes, items with them. */
const logprobTold = ({ token, logprob, top_logprobs: top }: Json): Json => ({
  token,
  logprob,
  top_logprobs: (top as readonly Json[]).map((other) => ({ token: other["token"], logprob: other["logprob"] })),
});

/** Where a source is not on the web it is a file's, or a document's without an address. */
const annotationShown = ({ url, title, startIndex, endIndex }: Annotation, textLength: number): Json =>
  url === ""
    ? { type: "file_citation", file_id: "", filename: title, index: endIndex ?? textLength }
    : { type: "url_citation", url, title, start_index: startIndex ?? 0, end_index: endIndex ?? textLength };
