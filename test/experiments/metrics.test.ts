/** Every metric of an experiment, from calls whose values can be added up by hand: on a real database, through GraphQL. */
import type { MessageInitShape } from "@bufbuild/protobuf";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type FeedbackEventSchema, Outcome } from "#proto/penstock/usage/v1/usage_event_pb.ts";
import { metricNames } from "../../control-plane/experiments/metrics.ts";
import { openTestServices, type TestServices } from "../harness/control-plane.ts";
import { type GraphqlClient, serveGraphql } from "../harness/graphql.ts";
import { runningExperiment } from "./running-experiment.ts";

let services: TestServices;
let client: GraphqlClient;
beforeAll(async () => {
  services = await openTestServices(undefined);
  client = await serveGraphql(services);
}, 60_000);
afterAll(async () => {
  await client.close();
  await services.close();
});

const spent = (inputTokens: bigint, outputTokens: bigint, costNanodollars: bigint) => ({
  usage: { inputTokens, outputTokens },
  costNanodollars,
});
/** What happens to each unit, the last two by its own mistake or before its variant could matter. */
const callsOfUnit = [
  { durationMs: 100, timeToFirstTokenMs: 40, cache: "miss", ...spent(10n, 20n, 1000n) },
  { durationMs: 300, timeToFirstTokenMs: 200, cache: "hit", ...spent(30n, 40n, 3000n) },
  { durationMs: 500, timeToFirstTokenMs: undefined, outcome: Outcome.UPSTREAM_ERROR, costNanodollars: 500n },
  { durationMs: 50, timeToFirstTokenMs: 60, outcome: Outcome.CANCELLED, ...spent(10n, 2n, 200n) },
  { durationMs: 5, timeToFirstTokenMs: undefined, outcome: Outcome.DENIED, errorReason: "GUARD_BLOCKED" },
  { durationMs: 5, timeToFirstTokenMs: undefined, outcome: Outcome.CLIENT_ERROR },
  { durationMs: 5, timeToFirstTokenMs: undefined, outcome: Outcome.DENIED, errorReason: "RATE_LIMITED" },
];

const expected = {
  // One of the four that nobody left.
  error_rate: 1 / 4,
  abort_rate: 1 / 5,
  first_token: (40 + 200 + 60) / 3,
  slow_first_token: 1 / 3,
  latency: (100 + 300) / 2,
  slow_latency: 1 / 2,
  cost_per_call: (1000 + 3000 + 500 + 200) / 4,
  cost_per_unit: 1000 + 3000 + 500 + 200,
  input_tokens: (10 + 30 + 10) / 3,
  output_tokens: (20 + 40 + 2) / 3,
  guard_hits: 1 / 5,
  cache_hits: 1 / 5,
} as const;

/** Kinds of feedback, what each unit gives (by its number), and what comes of it. */
const scores: readonly {
  readonly feedback: string;
  readonly category?: string;
  readonly given: (unit: number) => NonNullable<MessageInitShape<typeof FeedbackEventSchema>["value"]>;
  readonly value: number | null;
}[] = [
  { feedback: "liked", given: (unit) => ({ case: "boolean", value: unit === 0 }), value: 1 / 4 },
  { feedback: "stars", given: (unit) => ({ case: "number", value: unit + 1 }), value: (1 + 2 + 3 + 4) / 4 },
  { feedback: "tone", category: "kind", given: (unit) => ({ case: "category", value: unit < 3 ? "kind" : "rude" }), value: 3 / 4 },
  // Words are kept for people to read, and no number comes of them.
  { feedback: "note", given: () => ({ case: "comment", value: "too long" }), value: null },
  { feedback: "better", given: () => ({ case: "demonstration", value: "So: yes." }), value: null },
];

it("each is what its calls and its feedback say, and no metric is forgotten here", async () => {
  expect([...Object.keys(expected), "feedback"].sort()).toEqual([...metricNames].sort());
  const experiment = await runningExperiment(services, client, {
    analysis: {
      latencyObjectiveMs: 100,
      metrics: [
        ...Object.keys(expected).map((name) => ({ metric: name.toUpperCase(), role: "SECONDARY" })),
        ...scores.map(({ feedback, category }) => ({ metric: "FEEDBACK", role: "SECONDARY", feedback, ...(category && { category }) })),
      ],
    },
  });
  const units = ["control", "warm"].flatMap((variant) =>
    Array.from({ length: 4 }, (_, unit) => ({
      unit,
      calls: callsOfUnit.map((call) => experiment.call(variant, `${variant}-${unit}`, call)),
    })),
  );
  await experiment.record(units.flatMap(({ calls }) => calls));
  await experiment.record(
    units.flatMap(({ unit, calls: [call] }) =>
      call?.record.case !== "usage"
        ? []
        : scores.map(({ feedback, given }) =>
            experiment.feedback({ callId: (call.record.value as { callId: string }).callId, metric: feedback, value: given(unit) }),
          ),
    ),
  );
  await experiment.evaluate();
  const { evaluation } = await experiment.state("evaluation { metrics { key variants { value } } }");
  const values = Object.fromEntries(
    evaluation.metrics.map(({ key, variants }: { key: string; variants: { value: number | null }[] }) => [key, variants]),
  );
  const both = (value: number | null) => Array.from({ length: 2 }, () => ({ value: value === null ? null : expect.closeTo(value, 9) }));
  expect(values).toEqual({
    ...Object.fromEntries(Object.entries(expected).map(([name, value]) => [name, both(value)])),
    ...Object.fromEntries(
      scores.map(({ feedback, category, value }) => [["feedback", feedback, category].filter(Boolean).join(":"), both(value)]),
    ),
  });
});
