/**
 * The port to checks on what goes in and comes out. A guard that says nothing has passed the call; one that throws
 * GUARD_BLOCKED has ended it. How a guard that cannot be reached fails is the guard's own policy.
 *
 * Every call passes it, whatever its endpoint: guarded-content.ts says what there is to read in one, and what nobody can read.
 */
import type { CompletionEvent } from "./completion-event.ts";
import type { CompletionRequest } from "./completion-request.ts";
import type { OperationAnswerEvent } from "./operation-event.ts";
import type { OperationRequest } from "./operation-request.ts";

export interface Guard {
  /** Whether the guard reads a completion's content: then the backend's answer is parsed instead of passed through. */
  readonly readsOutput: boolean;
  /** @throws GatewayError GUARD_BLOCKED, its field named as the caller has it. */
  input(request: CompletionRequest | OperationRequest, signal: AbortSignal): Promise<void> | undefined;
  /** @throws GatewayError GUARD_BLOCKED */
  output<Event extends CompletionEvent | OperationAnswerEvent>(batch: readonly Event[], signal: AbortSignal): readonly Event[];
}

export const noGuard: Guard = { readsOutput: false, input: () => undefined, output: (batch) => batch };
