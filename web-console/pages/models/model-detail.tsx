/** One model of the catalogue beside the list: its facts, its price and those that are to come, and every one that it had. */
import { useState } from "react";
import { DestroyDialog } from "../../change/destroy-dialog.tsx";
import type { Outcome } from "../../change/outcome.ts";
import { tell } from "../../change/tell.ts";
import { UsersLine } from "../../change/users-line.tsx";
import { count } from "../../format/numbers.ts";
import { useRefusal } from "../../session/viewer.ts";
import { Button } from "../../ui/button.tsx";
import { Facts, Notice } from "../../ui/marks.tsx";
import { archiveModel, takeListPrice, unschedulePrice } from "./changes.ts";
import { type Model, priceOf } from "./models.tsx";
import { PriceFacts } from "./price-facts.tsx";
import { PriceVersions } from "./price-versions.tsx";
import { ScheduledPrices } from "./scheduled-prices.tsx";

interface ModelDetailProps {
  readonly model: Model;
  readonly onEdit: () => void;
  readonly onChanged: () => void;
}

export function ModelDetail({ model, onEdit, onChanged }: ModelDetailProps) {
  const refusal = useRefusal();
  const [archiving, setArchiving] = useState(false);
  const { own } = model;
  const price = priceOf(model);
  const act = async (done: string, what: Promise<Outcome<unknown>>) => {
    tell(done, await what);
    onChanged();
  };
  return (
    <>
      <Facts
        of={[
          ["Key", <code key="key">{model.key}</code>],
          ["Context", `${count(model.contextTokensMax)} tokens`],
          ["Output at most", `${count(model.outputTokensMax)} tokens`],
          ["Can", model.capabilities.map((one) => one.replaceAll("_", " ")).join(", ") || "nothing named"],
          model.source !== "" && ["Known from", `${model.source}, ${model.sourceDate}`],
        ]}
      />
      <h3>{own === null ? "List price, a million tokens" : "Your price, a million tokens"}</h3>
      {price === null ? (
        <Notice tone="warn">No price is known; what its calls cost is missing from every sum.</Notice>
      ) : (
        <PriceFacts price={price} />
      )}
      {own !== null && (
        <ScheduledPrices
          prices={own.prices}
          onTakeBack={(version) => void act("That price will not come", unschedulePrice(own, version))}
        />
      )}
      <div className="row">
        <Button look="primary" refused={refusal} onClick={onEdit}>
          {own === null ? "Set your own" : "Change"}
        </Button>
        {own !== null && model.price !== null && (
          <Button refused={refusal} onClick={() => void act("It costs what the list says", takeListPrice(own))}>
            Take the list's price
          </Button>
        )}
        {own !== null && (
          <Button look="danger" refused={refusal} onClick={() => setArchiving(true)}>
            Archive
          </Button>
        )}
      </div>
      {own !== null && <PriceVersions ownerId={own.id} />}
      {own !== null && archiving && (
        <DestroyDialog
          title={`Archive ${model.key}?`}
          name={model.key}
          verb="Archive your copy"
          done="Your copy is archived"
          consequences={[
            <UsersLine
              key="users"
              of="backends"
              id={own.id}
              none="No backend takes its price."
              some="These backends take its price and must name another or have their own first"
            />,
            "Calls keep the price that they were made at.",
          ]}
          act={() => archiveModel(own)}
          onClose={(done) => {
            setArchiving(false);
            if (done) onChanged();
          }}
        />
      )}
    </>
  );
}
