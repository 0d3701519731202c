/** The way of one call through a route, stage by stage, as the node does it. What is off is drawn with a broken line. */
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { duration, percent } from "../../format/numbers.ts";
import { Badge } from "../../ui/marks.tsx";
import { type RouteDetails, triedMax } from "./changes.ts";

interface CallPathProps {
  readonly route: RouteDetails;
  readonly experiment:
    | { readonly id: string; readonly key: string; readonly coverage: number; readonly variants: readonly { readonly key: string }[] }
    | undefined;
  readonly quotas: readonly { readonly key: string }[];
}

export function CallPath({ route, experiment, quotas }: CallPathProps) {
  return (
    <ol className="path" aria-label="The way of a call">
      <Stage name="Asked for">
        <code>model: "{route.name}"</code>
        <span className="quiet">with a key that may use it</span>
      </Stage>
      <Stage name="Experiment" off={experiment === undefined}>
        {experiment === undefined ? (
          <span className="quiet">none is running</span>
        ) : (
          <>
            <Link to="/experiments/$experimentId" params={{ experimentId: experiment.id }}>
              {experiment.key}
            </Link>
            <span className="quiet">
              {percent(experiment.coverage)} of calls, over {experiment.variants.map(({ key }) => key).join(", ")}
            </span>
          </>
        )}
      </Stage>
      <Stage name="Prompt" off={route.prompt === null}>
        {route.prompt === null ? (
          <span className="quiet">the caller's messages as they are</span>
        ) : (
          <>
            <Link to="/prompts/$promptId" params={{ promptId: route.prompt.promptId }}>
              {route.prompt.prompt?.name ?? "gone"}
            </Link>
            <span className="quiet">{route.prompt.label === null ? `version ${route.prompt.version}` : `label ${route.prompt.label}`}</span>
          </>
        )}
      </Stage>
      <Stage name="Quotas" off={quotas.length === 0}>
        {quotas.length === 0 ? (
          <span className="quiet">none of the route's own</span>
        ) : (
          quotas.map(({ key }) => (
            <Link key={key} to="/quotas">
              {key}
            </Link>
          ))
        )}
      </Stage>
      <Stage name="Cache" off={route.cacheTtlSeconds === null}>
        {route.cacheTtlSeconds === null ? (
          <span className="quiet">off</span>
        ) : (
          <span>answers are kept for {duration(route.cacheTtlSeconds * 1000)}</span>
        )}
      </Stage>
      {route.tiers.map((tier, at) => {
        const sum = tier.targets.reduce((total, { weight }) => total + weight, 0);
        return (
          <Stage key={at} name={at === 0 ? "First choice" : "If those fail"}>
            {tier.targets.map((target) => (
              <span key={target.backendId} className="share">
                <Link to="/backends/$backendId" params={{ backendId: target.backendId }}>
                  {target.backend?.key ?? "gone"}
                </Link>
                {target.weight === 0 ? (
                  <Badge>drained</Badge>
                ) : (
                  <span className="quiet number">{percent(sum === 0 ? 0 : target.weight / sum)}</span>
                )}
              </span>
            ))}
          </Stage>
        );
      })}
      <Stage name="Answer">
        <span>streamed back as it comes</span>
        <span className="quiet">{upTo(triedMax(route))}, until the first content</span>
      </Stage>
    </ol>
  );
}

const upTo = (backends: number): string => (backends > 1 ? `up to ${backends} backends tried` : "one backend tried");

function Stage({ name, off = false, children }: { readonly name: string; readonly off?: boolean; readonly children: ReactNode }) {
  return (
    <li>
      <div className={off ? "stage off" : "stage"}>
        <span className="stage-name">{name}</span>
        {children}
      </div>
    </li>
  );
}
