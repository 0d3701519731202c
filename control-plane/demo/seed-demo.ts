/**
 * Lays the demo's week behind a new installation: its configuration in one change, then its calls, in the order of time, by the
 * way that every call takes into the ledger; and every few hours of that week its experiments are looked at as they would have
 * been, by the same statistics, which do what follows. Nothing is written as a result that was not found.
 *
 * It runs behind a control plane that serves already, in small steps, and may end at any of them: the next start goes on, because
 * its calls are the same again and the ledger knows them. It holds the evaluator's lease, so that nobody looks from the present
 * at a week that is half there.
 */
import { setImmediate as nextTurn, setTimeout as pause } from "node:timers/promises";
import { recordContent } from "../content/record-content.ts";
import { Backend } from "../database/entities/backend.ts";
import { Organisation } from "../database/entities/organisation.ts";
import { Project } from "../database/entities/project.ts";
import { Provider } from "../database/entities/provider.ts";
import { leadership } from "../database/leadership.ts";
import type { EntityManager } from "../database/orm.ts";
import { changeConfiguration } from "../operations/change-configuration.ts";
import type { Services } from "../services.ts";
import { recordUsage } from "../usage/record-usage.ts";
import { layAlertRules } from "./demo-alert-rules.ts";
import { type DemoWeek, demoIds, demoProjectKey, makeDemoConfiguration, weekMs } from "./demo-configuration.ts";
import { contentsOf } from "./demo-content.ts";
import { demoArms, lookAtExperiments } from "./demo-experiments.ts";
import { callsOfHour, hoursOfWeek } from "./demo-traffic.ts";
import { demoActor, demoProjectId, findDemo } from "./find-demo.ts";
import { forgetDemoCalls } from "./remove-demo.ts";
import { type DemoBackendName, demoBackends } from "./storefront.ts";

export interface DemoSeed {
  /** Resolves when the week is laid, or there is none to lay. Never rejects: what went wrong is logged. */
  readonly done: Promise<void>;
  /** Ends after the step in hand. */
  close(): Promise<void>;
}

export function startDemoSeed(services: Services): DemoSeed {
  const closing = new AbortController();
  const done = seedDemo(services, closing.signal).catch((error: unknown) => {
    if (!closing.signal.aborted) services.logger.warn({ err: error }, "the demo's week could not be laid; the next start goes on with it");
  });
  return {
    done,
    close: async () => {
      closing.abort();
      await done;
    },
  };
}

const hourMs = 3_600_000;
const dayMs = 86_400_000;
const leaseMs = 60_000;
const leaseAskedEveryMs = 1_000;

async function seedDemo(services: Services, signal: AbortSignal): Promise<void> {
  const week = await weekToLay(services);
  if (week === undefined) return;
  const leader = leadership(services.database, "experiments", leaseMs);
  while (!(await leader.lead())) await pause(leaseAskedEveryMs, undefined, { signal });
  try {
    const startedAtMs = performance.now();
    await makeDays(services, week);
    const around = await surroundingsOf(services, week);
    let arms = await demoArms(services, week);
    for (let hour = 0; hour < hoursOfWeek; hour++) {
      if (signal.aborted) return;
      const calls = callsOfHour({ ...around, ...arms }, hour);
      await recordUsage(services.database, calls);
      await recordContent(services.database, contentsOf(calls), Date.now());
      // Somebody did not want it: what was written since goes too.
      if (await isRemoved(services, week)) return void (await forgetDemoCalls(services, week));
      const endedAt = new Date(week.madeAt.getTime() - weekMs + (hour + 1) * hourMs);
      if (await lookAtExperiments(services, week, hour, endedAt)) {
        await leader.lead();
        arms = await demoArms(services, week);
      }
      // Whoever asks meanwhile gets the database's one session in between.
      await nextTurn();
    }
    await layAlertRules(services, week);
    await makeBudget(services, week);
    services.logger.info({ tookMs: Math.round(performance.now() - startedAtMs) }, "the demo's week is laid");
  } finally {
    await leader.resign().catch(() => {});
  }
}

const isRemoved = ({ database }: Services, { organisationId, projectId }: DemoWeek): Promise<boolean> =>
  database.tenant(organisationId, async (em) => (await em.count(Project, { id: projectId, archivedAt: null })) === 0);

/** Of the first organisation: one that is half laid, or a new one where no call was ever made and a simulator answers. */
async function weekToLay(services: Services): Promise<DemoWeek | undefined> {
  const known = await services.database.system(async (em) => {
    const [organisation] = await em.find(Organisation, {}, { orderBy: { createdAt: "asc" }, limit: 1 });
    if (organisation === undefined) return undefined;
    const demo = await findDemo(em, organisation);
    const simulator = await em.findOne(Provider, { organisationId: organisation.id, kind: "simulated", archivedAt: null });
    return { organisation, demo, simulator, used: demo === undefined && (await hasCalls(em, organisation.id)) };
  });
  if (known === undefined) return undefined;
  const { organisation, demo, simulator, used } = known;
  if (demo !== undefined) return demo.state === "laying" ? demo.week : undefined;
  if (used || simulator === null) return undefined;
  const projectId = demoProjectId(organisation);
  const madeAt = new Date();
  await changeConfiguration(
    services,
    { actor: demoActor, organisationId: organisation.id },
    { action: "demo.create", summary: "the demo", asOf: new Date(madeAt.getTime() - weekMs) },
    (change) =>
      makeDemoConfiguration(change, {
        week: { organisationId: organisation.id, projectId, madeAt },
        providerId: simulator.id,
        pepper: services.settings.pepper,
      }),
  );
  return services.database.system(async (em) => (await findDemo(em, organisation))?.week);
}

async function hasCalls(em: EntityManager, organisationId: string): Promise<boolean> {
  return (await em.execute<unknown[]>("select 1 from usage_day where organisation_id = ? limit 1", [organisationId])).length > 0;
}

/** Days are made ahead and not behind; without them all of the week would stand aside. */
async function makeDays({ database }: Services, { madeAt }: DemoWeek): Promise<void> {
  for (let ms = madeAt.getTime() - weekMs; ms <= madeAt.getTime(); ms += dayMs) {
    const day = new Date(ms).toISOString().slice(0, 10);
    for (const parent of ["usage_event", "usage_minute", "call_content"])
      await database.system((em) => em.execute("select make_day_partition(?, ?::date)", [parent, day]));
  }
}

async function surroundingsOf({ database, settings }: Services, week: DemoWeek) {
  const ids = demoIds(week);
  return database.tenant(week.organisationId, async (em) => {
    const backends = await em.find(Backend, {
      id: { $in: (Object.keys(demoBackends) as DemoBackendName[]).map(ids.backend) },
    });
    const [made] = await em.execute<{ epoch: string; number: string }[]>(
      "select epoch, number::text as number from revision_change where organisation_id = ? and entity_id = ? order by number limit 1",
      [week.organisationId, week.projectId],
    );
    return {
      week,
      pepper: settings.pepper,
      simulatorId: backends[0]?.providerId ?? "",
      revision: { epoch: made?.epoch ?? "", number: BigInt(made?.number ?? 0) },
      priceVersions: new Map(backends.map((row) => [row.id, row.prices[0]?.version ?? 0])),
    };
  });
}

/** Nearly spent: its limit is a little more than what its period has come to. Made last: it says that all is there. */
async function makeBudget(services: Services, week: DemoWeek): Promise<void> {
  const now = new Date();
  const period = periodWithTraffic(now);
  const spent = await services.database.tenant(week.organisationId, async (em) => {
    const [row] = await em.execute<{ spent: string }[]>(
      `select coalesce(sum(cost_nanodollars), 0)::text as spent from usage_event
        where project_id = ? and started_at >= date_trunc(?, ?::timestamptz, 'UTC')`,
      [week.projectId, period, now.toISOString()],
    );
    return BigInt(row?.spent ?? 0);
  });
  const cent = 10_000_000n;
  await changeConfiguration(
    services,
    { actor: demoActor, organisationId: week.organisationId },
    { action: "budget.create", summary: `budget of ${demoProjectKey} made` },
    async (change) => {
      change.create("budget", {
        id: demoIds(week).budget,
        key: `storefront-${period}`,
        scopeKind: "project",
        scopeId: week.projectId,
        limitNanodollars: ((spent * 100n) / 93n / cent + 1n) * cent,
        period,
        timeZone: "UTC",
        thresholdPercents: [50, 80, 90, 100],
        reachedPercent: 0,
        reachedUntil: null,
      });
    },
  );
}

/** A month, unless it is in its first day and nothing was spent in it yet; then the week, unless it is Monday as well. */
function periodWithTraffic(at: Date): "month" | "week" | "year" {
  if (new Date(at.getTime() - dayMs).getUTCMonth() === at.getUTCMonth()) return "month";
  return at.getUTCDay() === 1 ? "year" : "week";
}
