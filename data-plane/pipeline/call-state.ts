/** What is known of a call, filled stage by stage, for whoever looks at it when it is over: the ledger's record and the metrics. */
import type { GatewayError } from "../gateway-error.ts";
import type { CompiledRoute } from "../snapshot/compiled-route.ts";
import type { RuntimeSnapshot } from "../snapshot/runtime-snapshot.ts";
import { type AnswerMeter, answerMeter } from "./answer-meter.ts";
import type { Assignment } from "./assign-variant.ts";
import type { Caller } from "./authenticate.ts";
import type { Attempt } from "./call-backend.ts";
import type { TokenUsage } from "./completion-event.ts";
import type { CompletionRequest } from "./completion-request.ts";
import type { RenderedPrompt } from "./render-prompt.ts";

/** What is known of a call by its end, however early that came. */
export interface CallState {
  readonly request: CompletionRequest;
  caller: Caller | undefined;
  snapshot: RuntimeSnapshot | undefined;
  route: CompiledRoute | undefined;
  assignment: Assignment | undefined;
  rendered: RenderedPrompt | undefined;
  cache: "off" | "miss" | "hit";
  readonly attempts: Attempt[];
  readonly meter: AnswerMeter;
  usage: TokenUsage | undefined;
  costNanodollars: bigint | undefined;
  /** undefined: it went well. */
  failure: GatewayError | undefined;
}

export function callState(request: CompletionRequest): CallState {
  return {
    request,
    caller: undefined,
    snapshot: undefined,
    route: undefined,
    assignment: undefined,
    rendered: undefined,
    cache: "off",
    attempts: [],
    meter: answerMeter(request),
    usage: undefined,
    costNanodollars: undefined,
    failure: undefined,
  };
}
