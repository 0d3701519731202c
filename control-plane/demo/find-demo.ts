/** Whether the demo is there: its project says so, whose id follows from the organisation's. One in an installation, and once. */
import { Budget } from "../database/entities/budget.ts";
import type { Organisation } from "../database/entities/organisation.ts";
import { Project } from "../database/entities/project.ts";
import { Route } from "../database/entities/route.ts";
import type { EntityManager } from "../database/orm.ts";
import { type DemoWeek, demoIds, weekMs } from "./demo-configuration.ts";
import { idOf } from "./draws.ts";

/** Who makes it, in history and audit: what this actor has made is what goes with the demo. */
export const demoActor = "system:demo";

export const demoProjectId = ({ id, createdAt }: Pick<Organisation, "id" | "createdAt">): string => idOf(`${id} demo`, createdAt.getTime());

export interface FoundDemo {
  readonly week: DemoWeek;
  /** laying: its calls are on their way into the ledger. */
  readonly state: "laying" | "ready" | "removed";
}

/** Undefined: the organisation never had one. */
export async function findDemo(em: EntityManager, organisation: Organisation): Promise<FoundDemo | undefined> {
  const project = await em.findOne(Project, { id: demoProjectId(organisation) });
  if (project === null) return undefined;
  const { id: projectId, createdAt } = project;
  const dated: DemoWeek = { organisationId: organisation.id, projectId, madeAt: new Date(createdAt.getTime() + weekMs) };
  // One that was laid before its things were dated within its week has other ids.
  const isDated = (await em.count(Route, { id: demoIds(dated).route("support") })) === 1;
  const week = isDated ? dated : { ...dated, madeAt: createdAt };
  // What is made last, when all calls are in the ledger.
  const last = await em.findOne(Budget, { id: demoIds(week).budget });
  return { week, state: project.archivedAt != null ? "removed" : last === null ? "laying" : "ready" };
}
