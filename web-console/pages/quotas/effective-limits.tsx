/** Every limit that a caller can meet, from the narrowest to the widest, and which of them binds. */
import { Link } from "@tanstack/react-router";
import { Card } from "../../shell/page.tsx";
import { Badge } from "../../ui/marks.tsx";
import { bindingOf } from "./chain.ts";
import type { QuotaNow } from "./changes.ts";
import { Level } from "./level.tsx";
import { limitOf, lower } from "./words.ts";

interface EffectiveLimitsProps {
  readonly title: string;
  /** As `effectiveQuotas` gives them: the widest first. */
  readonly quotas: readonly QuotaNow[];
  /** Where there is no limit at all. */
  readonly none: string;
  readonly note: string;
}

const steps: Readonly<Record<string, string>> = {
  API_KEY: "key",
  PROJECT: "project",
  ORGANISATION: "organisation",
  END_USER: "each end user",
};

export function EffectiveLimits({ title, quotas, none, note }: EffectiveLimitsProps) {
  const binding = bindingOf(quotas);
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
                  {quota === binding && (
                    <Badge tone={quota.enforcement === "HARD" ? "bad" : "warn"}>
                      {quota.enforcement === "HARD" ? "binds first" : "warns first"}
                    </Badge>
                  )}
                  <Badge>
                    {[quota.scopeKind, ...quota.within.map(({ kind }) => kind)].map((kind) => steps[kind] ?? lower(kind)).join(" on ")}
                  </Badge>
                </span>
              </div>
              <Level quota={quota} among={quotas} />
            </li>
          ))}
        </ol>
      )}
      <p className="quiet" style={{ marginTop: "0.75rem" }}>
        From the narrowest to the widest: a call meets them all, and the fullest that refuses binds first. {note}
      </p>
    </Card>
  );
}
