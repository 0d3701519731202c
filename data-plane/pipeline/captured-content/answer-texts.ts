/**
 * What an answer says, gathered while it passes: text and tool calls of each choice, whatever dialect it comes in. Native chunks are
 * read here once more and in full, which only calls pay for whose content is kept. What cannot be read is passed over: the caller gets
 * it all the same.
 */
import type { CompletionEvent } from "../completion-event.ts";
import type { Dialect } from "../completion-request.ts";

/** In the chat API's form. */
export interface AnswerMessage {
  readonly role: "assistant";
  readonly content: string | null;
  readonly refusal?: string;
  readonly tool_calls?: readonly {
    readonly id: string;
    readonly type: "function";
    readonly function: { name: string; arguments: string };
  }[];
}

type Json = Readonly<Record<string, unknown>>;

export class AnswerTexts {
  /** More came than is kept. */
  cut = false;
  readonly #dialect: Dialect;
  readonly #choices: Choice[] = [];
  #left: number;

  /** @param lengthMax characters. */
  constructor(dialect: Dialect, lengthMax: number) {
    this.#dialect = dialect;
    this.#left = lengthMax;
  }

  add(events: readonly CompletionEvent[]): void {
    for (const event of events) {
      switch (event.type) {
        case "native-chunk":
          readers[this.#dialect].chunk(jsonOf(event.data), this);
          break;
        case "native-answer":
          readers[this.#dialect].answer(jsonOf(event.data), this);
          break;
        case "content-delta":
          this.text(event.choice, event.text);
          break;
        case "audio-delta":
          this.text(event.choice, event.transcript);
          break;
        case "refusal-delta":
          this.refusal(event.choice, event.text);
          break;
        case "tool-call-delta":
          this.toolCall(event.choice, event.index, event.id, event.name, event.arguments);
          break;
        default:
          // Reasoning, annotations and pictures are not what is compared; the rest says nothing.
          break;
      }
    }
  }

  /** One for each choice that said something. */
  messages(): AnswerMessage[] {
    return this.#choices.flatMap((choice) => {
      if (choice === undefined) return [];
      const { content, refusal, calls } = choice;
      const tools = calls.filter((call) => call !== undefined);
      return [
        {
          role: "assistant" as const,
          content: content === "" && (tools.length > 0 || refusal !== "") ? null : content,
          ...(refusal === "" ? {} : { refusal }),
          ...(tools.length === 0
            ? {}
            : { tool_calls: tools.map(({ id, ...called }) => ({ id, type: "function" as const, function: called })) }),
        },
      ];
    });
  }

  text(choice: number, text: string): void {
    this.#of(choice).content += this.#within(text);
  }

  refusal(choice: number, text: string): void {
    this.#of(choice).refusal += this.#within(text);
  }

  toolCall(choice: number, index: number, id: string, name: string, argumentsText: string): void {
    const { calls } = this.#of(choice);
    if (index < 0 || index >= toolCallsMax) return;
    calls[index] ??= { id: "", name: "", arguments: "" };
    const call = calls[index];
    call.id ||= this.#within(id);
    call.name ||= this.#within(name);
    call.arguments += this.#within(argumentsText);
  }

  #of(index: number): Choice {
    const place = index >= 0 && index < choicesMax ? index : 0;
    this.#choices[place] ??= { content: "", refusal: "", calls: [] };
    return this.#choices[place];
  }

  #within(text: string): string {
    if (text.length <= this.#left) {
      this.#left -= text.length;
      return text;
    }
    this.cut = true;
    const kept = text.slice(0, this.#left);
    this.#left = 0;
    return kept;
  }
}

interface Choice {
  content: string;
  refusal: string;
  calls: { id: string; name: string; arguments: string }[];
}

/** As many as a request may ask for, and more calls than models make. */
const choicesMax = 128;
const toolCallsMax = 256;

interface Reader {
  chunk(data: Json, into: AnswerTexts): void;
  answer(data: Json, into: AnswerTexts): void;
}

const readers: { readonly [Each in Dialect]: Reader } = {
  "openai-chat": {
    chunk: (data, into) => {
      for (const choice of listOf(data["choices"])) chatMessage(indexOf(choice), objectOf(choice["delta"]), into);
    },
    answer: (data, into) => {
      for (const choice of listOf(data["choices"])) chatMessage(indexOf(choice), objectOf(choice["message"]), into);
    },
  },
  "openai-completions": {
    chunk: (data, into) => plainTexts(data, into),
    answer: (data, into) => plainTexts(data, into),
  },
  "openai-responses": {
    chunk: (data, into) => {
      const index = indexOf(data, "output_index");
      if (data["type"] === "response.output_text.delta") into.text(0, textOf(data["delta"]));
      else if (data["type"] === "response.refusal.delta") into.refusal(0, textOf(data["delta"]));
      else if (data["type"] === "response.function_call_arguments.delta") into.toolCall(0, index, "", "", textOf(data["delta"]));
      else if (data["type"] === "response.output_item.added") {
        const item = objectOf(data["item"]);
        if (item["type"] === "function_call") into.toolCall(0, index, textOf(item["call_id"]), textOf(item["name"]), "");
      }
    },
    answer: (data, into) => {
      for (const [index, item] of listOf(data["output"]).entries()) {
        if (item["type"] === "function_call")
          into.toolCall(0, index, textOf(item["call_id"]), textOf(item["name"]), textOf(item["arguments"]));
        for (const part of listOf(item["content"])) {
          if (part["type"] === "output_text") into.text(0, textOf(part["text"]));
          if (part["type"] === "refusal") into.refusal(0, textOf(part["refusal"]));
        }
      }
    },
  },
  "anthropic-messages": {
    chunk: (data, into) => {
      const index = indexOf(data);
      const block = objectOf(data["content_block"]);
      const delta = objectOf(data["delta"]);
      if (block["type"] === "tool_use") into.toolCall(0, index, textOf(block["id"]), textOf(block["name"]), "");
      if (delta["type"] === "text_delta") into.text(0, textOf(delta["text"]));
      if (delta["type"] === "input_json_delta") into.toolCall(0, index, "", "", textOf(delta["partial_json"]));
    },
    answer: (data, into) => {
      for (const [index, block] of listOf(data["content"]).entries()) {
        if (block["type"] === "text") into.text(0, textOf(block["text"]));
        if (block["type"] === "tool_use")
          into.toolCall(0, index, textOf(block["id"]), textOf(block["name"]), JSON.stringify(block["input"] ?? {}));
      }
    },
  },
};

function chatMessage(choice: number, message: Json, into: AnswerTexts): void {
  into.text(choice, textOf(message["content"]));
  if (message["refusal"] !== undefined) into.refusal(choice, textOf(message["refusal"]));
  for (const [place, call] of listOf(message["tool_calls"]).entries()) {
    const called = objectOf(call["function"]);
    into.toolCall(choice, indexOf(call, "index", place), textOf(call["id"]), textOf(called["name"]), textOf(called["arguments"]));
  }
}

function plainTexts(data: Json, into: AnswerTexts): void {
  for (const choice of listOf(data["choices"])) into.text(indexOf(choice), textOf(choice["text"]));
}

const nothing: Json = {};
function jsonOf(text: string): Json {
  try {
    return objectOf(JSON.parse(text));
  } catch {
    return nothing;
  }
}
const isObject = (value: unknown): value is Json => typeof value === "object" && value !== null && !Array.isArray(value);
const objectOf = (value: unknown): Json => (isObject(value) ? value : nothing);
const listOf = (value: unknown): readonly Json[] => (Array.isArray(value) ? value.filter(isObject) : []);
const textOf = (value: unknown): string => (typeof value === "string" ? value : "");
const indexOf = (value: Json, member = "index", otherwise = 0): number => {
  const index = value[member];
  return typeof index === "number" && Number.isInteger(index) ? index : otherwise;
};
