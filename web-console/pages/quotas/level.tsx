/** How far a quota is used now, what nodes hold of it, and where it will stand. */
import { percent } from "../../format/numbers.ts";
import { Meter, When } from "../../ui/marks.tsx";
import { NodeName } from "../../ui/node-name.tsx";
import { countsEach, marksOn } from "./chain.ts";
import type { QuotaNow } from "./changes.ts";
import { amountOf, lower, shortAmount, slides } from "./words.ts";

interface LevelProps {
  readonly quota: QuotaNow;
  /** All that are known: those that count the same are marks on the same bar. */
  readonly among?: readonly QuotaNow[];
}

export function Level({ quota, among = [] }: LevelProps) {
  if (countsEach(quota)) return <p className="quiet">Each end user has their own count, of {amountOf(quota.limit, quota.resource)}.</p>;
  return <OneLevel quota={quota} among={among} />;
}

function OneLevel({ quota, among = [] }: LevelProps) {
  const { level, limit, resource } = quota;
  const amount = (of: string) => shortAmount(of, resource);
  const whole = Number(limit) || 1;
  const share = Number(level.used) / whole;
  const lent = Number(level.leased) > 0;
  const before = marksOn(quota, among);
  return (
    <div className="stack tight">
      <Meter
        share={share}
        held={Number(level.leased) / whole}
        label={`${quota.key}: ${percent(share)} used`}
        soft={quota.enforcement !== "HARD"}
        hard={quota.enforcement === "HARD"}
        marks={before.map((one) => Number(one.limit) / whole)}
      />
      <p className="quiet">
        <span className="number">
          {amount(level.used)} of {amount(limit)}
        </span>{" "}
        used, {percent(share)}
        {lent && `; ${amount(level.leased)} more lent to nodes`}.
      </p>
      {before.map((one) => (
        <p key={one.id} className="quiet">
          The mark is {amount(one.limit)}: {one.key}, {lower(one.enforcement)}.
        </p>
      ))}
      <Forecast quota={quota} />
      {level.holders.length > 1 && (
        <details>
          <summary>By node</summary>
          <ul className="stack tight">
            {level.holders.map((holder) => (
              <li key={holder.nodeId} className="row apart">
                <NodeName id={holder.nodeId} name={holder.nodeName} />
                <span className="quiet number">
                  {amount(holder.spent)} used, {amount(holder.leased)} held{holder.died && ", ended"}
                </span>
              </li>
            ))}
          </ul>
        </details>
      )}
    </div>
  );
}

function Forecast({ quota: { level, limit, resource, window, enforcement } }: { readonly quota: QuotaNow }) {
  if (Number(level.used) >= Number(limit))
    return (
      <p className={enforcement === "HARD" ? "bad-text" : "warn-text"}>
        Reached.{enforcement === "HARD" && " Calls are refused"}
        {level.windowEnd !== null && !slides(window) && (
          <>
            {enforcement === "HARD" ? " until it begins anew " : " It begins anew "}
            <When at={level.windowEnd} />
          </>
        )}
        {enforcement === "HARD" && "."}
      </p>
    );
  if (level.exhaustedAt !== null)
    return (
      <p className="warn-text">
        At this pace it is reached <When at={level.exhaustedAt} />.
      </p>
    );
  if (level.windowEnd === null || slides(window)) return null;
  return (
    <p className="quiet">
      Begins anew <When at={level.windowEnd} />
      {level.forecast !== null && `, then at about ${shortAmount(level.forecast, resource)}`}.
    </p>
  );
}
