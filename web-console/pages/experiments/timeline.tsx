/** What happened to it, the newest first: when it was made, started and ended, and looks after which something was done. */
import type { ReactNode } from "react";
import { actorName } from "../../format/time.ts";
import { Card } from "../../shell/page.tsx";
import { When } from "../../ui/marks.tsx";
import type { Experiment } from "./experiment-query.ts";
import { outcomes } from "./words.ts";

interface Happening {
  readonly at: string;
  readonly name: string;
  readonly text: ReactNode;
}

export function Timeline({ experiment }: { readonly experiment: Experiment }) {
  const { createdAt, startedAt, conclusion, timeline, phase } = experiment;
  const happenings: readonly Happening[] = [
    ...timeline.map(({ at, event, verdict }) => ({ at, name: event, text: verdict.text })),
    ...(conclusion === null
      ? []
      : [
          {
            at: conclusion.at,
            name: [conclusion.variant, outcomes[conclusion.outcome]?.name ?? "ended"].filter((word) => word !== "").join(" "),
            text: [`by ${actorName(conclusion.actor)}`, conclusion.reason].filter((word) => word !== "").join(": "),
          },
        ]),
    ...(startedAt === null ? [] : [{ at: startedAt, name: phase > 1 ? `started, phase ${phase}` : "started", text: "" }]),
    // What was brought in from elsewhere began before it was written down here.
    ...(startedAt !== null && startedAt < createdAt ? [] : [{ at: createdAt, name: "designed", text: "" }]),
  ].sort((one, other) => Date.parse(other.at) - Date.parse(one.at));
  return (
    <Card title="What happened">
      <ol className="stack tight">
        {happenings.map(({ at, name, text }) => (
          <li key={`${at} ${name}`}>
            <div className="row apart">
              <strong>{name}</strong>
              <When at={at} />
            </div>
            {text !== "" && <p className="quiet">{text}</p>}
          </li>
        ))}
      </ol>
    </Card>
  );
}
