/** What a route does, under which name it is asked for, and whether it works now. */
import { Link } from "@tanstack/react-router";
import { count, counted, money, percent } from "../../format/numbers.ts";
import { Card } from "../../shell/page.tsx";
import { Badge, Facts, type Tone } from "../../ui/marks.tsx";
import type { Data, Route } from "./developers.tsx";

interface Status {
  readonly tone: Tone;
  readonly word: string;
  readonly why: string;
}

/** From what nodes see of the backends behind it: one that works is enough. */
export function statusOf(route: Pick<Route, "tiers">): Status {
  const backends = route.tiers.flatMap(({ targets }) => targets.flatMap(({ backend }) => (backend === null ? [] : [backend])));
  const working = backends.filter(({ drainedAt, circuits }) => drainedAt === null && !circuits.some(({ state }) => state === "OPEN"));
  if (backends.length === 0) return { tone: "bad", word: "leads nowhere", why: "It has no backend." };
  if (working.length === 0) return { tone: "bad", word: "in trouble", why: "Each of its backends keeps failing, or is drained." };
  if (working.length < backends.length)
    return {
      tone: "warn",
      word: "degraded",
      why: `${counted(backends.length - working.length, "backend")} of ${backends.length} keep failing or are drained.`,
    };
  return { tone: "good", word: "working", why: `${counted(backends.length, "backend")} behind it, all without trouble.` };
}

export function AboutRoute({ route, data }: { readonly route: Route; readonly data: Data }) {
  const groups = "groups" in data.usageSummary ? (data.usageSummary.groups ?? []) : [];
  const group = groups.find((one) => one.group === route.name);
  const requests = Number(group?.requests ?? 0);
  const capabilities = [...new Set(route.tiers.flatMap((tier) => tier.targets.flatMap(({ backend }) => backend?.capabilities ?? [])))];
  const { tone, word, why } = statusOf(route);
  return (
    <Card
      title={route.name}
      actions={
        <Link to="/routes/$routeId" params={{ routeId: route.id }}>
          The route
        </Link>
      }
    >
      <div className="stack">
        {route.description !== "" && <p>{route.description}</p>}
        <Facts
          of={[
            [
              "Now",
              <span key="now">
                <Badge tone={tone}>{word}</Badge> <span className="quiet">{why}</span>
              </span>,
            ],
            ["Ask for it as", <code key="model">model: "{route.name}"</code>],
            [
              "Prompt",
              route.prompt === null
                ? "yours: send all messages"
                : `${route.prompt.prompt?.name ?? "gone"} @ ${route.prompt.label ?? route.prompt.version} is put before your messages`,
            ],
            ["Models behind it", route.tiers.flatMap((tier) => tier.targets.map(({ backend }) => backend?.model ?? "gone")).join(", ")],
            capabilities.length > 0 && ["Can do", capabilities.map((one) => <Badge key={one}>{one}</Badge>)],
            [
              "Last 24 hours",
              requests === 0
                ? "no call"
                : `${count(requests)} calls, ${percent(Number(group?.failedRequests ?? 0) / requests)} failed, ${money(group?.costNanodollars)}`,
            ],
          ]}
        />
      </div>
    </Card>
  );
}
