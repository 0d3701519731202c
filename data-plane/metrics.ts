/**
 * What the node counts. Labels come from the configuration and never from what a caller wrote: an unknown model is "other", so
 * that nobody can fill the memory with label values. Children are looked up once for each route and backend and kept, because
 * label objects for each call cost more than the counting.
 */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import type { Attempt } from "./pipeline/call-backend.ts";
import type { CallState } from "./pipeline/call-state.ts";

export interface Metrics {
  readonly registry: Registry;
  /** Counts one finished call. */
  count(state: CallState): void;
  configApplied(change: "applied" | "refused"): void;
}

export interface MetricSources {
  readonly callsInFlight: () => number;
  readonly configNumber: () => number;
  readonly configStaleMs: () => number;
  readonly usageEventsWaiting: () => number;
  readonly usageEventsDropped: () => number;
}

const durationBuckets = [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92];
const millisecondBuckets = [0.001, 0.0025, 0.005, ...durationBuckets];

export function metrics(sources: MetricSources): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];

  const requests = new Counter({
    name: "penstock_requests_total",
    help: "Calls that ended",
    labelNames: ["route", "protocol", "outcome", "code"],
    registers,
  });
  const duration = new Histogram({
    name: "penstock_request_duration_seconds",
    help: "From the first byte of a call to its end",
    labelNames: ["route", "protocol", "stream"],
    buckets: millisecondBuckets,
    registers,
  });
  const firstToken = new Histogram({
    name: "penstock_time_to_first_token_seconds",
    help: "From the first byte of a call to the first content of its answer",
    labelNames: ["route"],
    buckets: millisecondBuckets,
    registers,
  });
  const tokens = new Counter({
    name: "penstock_tokens_total",
    help: "Tokens of finished calls",
    labelNames: ["route", "backend", "type"],
    registers,
  });
  const attempts = new Counter({
    name: "penstock_upstream_attempts_total",
    help: "Tries of backends",
    labelNames: ["backend", "result"],
    registers,
  });
  const attemptDuration = new Histogram({
    name: "penstock_upstream_attempt_duration_seconds",
    help: "Of tries of backends",
    labelNames: ["backend"],
    buckets: millisecondBuckets,
    registers,
  });
  const exposures = new Counter({
    name: "penstock_experiment_exposures_total",
    help: "Calls that a variant could affect",
    labelNames: ["experiment", "variant"],
    registers,
  });
  const configChanges = new Counter({
    name: "penstock_config_changes_total",
    help: "Revisions of the configuration that came",
    labelNames: ["change"],
    registers,
  });

  const gauge = (name: string, help: string, read: () => number) =>
    new Gauge({
      name,
      help,
      registers,
      collect() {
        const value = read();
        this.set(Number.isFinite(value) ? value : -1);
      },
    });
  gauge("penstock_requests_in_flight", "Calls in progress", sources.callsInFlight);
  gauge("penstock_config_revision", "Number of the revision that is served; -1: none", sources.configNumber);
  gauge(
    "penstock_config_age_seconds",
    "Since the revision was last confirmed; -1: not since the start",
    () => sources.configStaleMs() / 1000,
  );
  gauge("penstock_ledger_events_waiting", "Usage events on this node that the ledger has not confirmed", sources.usageEventsWaiting);
  gauge(
    "penstock_ledger_events_dropped",
    "Usage events that were lost because neither disk nor memory had room",
    sources.usageEventsDropped,
  );

  const routeChild = kept((route: string, protocol: string, stream: string) => duration.labels(route, protocol, stream));
  const firstTokenChild = kept((route: string) => firstToken.labels(route));
  const requestChild = kept((route: string, protocol: string, outcome: string, code: string) =>
    requests.labels(route, protocol, outcome, code),
  );
  const tokenChild = kept((route: string, backend: string, type: string) => tokens.labels(route, backend, type));
  const attemptChild = kept((backend: string, result: string) => attempts.labels(backend, result));
  const attemptDurationChild = kept((backend: string) => attemptDuration.labels(backend));
  const exposureChild = kept((experiment: string, variant: string) => exposures.labels(experiment, variant));

  const countAttempt = ({ backend, result, startedAtMs, endedAtMs }: Attempt) => {
    attemptChild(backend.key, result).inc();
    attemptDurationChild(backend.key).observe((endedAtMs - startedAtMs) / 1000);
  };

  return {
    registry,
    count(state) {
      const { request, failure, usage, meter, assignment } = state;
      const route = state.route?.name ?? "other";
      const nowMs = Date.now();
      requestChild(route, request.ingress, failure === undefined ? "ok" : "failed", failure?.kind ?? "OK").inc();
      routeChild(route, request.ingress, String(request.stream)).observe((nowMs - request.receivedAtMs) / 1000);
      if (meter.firstContentAtMs !== undefined) firstTokenChild(route).observe((meter.firstContentAtMs - request.receivedAtMs) / 1000);
      for (const attempt of state.attempts) countAttempt(attempt);
      if (usage !== undefined) {
        const backend = state.attempts.at(-1)?.backend.key ?? "other";
        tokenChild(route, backend, "input").inc(usage.inputTokens);
        tokenChild(route, backend, "output").inc(usage.outputTokens);
      }
      if (assignment !== undefined) exposureChild(assignment.experiment.key, assignment.variant.key).inc();
    },
    configApplied: (change) => configChanges.labels(change).inc(),
  };
}

/** Remembers what `make` gave for the same names. */
function kept<Names extends string[], Child>(make: (...names: Names) => Child): (...names: Names) => Child {
  const children = new Map<string, Child>();
  return (...names) => {
    const key = names.join("\0");
    let child = children.get(key);
    if (child === undefined) {
      child = make(...names);
      children.set(key, child);
    }
    return child;
  };
}
