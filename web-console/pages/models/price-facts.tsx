/** A price in full: each kind of token, and what changes with the length of the context. */
import { count, money } from "../../format/numbers.ts";
import { Facts, When } from "../../ui/marks.tsx";
import type { PriceDetails } from "./price-values.ts";

type Tier = PriceDetails["contextTiers"][number];

const kinds = [
  ["Input", "inputNanodollarsPerMillion"],
  ["Output", "outputNanodollarsPerMillion"],
  ["Reasoning", "reasoningNanodollarsPerMillion"],
  ["Cached input, read", "cacheReadNanodollarsPerMillion"],
  ["Cached input, written", "cacheWriteNanodollarsPerMillion"],
  ["Written for an hour", "cacheWriteOneHourNanodollarsPerMillion"],
  ["Audio in", "audioInputNanodollarsPerMillion"],
  ["Audio out", "audioOutputNanodollarsPerMillion"],
  ["Images in", "imageInputNanodollarsPerMillion"],
  ["Images out", "imageOutputNanodollarsPerMillion"],
] as const satisfies readonly (readonly [string, keyof Tier])[];

/** Dollars a million tokens. Kinds without a price of their own are left out. */
export function PriceFacts({ price }: { readonly price: PriceDetails }) {
  const rows = (of: Tier | PriceDetails) =>
    kinds.flatMap(([name, field]) => (of[field] === null ? [] : [[name, money(of[field])] as const]));
  return (
    <>
      <Facts
        of={[
          ...rows(price),
          price.requestNanodollars !== "0" && ["Each call, on top", money(price.requestNanodollars)],
          price.effectiveFrom !== null && ["From", <When key="from" at={price.effectiveFrom} exact />],
          price.version > 0 && ["Version", String(price.version)],
        ]}
      />
      {price.contextTiers.map((tier) => (
        <div key={tier.inputTokensAbove}>
          <h3>Above {count(tier.inputTokensAbove)} tokens of input</h3>
          <Facts of={rows(tier)} />
        </div>
      ))}
    </>
  );
}
