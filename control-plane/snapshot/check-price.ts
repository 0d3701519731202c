/** What can be said of prices and discounts by themselves. Paths are in the words of the mutations' inputs. */
import type { ValidationIssue } from "../control-error.ts";
import type { Discount } from "../database/entities/organisation.ts";
import { type Price, type PriceRates, rateNames } from "../database/entities/price.ts";

/** Nano-dollars a million tokens, or a call: a million dollars. */
const priceMax = 10n ** 15n;
const pricesMax = 20;
const contextTiersMax = 5;
const discountsMax = 50;
const tokensMax = 1_000_000_000;

export function checkPrices(prices: readonly Price[]): readonly ValidationIssue[] {
  const issues = prices.flatMap(checkPrice);
  // The one in force and those that are to come; what was is kept elsewhere.
  return prices.length > pricesMax ? [{ path: "price", message: `${pricesMax - 1} prices may be scheduled at once` }, ...issues] : issues;
}

function checkPrice(price: Price): readonly ValidationIssue[] {
  const issues = [...checkRates("price", price), ...checkAmount("price.requestNanodollars", price.requestNanodollars)];
  if (price.contextTiers.length > contextTiersMax) issues.push({ path: "price.contextTiers", message: `may be ${contextTiersMax}` });
  price.contextTiers.forEach((tier, index) => {
    const path = `price.contextTiers[${index}]`;
    issues.push(...checkRates(path, tier));
    const above = tier.inputTokensAbove;
    const before = price.contextTiers[index - 1]?.inputTokensAbove ?? 0;
    if (!Number.isInteger(above) || above <= before || above > tokensMax)
      issues.push({ path: `${path}.inputTokensAbove`, message: `must be a whole number above ${before}, up to ${tokensMax}` });
  });
  return issues;
}

const checkRates = (path: string, rates: PriceRates): ValidationIssue[] =>
  rateNames.flatMap((name) => (rates[name] === null ? [] : checkAmount(`${path}.${name}`, rates[name])));

function checkAmount(path: string, text: string): ValidationIssue[] {
  const amount = BigInt(text);
  return amount < 0n || amount > priceMax ? [{ path, message: `must be from 0 to ${priceMax} nano-dollars` }] : [];
}

/** Of two that hold at the same time for the same provider nobody could say which is meant. */
export function checkDiscounts(discounts: readonly Discount[]): readonly ValidationIssue[] {
  if (discounts.length > discountsMax) return [{ path: "discounts", message: `may be ${discountsMax}` }];
  return discounts.flatMap((discount, index) => {
    const path = `discounts[${index}]`;
    const issues: ValidationIssue[] = [];
    if (!Number.isInteger(discount.basisPoints) || discount.basisPoints < 1 || discount.basisPoints > 10_000)
      issues.push({ path: `${path}.basisPoints`, message: "must be a whole number from 1 to 10000: 1000 is 10 %" });
    if (startOf(discount) >= endOf(discount)) issues.push({ path: `${path}.until`, message: "must be after `from`" });
    const rival = discounts.findIndex(
      (other, at) =>
        at < index && other.providerId === discount.providerId && startOf(other) < endOf(discount) && startOf(discount) < endOf(other),
    );
    if (rival >= 0) issues.push({ path, message: `holds at the same time as discounts[${rival}] for the same provider` });
    return issues;
  });
}

const startOf = ({ from }: Discount): number => (from === null ? Number.NEGATIVE_INFINITY : Date.parse(from));
const endOf = ({ until }: Discount): number => (until === null ? Number.POSITIVE_INFINITY : Date.parse(until));
