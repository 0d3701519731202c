/** The routes that lead to a backend, with what each sends it, and taking it out of one or in again. */
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { tell } from "../../change/tell.ts";
import { useRefusal } from "../../session/viewer.ts";
import { Card } from "../../shell/page.tsx";
import { Button } from "../../ui/button.tsx";
import { Badge } from "../../ui/marks.tsx";
import { type RouteDetails, routeValues, saveRoute } from "../routes/changes.ts";

interface RoutesCardProps {
  readonly routes: readonly RouteDetails[];
  /** There are others. */
  readonly more: boolean;
  readonly backendId: string;
}

export function RoutesCard({ routes, more, backendId }: RoutesCardProps) {
  const refusal = useRefusal();
  const [busy, setBusy] = useState<string>();
  const weigh = async (route: RouteDetails, weight: number) => {
    setBusy(route.id);
    const values = routeValues(route);
    const tiers = values.tiers.map((tier) => tier.map((target) => (target.backendId === backendId ? { ...target, weight } : target)));
    tell(
      weight === 0 ? `${route.name} sends it no more calls` : `${route.name} sends it calls again`,
      await saveRoute(route.id, { ...values, tiers }, route.revision),
    );
    setBusy(undefined);
  };
  return (
    <Card title="Routes that lead to it">
      {routes.length === 0 ? (
        <p className="quiet">None does, so it takes no calls.</p>
      ) : (
        <ul className="stack tight">
          {routes.map((route) => {
            const targets = targetsOf(route, backendId);
            const out = targets.every(({ weight }) => weight === 0);
            return (
              <li key={route.id} className="row apart">
                <span>
                  <Link to="/routes/$routeId" params={{ routeId: route.id }} className="strong">
                    {route.name}
                  </Link>{" "}
                  <span className="quiet">
                    {targets.map(({ at, weight }) => `${at === 0 ? "first choice" : `fallback ${at}`}, weight ${weight}`).join("; ")}
                  </span>{" "}
                  {out && <Badge tone="warn">weight 0</Badge>}
                </span>
                <Button small disabled={busy === route.id} refused={refusal} onClick={() => void weigh(route, out ? 1 : 0)}>
                  {out ? "Take it in again" : "Take it out"}
                </Button>
              </li>
            );
          })}
          {more && <li className="quiet">And others: the first fifty are shown.</li>}
        </ul>
      )}
    </Card>
  );
}

const targetsOf = (route: RouteDetails, backendId: string) =>
  route.tiers.flatMap((tier, at) => tier.targets.filter((one) => one.backendId === backendId).map((one) => ({ ...one, at })));
