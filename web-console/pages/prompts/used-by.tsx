/** Who asks for a prompt: routes, and arms of experiments. */
import { Link } from "@tanstack/react-router";
import { Empty } from "../../graphql/result.tsx";
import { Card } from "../../shell/page.tsx";
import { Badge } from "../../ui/marks.tsx";
import { type PromptPageData, routesOf } from "./prompt-page.tsx";

export function UsedBy({ data }: { readonly data: PromptPageData }) {
  const routes = routesOf(data);
  const arms = data.experiments.edges.flatMap(({ node }) =>
    node.variants.filter((variant) => variant.prompt?.promptId === data.prompt?.id).map((variant) => ({ ...variant, experiment: node })),
  );
  if (routes.length === 0 && arms.length === 0)
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
        {routes.map((route) => (
          <li key={route.id} className="row">
            <Badge>route</Badge>
            <Link to={`/routes/${route.id}`}>{route.name}</Link>
            <span className="quiet">
              {route.prompt?.label === null ? `version ${route.prompt.version}, fixed` : `label ${route.prompt?.label}`}
            </span>
          </li>
        ))}
        {arms.map(({ experiment, key, prompt }) => (
          <li key={`${experiment.id} ${key}`} className="row">
            <Badge>experiment, {experiment.status.toLowerCase()}</Badge>
            <Link to={`/experiments/${experiment.id}`}>{experiment.key}</Link>
            <span className="quiet">
              arm {key}, {prompt?.label === null ? `version ${prompt.version}` : `label ${prompt?.label}`}
            </span>
          </li>
        ))}
      </ul>
    </Card>
  );
}
