/** Why no unit has met an experiment, most likely cause first. Pure. */
import { counted, percent } from "../../format/numbers.ts";

interface Asked {
  readonly route: { readonly name: string } | null;
  readonly unit: "END_USER" | "SESSION" | "API_KEY" | "REQUEST";
  readonly fallbackUnit: string | null;
  readonly coverage: number;
  readonly holdout: number;
  readonly namespace: { readonly name: string; readonly start: number; readonly end: number } | null;
  readonly targeting: {
    readonly apiKeyIds: readonly string[];
    readonly projectIds: readonly string[];
    readonly tags: readonly { readonly name: string }[];
    readonly headers: readonly { readonly name: string }[];
    readonly share: number;
  } | null;
}

interface Seen {
  readonly calls: number;
  readonly units: number;
}

const howNamed = {
  END_USER: "an end user: callers name one as user in the body",
  SESSION: "a session: callers name one in the header x-penstock-session",
  API_KEY: "an API key",
  REQUEST: "a request",
} as const;

/** @param seen of the route since the experiment began. */
export function whyNoData(experiment: Asked, { calls, units }: Seen): { readonly title: string; readonly causes: readonly string[] } {
  const route = experiment.route?.name ?? "its route";
  if (calls === 0)
    return {
      title: `No call has come to ${route} since it began.`,
      causes: [`Callers write ${route} as model. Look whether they call another route.`],
    };
  if (units === 0)
    return {
      title: `${counted(calls, "call")} came to ${route}, and none could take part.`,
      causes: [
        `None named ${howNamed[experiment.unit]}.`,
        experiment.fallbackUnit === null
          ? "Or say, under Change, by what calls without one are drawn."
          : "Nor did any name what stands in for it.",
      ],
    };
  const causes = narrowing(experiment);
  return {
    title: `${counted(units, "unit")} called ${route}, and none has met it.`,
    causes:
      causes.length > 0
        ? causes
        : [
            "Callers that choose their arm themselves (route@arm) are not counted.",
            "Or the nodes do not serve this revision yet, or the calls are still on their way into the log.",
          ],
  };
}

function narrowing({ coverage, holdout, namespace, targeting }: Asked): string[] {
  const named = (things: readonly { readonly name: string }[]) => things.map(({ name }) => name).join(", ");
  return [
    targeting !== null && targeting.projectIds.length > 0 && `It takes calls of ${counted(targeting.projectIds.length, "project")} only.`,
    targeting !== null && targeting.apiKeyIds.length > 0 && `It takes calls of ${counted(targeting.apiKeyIds.length, "API key")} only.`,
    targeting !== null && targeting.tags.length > 0 && `It takes calls with certain values of the tags ${named(targeting.tags)} only.`,
    targeting !== null &&
      targeting.headers.length > 0 &&
      `It takes calls with certain values of the headers ${named(targeting.headers)} only.`,
    targeting !== null && targeting.share < 1 && `It takes ${percent(targeting.share)} of those that fit.`,
    namespace !== null && `It owns ${percent(namespace.end - namespace.start)} of the namespace ${namespace.name}.`,
    coverage < 1 && `${percent(coverage)} of units take part.`,
    holdout > 0 && `${percent(holdout)} of units are held out.`,
  ].filter((cause) => cause !== false);
}
