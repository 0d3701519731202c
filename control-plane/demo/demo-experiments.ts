/** The demo's experiments while its week goes by: who falls in which arm of those that run, and what is found and done at each look. */
import { bucketOf, bucketRanges, variantIndexOf } from "#agreements/bucket-hash.ts";
import { Experiment } from "../database/entities/experiment.ts";
import { Route } from "../database/entities/route.ts";
import { type EvaluationResult, evaluateOne } from "../experiments/evaluator.ts";
import { changeConfiguration } from "../operations/change-configuration.ts";
import { shipExperiment } from "../operations/end-experiment.ts";
import type { Services } from "../services.ts";
import { type DemoWeek, demoIds } from "./demo-configuration.ts";
import type { DemoSurroundings } from "./demo-traffic.ts";
import { demoActor } from "./find-demo.ts";
import { type DemoExperimentName, type DemoRouteName, demoExperiments, demoPrompts, demoRoutes } from "./storefront.ts";

const lookEveryHours = 6;
/** A rollout moves by the hour. */
const rolloutLookEveryHours = 2;
/** A person has waited for whole days and ships what the verdict says. */
const shippedAfterHours = 120;

const names = Object.keys(demoExperiments) as DemoExperimentName[];

/** As the configuration is now: the routes' prompts, and the arms of what runs. */
export async function demoArms(services: Services, week: DemoWeek): Promise<Pick<DemoSurroundings, "promptVersionOf" | "armOf">> {
  const ids = demoIds(week);
  const { experiments, routes } = await services.database.tenant(week.organisationId, async (em) => ({
    experiments: await em.find(Experiment, { id: { $in: names.map(ids.experiment) } }),
    routes: await em.find(Route, { id: { $in: (Object.keys(demoRoutes) as DemoRouteName[]).map(ids.route) } }),
  }));
  const arms = names.flatMap((name) => {
    const row = experiments.find(({ id }) => id === ids.experiment(name));
    if (row === undefined || row.status !== "running") return [];
    const ranges = bucketRanges(
      row.variants.map(({ weight }) => weight),
      row.coverage,
    );
    return [{ name, row, ranges }];
  });
  return {
    promptVersionOf: (route) => {
      const prompt = routes.find(({ id }) => id === ids.route(route))?.prompt;
      const { labels } = demoPrompts[demoRoutes[route].prompt];
      return prompt != null && "version" in prompt ? prompt.version : labels.production;
    },
    armOf: (route, user, atMs) => {
      const arm = arms.find(({ name }) => demoExperiments[name].route === route);
      if (arm === undefined || atMs < (arm.row.startedAt?.getTime() ?? 0)) return undefined;
      const bucket = bucketOf(arm.row.hashVersion, arm.row.seed, user) ?? 1;
      const variant = arm.row.variants[variantIndexOf(arm.ranges, bucket)];
      if (variant === undefined) return undefined;
      const { treatment, truth, backend } = demoExperiments[arm.name];
      const treated = variant.key === treatment;
      return {
        experimentId: arm.row.id,
        variantKey: variant.key,
        bucket,
        promptVersion: variant.prompt !== null && "version" in variant.prompt ? variant.prompt.version : undefined,
        backend: treated ? backend : undefined,
        truth: treated ? truth : undefined,
      };
    },
  };
}

/** @returns whether anything may have changed. */
export async function lookAtExperiments(services: Services, week: DemoWeek, hour: number, at: Date): Promise<boolean> {
  const ids = demoIds(week);
  const due = names.filter((name) => {
    const { startsAfterHours } = demoExperiments[name];
    return hour > startsAfterHours && (hour - startsAfterHours) % (name === "harmful" ? rolloutLookEveryHours : lookEveryHours) === 0;
  });
  // The embedded database counts its rows when it is told to, and joins without a count are a hundred times as slow.
  if (due.length > 0) await services.database.system((em) => em.execute("analyze experiment_unit"));
  for (const name of due) {
    const read = () => services.database.tenant(week.organisationId, (em) => em.findOneOrFail(Experiment, { id: ids.experiment(name) }));
    const experiment = await read();
    if (experiment.status !== "running") continue;
    await evaluateOne(services, experiment, at);
    if (name === "shipped" && hour >= shippedAfterHours) await shipAsFound(services, week, at);
  }
  return due.length > 0;
}

async function shipAsFound(services: Services, week: DemoWeek, at: Date): Promise<void> {
  const experimentId = demoIds(week).experiment("shipped");
  const [last] = await services.database.tenant(week.organisationId, (em) =>
    em.execute<{ result: EvaluationResult }[]>(
      "select result from experiment_evaluation where experiment_id = ? order by at desc limit 1",
      [experimentId],
    ),
  );
  const { treatment } = demoExperiments.shipped;
  if (last?.result.verdict.recommendation !== "ship" || last.result.verdict.variant !== treatment) return;
  await changeConfiguration(
    services,
    { actor: demoActor, organisationId: week.organisationId },
    { action: "experiment.ship", summary: `${treatment} shipped`, asOf: at },
    async (change) => shipExperiment(change, await change.edit("experiment", experimentId), treatment, "as good, and in half the time"),
  );
}
