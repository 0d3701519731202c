/** Calls made from a seed, with all that a row can hold, and what the roll-ups say of them. */
import { create } from "@bufbuild/protobuf";
import { v7 } from "uuid";
import { Outcome, type UsageRecord, UsageRecordSchema } from "#proto/penstock/usage/v1/usage_event_pb.ts";
import type { Database } from "../../control-plane/database/orm.ts";
import { compacted } from "../../control-plane/usage/latency-sketch.ts";

export interface RandomCalls {
  readonly seed: number;
  readonly count: number;
  readonly fromMs: number;
  readonly untilMs: number;
  readonly organisationIds: readonly string[];
}

export function randomCalls({ seed, count, fromMs, untilMs, organisationIds }: RandomCalls): UsageRecord[] {
  const random = seeded(seed);
  const below = (limit: number) => Math.floor(random() * limit);
  const one = <T>(choices: readonly T[]): T => choices[below(choices.length)] as T;
  return Array.from({ length: count }, () => {
    const atMs = fromMs + below(untilMs - fromMs);
    const key = below(6);
    const backend = below(4);
    const outcome = one([Outcome.OK, Outcome.OK, Outcome.OK, Outcome.DENIED, Outcome.UPSTREAM_ERROR, Outcome.UNSPECIFIED]);
    const answered = outcome === Outcome.OK;
    return create(UsageRecordSchema, {
      record: {
        case: "usage",
        value: {
          callId: v7({ msecs: atMs }),
          nodeId: one(["node-a", "node-b"]),
          startedAt: { seconds: BigInt(Math.floor(atMs / 1000)), nanos: (atMs % 1000) * 1_000_000 },
          organisationId: one(organisationIds),
          projectId: `project-${key % 3}`,
          apiKeyId: `key-${key}`,
          endUserHash: one(["", "user-1", "user-2", "user-3"]),
          routeId: one(["", "route-1", "route-2"]),
          routeName: one(["chat", "code"]),
          ingress: one(["openai-chat", "grpc"]),
          streamed: random() < 0.5,
          attempts: Array.from({ length: below(3) }, (_, at) => ({
            backendId: `backend-${at}`,
            result: at === 0 ? "UPSTREAM_TIMEOUT" : "ok",
            durationMs: 5,
            httpStatus: 200,
          })),
          backendId: answered ? `backend-${backend}` : "",
          providerId: answered ? `provider-${backend % 2}` : "",
          modelAsked: one(["chat", "code", "ni\u00f1o \u{1f600}"]),
          modelServed: answered ? `model-${backend}` : "",
          promptId: one(["", "prompt-1"]),
          promptVersion: below(3),
          ...(random() < 0.3 ? { exposure: { experimentId: "experiment-1", variantKey: one(["a", "b"]), unitType: "request" } } : {}),
          ...(answered && random() < 0.9
            ? {
                usage: {
                  inputTokens: BigInt(below(5000)),
                  outputTokens: BigInt(below(500)),
                  cacheReadTokens: BigInt(below(3)),
                  audioInputTokens: BigInt(below(2)),
                  imageOutputTokens: BigInt(below(2)),
                  cacheWriteOneHourTokens: BigInt(below(2)),
                  estimated: random() < 0.1,
                },
              }
            : {}),
          ...(answered && random() < 0.8 ? { costNanodollars: BigInt(below(1_000_000_000)) } : {}),
          priceVersion: BigInt(below(3)),
          durationMs: Math.floor(Math.exp(random() * 12)),
          ...(answered ? { timeToFirstTokenMs: below(2000) } : {}),
          outcome,
          errorReason: answered ? "" : one(["RATE_LIMITED", "UPSTREAM_TIMEOUT"]),
          finishReason: answered ? one(["stop", "length"]) : "",
          cache: one(["off", "hit", "miss"]),
          configEpoch: one(["", "epoch-1"]),
          configNumber: BigInt(below(4)),
          tags: one<Record<string, string>>([{}, { team: "red" }, { team: "blue", "a\x1fb": "c\x1fd" }, { stage: "" }]),
          requestId: one(["", "request-1"]),
        },
      },
    });
  });
}

/** mulberry32. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Every sum there is, in one order, with its dimensions; sketches as they are when nothing stands in them twice. */
export async function sumsOf(database: Database): Promise<readonly object[]> {
  const rows = await database.system((em) =>
    em.execute<{ durations: Buffer; times_to_first_token: Buffer }[]>(
      ["minute", "hour", "day"]
        .map(
          (grain) => `select '${grain}' as grain, to_jsonb(combination) as combination, sums.*
            from usage_${grain} as sums join usage_combination as combination
              on combination.organisation_id = sums.organisation_id and combination.id = sums.combination_id`,
        )
        .join(" union all ") + " order by grain, organisation_id, cube, bucket, combination_id",
    ),
  );
  return rows.map((row) => ({
    ...row,
    durations: compacted(row.durations).toString("hex"),
    times_to_first_token: compacted(row.times_to_first_token).toString("hex"),
  }));
}
