/**
 * What a provider's adapter must offer. The pipeline knows this and nothing else of a provider; whoever adds one opens this
 * folder, reads this file, and writes a sibling folder with the same file names.
 *
 * An adapter turns every failure of its backend into a GatewayError, saying in `anotherBackendMayHelp` whether to try
 * elsewhere. It yields nothing more once it has thrown, and ends normally only when the backend's terminal marker came: a
 * stream that merely stops has failed (UPSTREAM_TRUNCATED), however cleanly its socket closed.
 */
import type { CompletionEvent } from "../pipeline/completion-event.ts";
import type { CompletionRequest } from "../pipeline/completion-request.ts";
import type { Clocks, CompiledBackend } from "../snapshot/compiled-route.ts";

export interface Provider {
  /** The dialect it speaks to its backends. An answer may stay `native` only for callers of the same. */
  readonly dialect: "openai-chat";
  /** @param signal Aborts when the call is over for whatever reason; its reason is thrown. */
  complete(call: ProviderCall, signal: AbortSignal): AsyncIterable<ProviderBatch>;
  close(): Promise<void>;
}

export interface ProviderCall {
  readonly backend: CompiledBackend;
  readonly request: CompletionRequest;
  /** Members to set in the body, as JSON text. */
  readonly replacements: ReadonlyMap<string, string>;
  /** native: hand the backend's JSON text on; typed: parse it. */
  readonly form: "native" | "typed";
  readonly clocks: Clocks;
}

export interface ProviderBatch {
  readonly events: readonly CompletionEvent[];
  /** Whether something in it is content. The first such batch is the commit point; what only opens a stream is not. */
  readonly bearsContent: boolean;
}
