/**
 * The port to checks on what goes in and comes out. A guard that says nothing has passed the call; one that throws
 * GUARD_BLOCKED has ended it. How a guard that cannot be reached fails is the guard's own policy.
 */
import type { CompletionEvent } from "./completion-event.ts";
import type { CompletionRequest } from "./completion-request.ts";

export interface Guard {
  /** Whether the guard reads the answer's content: then the backend's answer is parsed instead of passed through. */
  readonly readsOutput: boolean;
  /** @throws GatewayError GUARD_BLOCKED */
  input(request: CompletionRequest, signal: AbortSignal): Promise<void> | undefined;
  /** @throws GatewayError GUARD_BLOCKED */
  output(batch: readonly CompletionEvent[], signal: AbortSignal): readonly CompletionEvent[];
}

export const noGuard: Guard = { readsOutput: false, input: () => undefined, output: (batch) => batch };
