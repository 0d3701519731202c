/** Every limit that a caller can meet, from the narrowest to the widest, and which of them binds. */
import { Link } from "@tanstack/react-router";
import { Card } from "../../shell/page.tsx";
import { Badge } from "../../ui/marks.tsx";
import { bindingsOf } from "./chain.ts";
import type { QuotaNow } from "./changes.ts";
import { Level } from "./level.tsx";
import { ScopeLink } from "./scope-field.tsx";
import { limitOf } from "./words.ts";

interface EffectiveLimitsProps {
  readonly title: string;
  /** As `effectiveQuotas` gives them: the widest first. */
  readonly quotas: readonly QuotaNow[];
  /** Where there is no limit at all. */
  readonly none: string;
  readonly note: string;
  /** The calls are of this route alone. */
  readonly routeId?: string;
}

export function EffectiveLimits({ title, quotas, none, note, routeId }: EffectiveLimitsProps) {
  const bindings = bindingsOf(quotas, routeId);
  return (
    <Card title={title}>
      {quotas.length === 0 ? (
        <p className="quiet">{none}</p>
      ) : (
        <ol className="stack">
          {quotas.toReversed().map((quota) => (
            <li key={quota.id} className="stack tight">
              <div className="row apart">
                <span>
                  <Link to="/quotas" search={{ quota: quota.id }} className="strong">
                    {quota.key}
                  </Link>{" "}
                  <span className="quiet">{limitOf(quota)}</span>
                </span>
                <span className="row">
                  {bindings.has(quota.id) && (
                    <Badge tone={quota.enforcement === "HARD" ? "bad" : "warn"}>
                      {quota.enforcement === "HARD" ? "binds first" : "warns first"}
                      {bindings.get(quota.id) === "there" && " there"}
                    </Badge>
                  )}
                  <span>
                    <ScopeLink of={quota} />
                  </span>
                </span>
              </div>
              <Level quota={quota} among={quotas} />
            </li>
          ))}
        </ol>
      )}
      <p className="quiet" style={{ marginTop: "0.75rem" }}>
        From the narrowest to the widest: a call meets those that are not of another route or backend, and the fullest that refuses binds
        first. {note}
      </p>
    </Card>
  );
}
