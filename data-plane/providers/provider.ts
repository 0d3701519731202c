/**
 * What a provider's adapter must offer. The pipeline knows this and nothing else of a provider; whoever adds one opens this
 * folder, reads this file, and writes a sibling folder with the same file names.
 *
 * An adapter turns every failure of its backend into a GatewayError, saying in `anotherBackendMayHelp` whether to try
 * elsewhere. It yields nothing more once it has thrown, and ends normally only when the backend's terminal marker came: a
 * stream that merely stops has failed (UPSTREAM_TRUNCATED), however cleanly its socket closed.
 */
import type { CompletionEvent } from "../pipeline/completion-event.ts";
import type { CompletionRequest, Dialect } from "../pipeline/completion-request.ts";
import type { Clocks, CompiledBackend } from "../snapshot/compiled-route.ts";
import type { ExchangeTimes } from "./upstream-http.ts";

export interface Provider {
  /** The dialects of callers that it can speak to its backends as they are. An answer may stay `native` only for callers of these. */
  readonly dialects: readonly Dialect[];
  /** The formats of signed reasoning (ReasoningDetail.format) that it can give back to its backends. */
  readonly reasoningFormats: readonly string[];
  /** @param signal Aborts when the call is over for whatever reason; its reason is thrown. */
  complete(call: ProviderCall, signal: AbortSignal): AsyncIterable<ProviderBatch>;
  close(): Promise<void>;
}

export interface ProviderCall {
  readonly backend: CompiledBackend;
  readonly request: CompletionRequest;
  /** Members to set in the common form's body, as JSON text. */
  readonly replacements: ReadonlyMap<string, string>;
  /** The prompt's own messages, as JSON texts in the common form. In `replacements` they stand before the caller's already. */
  readonly promptMessages: readonly string[];
  /** native: hand the backend's JSON text on; typed: parse it. */
  readonly form: "native" | "typed";
  readonly clocks: Clocks;
  /** Told when the request is on its connection. */
  readonly times?: ExchangeTimes | undefined;
  /**
   * Says that a field of the common form has no place in the backend's dialect: "seed", "messages[2].name". Returns where it may
   * be left out, which the caller is then told of.
   * @param kind hint: leaving it out changes nothing of what the answer says (cache_control), so it needs no leave of the route.
   * @param fieldIn caller: the field is named as the caller wrote it, and not as the common form has it.
   * @throws GatewayError UNSUPPORTED_PARAMETER naming the field, for another backend may carry it.
   */
  readonly cannotCarry: (field: string, kind?: "hint", fieldIn?: "caller") => void;
}

export interface ProviderBatch {
  readonly events: readonly CompletionEvent[];
  /** Whether something in it is content. The first such batch is the commit point; what only opens a stream is not. */
  readonly bearsContent: boolean;
}
