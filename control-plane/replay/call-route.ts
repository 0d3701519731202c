/** One call on a route for a person who tries something, apart from experiments, and marked in the ledger as what it is. */
import type { Services } from "../services.ts";
import { callNode, type NodeAnswer } from "./call-node.ts";
import { bodyWith, type Candidate, promptAsked } from "./candidate.ts";
import { type ReplayConfiguration, type ReplayedRoute, replayConfiguration } from "./replay-snapshot.ts";

export interface RouteCall {
  readonly route: ReplayedRoute;
  /** A body of the chat API. */
  readonly request: Readonly<Record<string, unknown>>;
  readonly candidate: Candidate;
  /** What the ledger says of it under the tag `replay`. */
  readonly mark: string;
  readonly callMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

export type CallRoute = (call: RouteCall) => Promise<NodeAnswer>;

/** Configurations that are made once and used for many calls. */
const configurationsMax = 100;

/**
 * For the calls of one run, or for one call: what they are served from is read once.
 * @throws (from the result) ValidationError, NotFoundError where the candidate asks for what is not there; ControlError UNAVAILABLE.
 */
export function routeCaller(
  services: Pick<Services, "settings" | "propagation" | "database" | "signer">,
  organisationId: string,
): CallRoute {
  const configurations = new Map<string, Promise<ReplayConfiguration>>();
  return async ({ route, request, candidate, mark, callMs, signal }) => {
    const body = bodyWith(request, candidate);
    const prompt = promptAsked(body);
    const key = JSON.stringify([route, candidate, prompt]);
    let configuration = configurations.get(key);
    if (configuration === undefined) {
      configuration = services.database.tenant(organisationId, (em) =>
        replayConfiguration(services, em, organisationId, candidate, route, prompt),
      );
      if (configurations.size >= configurationsMax) configurations.clear();
      configurations.set(key, configuration);
      // What is wrong with it is said to who asked; the next one asks anew.
      configuration.catch(() => configurations.delete(key));
    }
    const { snapshot, model } = await configuration;
    return callNode(services, organisationId, {
      path: "/v1/replay",
      body: { snapshot, request: { ...body, model } },
      tags: `replay=${mark}`,
      callMs,
      signal,
    });
  };
}
