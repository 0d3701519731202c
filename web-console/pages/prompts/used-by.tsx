/** Who asks for a prompt: routes, arms of experiments, and prompts that render it. */

import { Link } from "@tanstack/react-router";
import { Empty } from "../../graphql/result.tsx";
import { Card } from "../../shell/page.tsx";
import { thingPath } from "../../shell/thing-path.ts";
import { Badge } from "../../ui/marks.tsx";
import type { PromptPageData } from "./prompt-page.tsx";

type User = NonNullable<PromptPageData["prompt"]>["usedBy"][number];

export function UsedBy({ data }: { readonly data: PromptPageData }) {
  const users = data.prompt?.usedBy ?? [];
  // Only running experiments are in what nodes serve by.
  const waiting = (data.prompt?.experiments ?? [])
    .filter(({ status }) => status !== "RUNNING")
    .flatMap((experiment) =>
      experiment.variants.flatMap(({ key, prompt }) =>
        prompt !== null && prompt.promptId === data.prompt?.id ? [{ ...experiment, arm: key, prompt }] : [],
      ),
    );
  if (users.length === 0 && waiting.length === 0)
    return (
      <Empty
        title="Nobody uses it"
        action={
          <Link className="button" to="/routes">
            To the routes
          </Link>
        }
      >
        Choose it on a route, or as an arm of an experiment.
      </Empty>
    );
  return (
    <Card>
      <ul className="stack tight">
        {users.map((user) => (
          <li key={`${user.kind} ${user.id} ${user.variant} ${user.version}`} className="row">
            <Badge>{user.kind === "EXPERIMENT" ? "experiment, running" : user.kind.toLowerCase()}</Badge>
            <Link to={thingPath(user.kind, user.id)}>{user.name}</Link>
            <span className="quiet">{howUsed(user)}</span>
          </li>
        ))}
        {waiting.map(({ id, key, status, arm, prompt }) => (
          <li key={`${id} ${arm}`} className="row">
            <Badge>experiment, {status.toLowerCase()}</Badge>
            <Link to="/experiments/$experimentId" params={{ experimentId: id }}>
              {key}
            </Link>
            <span className="quiet">
              arm {arm}, {pointer(prompt)}
            </span>
          </li>
        ))}
      </ul>
    </Card>
  );
}

const pointer = ({ label, version }: { readonly label: string | null; readonly version: number | null }): string =>
  label === null ? `version ${version}, fixed` : `label ${label}`;

function howUsed(user: User): string {
  switch (user.kind) {
    case "ROUTE":
      return pointer(user);
    case "EXPERIMENT":
      return `arm ${user.variant}, ${pointer(user)}`;
    default:
      return `renders it in its version ${user.version}`;
  }
}
