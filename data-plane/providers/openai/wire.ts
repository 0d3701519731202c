/** What the dialects of OpenAI beside chat have in common where they go on as they are: where, with which body, and how answers are read. */
import type { CompletionEvent } from "../../pipeline/completion-event.ts";
import type { ProviderCall } from "../provider.ts";

export interface Wire {
  /** Below the provider's base URL. */
  readonly path: string;
  /** The caller's text with what is the gateway's own in its place. */
  readonly body: (call: ProviderCall) => string;
  readonly reader: (options: WireOptions) => WireReader;
  /** A whole answer. @throws GatewayError UPSTREAM_PROTOCOL, or the error that the backend put into it. */
  readonly answer: (text: string, options: WireOptions) => readonly CompletionEvent[];
}

export interface WireOptions {
  /** What the caller asked for and is shown as `model`. */
  readonly modelShown: string;
  /** Whether the caller asked for usage in its stream. */
  readonly usageAsked: boolean;
  /** To be taken out of errors. */
  readonly credential: string | undefined;
}

export interface WireReader {
  /** Appends what one event means. Returns whether it bears content. @throws as Wire.answer. */
  read(name: string, data: string, events: CompletionEvent[]): boolean;
  /** Whether the answer's terminal marker has come. */
  finished(): boolean;
}
