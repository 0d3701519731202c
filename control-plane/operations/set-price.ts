/**
 * A new price of a backend or of a model in the catalogue: numbered for the whole installation, kept for ever, and beside those
 * that are still to come. Nothing that was ever charged changes: a price begins now or later.
 */
import { v7 } from "uuid";
import { ValidationError } from "../control-error.ts";
import { type Price, type PriceTerms, priceAt } from "../database/entities/price.ts";
import { type PricedKind, PriceVersion } from "../database/entities/price-version.ts";
import type { ConfigurationChange } from "./change-configuration.ts";

/** What has prices of its own. */
export interface Priced {
  readonly id: string;
  prices: readonly Price[];
}

/**
 * @param effectiveFrom null: now; for something that has no price yet, always. One that is scheduled for the same instant is
 * replaced.
 * @throws ValidationError where the date is over.
 */
export async function setPrice(
  change: ConfigurationChange,
  kind: PricedKind,
  row: Priced,
  terms: PriceTerms,
  effectiveFrom: Date | null,
): Promise<Price> {
  if (effectiveFrom !== null && effectiveFrom < change.at)
    throw new ValidationError([{ path: "price.effectiveFrom", message: "must not be in the past: what was charged is not changed" }]);
  const [numbered] = await change.em.execute<{ version: string }[]>("select nextval('price_version_number')::text as version");
  const begins = effectiveFrom ?? (row.prices.length === 0 ? null : change.at);
  const price: Price = { ...terms, version: Number(numbered?.version), effectiveFrom: begins?.toISOString() ?? null };
  change.em.persist(
    change.em.create(PriceVersion, {
      id: v7(),
      version: price.version,
      organisationId: change.organisationId,
      ownerKind: kind,
      ownerId: row.id,
      price,
      createdAt: change.at,
      actor: change.actor,
    }),
  );
  const others = pricesFrom(row.prices, change.at).filter((other) => other.effectiveFrom !== price.effectiveFrom);
  row.prices = pricesFrom([...others, price].sort(byTime), change.at);
  return price;
}

/** @throws ValidationError where none of that version is still to come. */
export function unschedulePrice(change: ConfigurationChange, row: Priced, version: number): void {
  const price = row.prices.find((candidate) => candidate.version === version);
  if (price?.effectiveFrom == null || new Date(price.effectiveFrom) <= change.at)
    throw new ValidationError([{ path: "version", message: `no price of version ${version} is still to come` }]);
  row.prices = row.prices.filter((candidate) => candidate !== price);
}

/** Without those that are over: the one in force at the time, and what comes after it. */
function pricesFrom(prices: readonly Price[], at: Date): readonly Price[] {
  const inForce = priceAt(prices, at);
  return inForce === undefined ? prices : prices.slice(prices.indexOf(inForce));
}

const byTime = (a: Price, b: Price): number => startOf(a) - startOf(b);
const startOf = ({ effectiveFrom }: Price): number => (effectiveFrom === null ? Number.NEGATIVE_INFINITY : Date.parse(effectiveFrom));
