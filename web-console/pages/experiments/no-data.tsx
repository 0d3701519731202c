/** Why there is nothing to see yet: what its route's calls say about it. */
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { usePageQuery } from "../../graphql/page-query.ts";
import { FailureNotice } from "../../graphql/result.tsx";
import { Notice } from "../../ui/marks.tsx";
import { type Traffic, trafficOf, trafficQuery } from "./design/traffic.ts";
import type { Experiment } from "./experiment-query.ts";
import { whyNoData } from "./why-no-data.ts";

const dayMs = 86_400_000;
const daysMax = 31;

/** Of a running one that no unit has met. Asks for itself: most pages never need it. */
export function NoData({ experiment }: { readonly experiment: Experiment }) {
  const { routeId, unit, fallbackUnit, startedAt, analysis } = experiment;
  // Not from now, or each look would be another question.
  const [days] = useState(() => Math.min(daysMax, Math.max(1 / 86_400, (Date.now() - Date.parse(startedAt ?? "")) / dayMs)));
  const page = usePageQuery(
    trafficQuery,
    { routeId, unit, fallbackUnit, days, latencyObjectiveMs: analysis.latencyObjectiveMs, winsoriseAt: analysis.winsoriseAt },
    { follow: false, behind: false },
  );
  if (page.failure !== undefined) return <FailureNotice failure={page.failure} again={page.again} />;
  const traffic: Traffic | undefined = page.data === undefined ? undefined : trafficOf(page.data);
  if (traffic === undefined) return <p className="quiet">Looking for the reason …</p>;
  const { title, causes } = whyNoData(experiment, traffic);
  return (
    <Notice tone="warn">
      <strong>{title}</strong>
      <ul>
        {causes.map((cause) => (
          <li key={cause}>{cause}</li>
        ))}
      </ul>
      <p>
        <Link to="/calls" search={{ route: experiment.route?.name }}>
          The route's calls
        </Link>
        {" · "}
        <Link to="/nodes">What the nodes serve</Link>
      </p>
    </Notice>
  );
}
