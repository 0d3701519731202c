/** Prices that are still to come, of a model or of a backend, and taking one back. */
import { useRefusal } from "../../session/viewer.ts";
import { Button } from "../../ui/button.tsx";
import { PriceFacts } from "./price-facts.tsx";
import type { PriceDetails } from "./price-values.ts";

interface ScheduledPricesProps {
  /** In the order of time. */
  readonly prices: readonly PriceDetails[];
  readonly onTakeBack: (version: number) => void;
}

export function ScheduledPrices({ prices, onTakeBack }: ScheduledPricesProps) {
  const refusal = useRefusal();
  return prices
    .filter(({ effectiveFrom }) => effectiveFrom !== null && Date.parse(effectiveFrom) > Date.now())
    .map((price) => (
      <div key={price.version} className="stack tight">
        <h3>Still to come</h3>
        <PriceFacts price={price} />
        <div>
          <Button small refused={refusal} onClick={() => onTakeBack(price.version)}>
            Take it back
          </Button>
        </div>
      </div>
    ));
}
