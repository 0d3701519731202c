/** The name callers ask for as `model`, and how it is served. The shapes of its parts are shared with experiments. */
import { defineEntity, type InferEntity, p } from "@mikro-orm/core";
import { configColumns } from "./config-columns.ts";
import type { ContentCapture } from "./content-capture.ts";

export interface RouteTier {
  readonly targets: readonly RouteTarget[];
}

export interface RouteTarget {
  readonly backendId: string;
  /** 1 to 1000000. 0: takes no calls. */
  readonly weight: number;
}

/** Milliseconds. 0: the node's default (see snapshot.proto). */
export interface RouteTimeouts {
  readonly queueMs: number;
  readonly connectMs: number;
  readonly firstByteMs: number;
  readonly idleMs: number;
  readonly writeStallMs: number;
  readonly totalMs: number;
}

/** What a call's budgets do to its way before they are spent. */
export interface RouteEconomy {
  /** Of a budget of the caller's organisation, project or key. 1 to 100. */
  readonly budgetPercent: number;
  /** From then on calls begin with this tier, counted from 0. */
  readonly firstTier: number;
}

/** By label or by version: exactly one. */
export type PromptSelection =
  | { readonly promptId: string; readonly label: string }
  | { readonly promptId: string; readonly version: number };

export type JsonObject = { readonly [name: string]: unknown };

export const Route = defineEntity({
  name: "Route",
  tableName: "route",
  properties: {
    ...configColumns(),
    name: p.text(),
    description: p.text(),
    tiers: p.json<readonly RouteTier[]>(),
    timeouts: p.json<RouteTimeouts>(),
    /** Backends tried at the most, 1 to 10. 0: the node's default, 3. */
    attemptsMax: p.integer(),
    prompt: p.json<PromptSelection>().nullable(),
    defaultParameters: p.json<JsonObject>().nullable(),
    /** Over the caller's. */
    forcedParameters: p.json<JsonObject>().nullable(),
    /** Fields that are left out where a backend cannot be given them: "seed", "messages.name". Null: none. */
    dropParameters: p.array<string>().nullable(),
    /** exact where a time is said, else off. */
    cache: p.text().$type<"off" | "exact">(),
    /** How long an answer is good for the next call that says the same. Null: it is not. */
    cacheTtlSeconds: p.integer().nullable(),
    /** Null: budgets do not change its way. */
    economy: p.json<RouteEconomy>().nullable(),
    /** Null: as the caller's project. */
    contentCapture: p.json<ContentCapture>().nullable(),
  },
});
export type Route = InferEntity<typeof Route>;

/** A week. */
export const cacheTtlSecondsMax = 604_800;

/** Both columns of a route's cache. */
export const cacheOf = (ttlSeconds: number | null): Pick<Route, "cache" | "cacheTtlSeconds"> => ({
  cache: ttlSeconds === null ? "off" : "exact",
  cacheTtlSeconds: ttlSeconds,
});
