/** When nodes passed a backend over in the last week: a bar for each outage, and each in words. */
import { duration } from "../../format/numbers.ts";
import { graphql, type ResultOf } from "../../graphql/documents.ts";
import { Card } from "../../shell/page.tsx";
import { Badge, When } from "../../ui/marks.tsx";
import { NodeName } from "../../ui/node-name.tsx";

export const outageFragment = graphql(`
  fragment Outages on Backend {
    outages {
      nodeId
      nodeName
      beganAt
      endedAt
      lastError
      lastHttpStatus
      lastMessage
    }
  }
`);

type Outage = ResultOf<typeof outageFragment>["outages"][number];

const weekMs = 7 * 86_400_000;
const width = 700;
const height = 20;
const listedMax = 8;

export function OutageCard({ outages, now = Date.now() }: { readonly outages: readonly Outage[]; readonly now?: number }) {
  const since = now - weekMs;
  const x = (ms: number) => (Math.max(0, ms - since) / weekMs) * width;
  const ofWeek = outages.filter(({ endedAt }) => endedAt === null || Date.parse(endedAt) > since);
  const label = ofWeek.length === 0 ? "No node passed it over in the last week." : `Passed over ${ofWeek.length} times in the last week.`;
  return (
    <Card title="Outages, 7 days">
      <div className="stack tight">
        <svg className="outages" viewBox={`0 0 ${width} ${height}`} preserveAspectRatio="none" role="img" aria-label={label}>
          {ofWeek.map(({ nodeId, beganAt, endedAt }) => {
            const from = x(Date.parse(beganAt));
            return (
              <rect
                key={`${nodeId} ${beganAt}`}
                x={from}
                y={0}
                width={Math.max(2, x(endedAt === null ? now : Date.parse(endedAt)) - from)}
                height={height}
              />
            );
          })}
        </svg>
        {outages.length === 0 ? (
          <p className="quiet">No node has passed it over in 90 days.</p>
        ) : (
          <ul className="stack tight">
            {outages.slice(0, listedMax).map((outage) => (
              <li key={`${outage.nodeId} ${outage.beganAt}`} className="row">
                {outage.endedAt === null ? <Badge tone="bad">goes on</Badge> : <Badge>over</Badge>}
                <When at={outage.beganAt} />
                <span>
                  for {duration((outage.endedAt === null ? now : Date.parse(outage.endedAt)) - Date.parse(outage.beganAt))}
                  <span className="quiet">
                    {" "}
                    on <NodeName id={outage.nodeId} name={outage.nodeName} />: {outage.lastError}
                    {outage.lastHttpStatus !== null && `, HTTP ${outage.lastHttpStatus}`}
                  </span>
                </span>
              </li>
            ))}
          </ul>
        )}
      </div>
    </Card>
  );
}
