/**
 * Reads what OpenAI-shaped backends answer. What proves that an answer is whole: `[DONE]`, or a finish reason on every choice; for
 * an answer that is not streamed, JSON that parses.
 */
import type { CompletionEvent } from "../../pipeline/completion-event.ts";
import type { AnswerReader, StreamReader } from "../answer-exchange.ts";
import { errorOfStatus } from "./error.ts";
import { answerEvents, type ChunkReader, type ChunkReaderOptions, chunkReader, chunksOfAnswer } from "./events.ts";

export interface ChatReaderOptions extends ChunkReaderOptions {
  /** Then an answer in one piece is read as the stream it should have been. */
  readonly streamAsked: boolean;
}

export const chatReader = (options: ChatReaderOptions): AnswerReader => new ChatReader(options);

class ChatReader implements AnswerReader {
  readonly errorOfStatus = errorOfStatus;
  readonly #options: ChatReaderOptions;

  constructor(options: ChatReaderOptions) {
    this.#options = options;
  }

  stream(): StreamReader {
    return new ChatStream(chunkReader(this.#options));
  }

  whole(text: string): readonly CompletionEvent[] {
    if (!this.#options.streamAsked) return answerEvents(text, this.#options);
    const reader = chunkReader(this.#options);
    const events: CompletionEvent[] = [];
    for (const chunk of chunksOfAnswer(text)) reader.read(chunk, events);
    return events;
  }
}

class ChatStream implements StreamReader {
  readonly #chunks: ChunkReader;
  #done = false;

  constructor(chunks: ChunkReader) {
    this.#chunks = chunks;
  }

  read(data: string, _name: string | undefined, events: CompletionEvent[]): boolean {
    if (data !== "[DONE]") return this.#chunks.read(data, events);
    this.#done = true;
    return false;
  }

  ended(): boolean {
    return this.#done;
  }

  end(): boolean {
    return this.#chunks.finished();
  }
}
