/**
 * What the node counts. Labels come from the configuration and never from what a caller wrote: an unknown model is "other", so
 * that nobody can fill the memory with label values. What a call counts is gathered in one object for each route, backend and
 * outcome, found without making a label; counters are plain numbers that are handed over when somebody scrapes.
 */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import type { Attempt } from "./pipeline/call-backend.ts";
import type { CallState } from "./pipeline/call-state.ts";

export interface Metrics {
  readonly registry: Registry;
  /** Counts one finished call. */
  count(state: CallState): void;
  configApplied(change: "applied" | "refused"): void;
  /** How often tries of each backend ended in which way since the start, by the backend's id and the result. */
  attempts(): ReadonlyMap<string, { readonly results: ReadonlyMap<string, number> }>;
}

export interface MetricSources {
  readonly callsInFlight: () => number;
  readonly configNumber: () => number;
  readonly configStaleMs: () => number;
  readonly usageEventsWaiting: () => number;
  readonly usageEventsDropped: () => number;
  readonly contentDropped: () => number;
}

const durationBuckets = [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92];
const millisecondBuckets = [0.001, 0.0025, 0.005, ...durationBuckets];

export function metrics(sources: MetricSources): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];

  const requests = new Counter({
    name: "penstock_requests_total",
    // Of the registry's metrics this one is collected first.
    collect: () => handOver(),
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
  gauge(
    "penstock_content_dropped",
    "Calls whose content was to be kept and was not, because nobody took it from this node",
    sources.contentDropped,
  );

  const tallies: Tally[] = [];
  const ofRoute = new Map<string, Tally[]>();
  const ofBackend = new Map<string, BackendTally>();

  const tallyOf = (route: string, protocol: string, stream: boolean, code: string): Tally => {
    let ofThis = ofRoute.get(route);
    if (ofThis === undefined) {
      ofThis = [];
      ofRoute.set(route, ofThis);
    }
    // A few for each route, so looking through them costs less than a name that is put together for each call.
    let tally = ofThis.find(({ labels, streamed }) => labels.code === code && labels.protocol === protocol && streamed === stream);
    if (tally === undefined) {
      tally = {
        calls: 0,
        streamed: stream,
        labels: { route, protocol, outcome: code === "OK" ? "ok" : "failed", code },
        duration: duration.labels(route, protocol, String(stream)),
        firstToken: firstToken.labels(route),
      };
      tallies.push(tally);
      ofThis.push(tally);
    }
    return tally;
  };
  const backendTallyOf = ({ id, key }: Attempt["backend"]): BackendTally => {
    let tally = ofBackend.get(id);
    if (tally === undefined) {
      tally = { key, results: new Map(), inputTokens: new Map(), outputTokens: new Map(), duration: attemptDuration.labels(key) };
      ofBackend.set(id, tally);
    }
    return tally;
  };
  const countAttempt = ({ backend, result, startedAtMs, endedAtMs }: Attempt) => {
    const tally = backendTallyOf(backend);
    add(tally.results, result, 1);
    tally.duration.observe((endedAtMs - startedAtMs) / 1000);
  };
  /** Hands the plain numbers over to the counters: they start from zero at each scrape and so end at the same totals. */
  function handOver(): void {
    for (const counter of [requests, tokens, attempts]) counter.reset();
    for (const { labels, calls } of tallies) requests.inc(labels, calls);
    for (const { key: backend, results, inputTokens, outputTokens } of ofBackend.values()) {
      for (const [result, count] of results) attempts.inc({ backend, result }, count);
      for (const [route, count] of inputTokens) tokens.inc({ route, backend, type: "input" }, count);
      for (const [route, count] of outputTokens) tokens.inc({ route, backend, type: "output" }, count);
    }
  }

  return {
    registry,
    count(state) {
      const { request, failure, usage, meter, assignment } = state;
      const route = state.route?.name ?? "other";
      const tally = tallyOf(route, request.ingress, request.stream, failure?.kind ?? "OK");
      tally.calls++;
      tally.duration.observe((Date.now() - request.receivedAtMs) / 1000);
      if (meter.firstContentAtMs !== undefined) tally.firstToken.observe((meter.firstContentAtMs - request.receivedAtMs) / 1000);
      for (const attempt of state.attempts) countAttempt(attempt);
      const answering = state.attempts.at(-1)?.backend;
      if (usage !== undefined && answering !== undefined) {
        const { inputTokens, outputTokens } = backendTallyOf(answering);
        add(inputTokens, route, usage.inputTokens);
        add(outputTokens, route, usage.outputTokens);
      }
      if (assignment !== undefined) exposures.labels(assignment.experiment.key, assignment.variant.key).inc();
    },
    configApplied: (change) => configChanges.labels(change).inc(),
    attempts: () => ofBackend,
  };
}

interface Tally {
  calls: number;
  readonly streamed: boolean;
  readonly labels: { readonly route: string; readonly protocol: string; readonly outcome: string; readonly code: string };
  readonly duration: { observe(seconds: number): void };
  readonly firstToken: { observe(seconds: number): void };
}

interface BackendTally {
  /** The label: backends of two organisations may have the same. */
  readonly key: string;
  /** By result; tokens by route. */
  readonly results: Map<string, number>;
  readonly inputTokens: Map<string, number>;
  readonly outputTokens: Map<string, number>;
  readonly duration: { observe(seconds: number): void };
}

const add = (counts: Map<string, number>, key: string, by: number): void => {
  counts.set(key, (counts.get(key) ?? 0) + by);
};
