/** What is known of a call, filled stage by stage, for whoever looks at it when it is over: the ledger's record and the metrics. */
import type { GatewayError } from "../gateway-error.ts";
import { type CompiledPrice, priceAt } from "../snapshot/compiled-price.ts";
import type { CompiledRoute } from "../snapshot/compiled-route.ts";
import type { RuntimeSnapshot } from "../snapshot/runtime-snapshot.ts";
import type { AnswerPace } from "./answer-pace.ts";
import type { Assignment } from "./assign-variant.ts";
import type { Caller } from "./authenticate.ts";
import type { Attempt } from "./call-backend.ts";
import type { CallRequest } from "./call-request.ts";
import type { CallTimes } from "./call-times.ts";
import type { CapturedContent } from "./captured-content/captured-content.ts";
import type { CallFacts, TokenUsage } from "./completion-event.ts";
import { costOf } from "./cost.ts";
import type { CallEstimate } from "./estimate-tokens.ts";
import type { RenderedPrompt } from "./render-prompt.ts";
import type { Reservation } from "./reserve-quota.ts";
import type { CachedAnswer } from "./response-cache.ts";
import type { CallLifetime } from "./total-clock.ts";

/** What counts an answer while it passes. */
export interface CallMeter {
  /** undefined: no backend has answered, or none could say. */
  usage(): TokenUsage | undefined;
  readonly servedModel: string;
  /** Empty: none was said. */
  readonly finishReason: string;
  /** When content first came, in milliseconds since the epoch; undefined: none has. */
  readonly firstContentAtMs: number | undefined;
  /** undefined: the answer came in one piece, or is of a kind that does. */
  readonly pace?: AnswerPace | undefined;
}

/** What is known of a call by its end, however early that came. */
export interface CallState<Meter extends CallMeter = CallMeter> {
  readonly request: CallRequest;
  /** undefined: it is told by others, who did not say. */
  readonly times: CallTimes | undefined;
  /** undefined: it is over when it is told. */
  readonly lifetime: CallLifetime | undefined;
  caller: Caller | undefined;
  snapshot: RuntimeSnapshot | undefined;
  route: CompiledRoute | undefined;
  assignment: Assignment | undefined;
  rendered: RenderedPrompt | undefined;
  /** Made where somebody asks. */
  estimate: ((precision: "guessed") => CallEstimate) | undefined;
  reservation: Reservation | undefined;
  /** undefined: what is said is not kept. */
  captured: CapturedContent | undefined;
  cache: "off" | "miss" | "hit";
  /** undefined: a backend makes the answer. */
  cached: CachedAnswer | undefined;
  readonly attempts: Attempt[];
  readonly meter: Meter;
  usage: TokenUsage | undefined;
  /** The one that the call costs; undefined: none is known, or nobody answered. */
  price: CompiledPrice | undefined;
  costNanodollars: bigint | undefined;
  /** undefined: it went well. */
  failure: GatewayError | undefined;
  /** Its neighbours among the calls that run, see calls-underway.ts. */
  earlier: CallState | undefined;
  later: CallState | undefined;
  isUnderway: boolean;
  /** This node's disk knows that it runs. */
  noted: boolean;
}

export function callState<Meter extends CallMeter>(
  request: CallRequest,
  meter: Meter,
  times?: CallTimes,
  lifetime?: CallLifetime,
): CallState<Meter> {
  return {
    request,
    times,
    lifetime,
    caller: undefined,
    snapshot: undefined,
    route: undefined,
    assignment: undefined,
    rendered: undefined,
    estimate: undefined,
    reservation: undefined,
    captured: undefined,
    cache: "off",
    cached: undefined,
    attempts: [],
    meter,
    usage: undefined,
    price: undefined,
    costNanodollars: undefined,
    failure: undefined,
    earlier: undefined,
    later: undefined,
    isUnderway: false,
    noted: false,
  };
}

/** What is known at the commit point. */
export function factsOf(state: CallState, reservation: Reservation): CallFacts {
  const { prompt } = state.rendered ?? {};
  return {
    route: state.route?.name ?? "",
    backend: state.attempts.at(-1)?.backend.key ?? "",
    attempts: state.attempts.length,
    variant: state.assignment?.variant.label ?? "",
    cache: state.cache,
    revision: state.snapshot?.revisionText ?? "",
    promptVersion: prompt === undefined ? "" : `${prompt.name}@${prompt.version.version}`,
    dropped: state.attempts.at(-1)?.dropped ?? state.cached?.dropped ?? [],
    limits: reservation.limits,
  };
}

/** Usage as the backend said it, else as counted where content has gone out; cost at the price of the backend that answered; nothing for what was made before. */
export function account(state: CallState): void {
  state.usage = state.meter.usage();
  const attempt = state.attempts.at(-1);
  const answered = attempt !== undefined && (attempt.httpStatus === 200 || state.usage !== undefined);
  state.price = answered ? priceAt(attempt.backend.prices, state.request.receivedAtMs) : undefined;
  state.costNanodollars = state.cached === undefined ? costOf(state.price, state.usage) : 0n;
}
