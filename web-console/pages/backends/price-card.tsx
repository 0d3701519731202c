/** What a backend's calls cost: its own price or its model's, those that are to come, and every one that it had. */
import { Link } from "@tanstack/react-router";
import { tell } from "../../change/tell.ts";
import { Card } from "../../shell/page.tsx";
import { Notice } from "../../ui/marks.tsx";
import { PriceFacts } from "../models/price-facts.tsx";
import { PriceVersions } from "../models/price-versions.tsx";
import { ScheduledPrices } from "../models/scheduled-prices.tsx";
import { type BackendDetails, unscheduleBackendPrice } from "./changes.ts";

export function PriceCard({ backend, onChanged }: { readonly backend: BackendDetails; readonly onChanged: () => void }) {
  const { price, prices, catalogueModel } = backend;
  const takeBack = async (version: number) => {
    tell("That price will not come", await unscheduleBackendPrice(backend.id, backend.revision, version));
    onChanged();
  };
  return (
    <Card title="Price a million tokens">
      <div className="stack">
        {price === null ? (
          <Notice tone="warn">No price is known, so the cost of its calls is unknown and missing from every sum of money.</Notice>
        ) : (
          <PriceFacts price={price} />
        )}
        <p className="quiet">
          {prices.length > 0 ? "Its own. " : ""}
          {catalogueModel !== null && (
            <>
              {prices.length > 0 ? "Its model is" : "That of"}{" "}
              <Link to="/models" search={{ model: catalogueModel.key }}>
                {catalogueModel.key}
              </Link>
              .{" "}
            </>
          )}
          Each call keeps the version it was made at.
        </p>
        <ScheduledPrices prices={prices} onTakeBack={(version) => void takeBack(version)} />
        <PriceVersions ownerId={backend.id} />
      </div>
    </Card>
  );
}
