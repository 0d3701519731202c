/** Views that people keep: of the same page, owner and name there is one, and keeping it again replaces it. */
import { v7 } from "uuid";
import { ForbiddenError, NotFoundError, ValidationError, type ValidationIssue } from "../control-error.ts";
import { isUuid } from "../database/config-kinds.ts";
import { type AdminRole, mayAs } from "../database/entities/admin-role.ts";
import { SavedView } from "../database/entities/saved-view.ts";
import type { EntityManager } from "../database/orm.ts";
import { faultsIn } from "../storable-text.ts";

const nameLengthMax = 80;
const searchLengthMax = 4_000;
/** Of one owner. */
const viewsMax = 200;

export interface ViewOwner {
  readonly actor: string;
  readonly organisationId: string;
  readonly role: AdminRole;
}

export interface GivenView {
  readonly page: string;
  readonly name: string;
  readonly search?: unknown;
  readonly shared: boolean;
}

/** One's own and those that are shared, by name. */
export const viewsFor = (em: EntityManager, { actor }: Pick<ViewOwner, "actor">, page: string): Promise<SavedView[]> =>
  em.find(SavedView, { page, $or: [{ owner: actor }, { shared: true }] }, { orderBy: { name: "asc", id: "asc" } });

/** @throws ValidationError, ForbiddenError: viewers keep views for themselves. */
export async function saveView(em: EntityManager, owner: ViewOwner, given: GivenView): Promise<SavedView> {
  const search = checked(given);
  if (given.shared && !mayAs(owner.role, "developer")) throw new ForbiddenError("sharing a view needs the role developer");
  const { page, shared } = given;
  const name = given.name.trim();
  const { actor, organisationId } = owner;
  const before = await em.findOne(SavedView, { page, owner: actor, name });
  if (before !== null) {
    Object.assign(before, { search, shared });
    await em.flush();
    return before;
  }
  if ((await em.count(SavedView, { owner: actor })) >= viewsMax)
    throw new ValidationError([{ path: "name", message: `is one too many: ${viewsMax} are kept; delete some` }]);
  const made = em.create(SavedView, {
    id: v7(),
    organisationId,
    page,
    name,
    search,
    owner: actor,
    shared,
    createdAt: new Date(),
  });
  em.persist(made);
  await em.flush();
  return made;
}

/** @throws NotFoundError, ForbiddenError: somebody else's is deleted by an admin. */
export async function deleteView(em: EntityManager, { actor, role }: ViewOwner, id: string): Promise<void> {
  const view = isUuid(id) ? await em.findOne(SavedView, { id }) : null;
  if (view === null || (view.owner !== actor && !view.shared)) throw new NotFoundError("view", id);
  if (view.owner !== actor && !mayAs(role, "admin")) throw new ForbiddenError(`it is ${view.owner}'s; an admin may delete it`);
  em.remove(view);
  await em.flush();
}

function checked({ page, name, search }: GivenView): Readonly<Record<string, string>> {
  const issues: ValidationIssue[] = [...faultsIn("name", name), ...faultsIn("search", search)];
  if (!/^[a-z][a-z-]{0,39}$/.test(page)) issues.push({ path: "page", message: "is the first part of a page's address, such as calls" });
  if (name.trim() === "" || name.length > nameLengthMax)
    issues.push({ path: "name", message: `must have 1 to ${nameLengthMax} characters` });
  if (!isSearch(search)) issues.push({ path: "search", message: "must be an object of texts" });
  else if (JSON.stringify(search).length > searchLengthMax)
    issues.push({ path: "search", message: `is longer than ${searchLengthMax} characters` });
  if (issues.length > 0 || !isSearch(search)) throw new ValidationError(issues);
  return search;
}

const isSearch = (search: unknown): search is Record<string, string> =>
  typeof search === "object" &&
  search !== null &&
  !Array.isArray(search) &&
  Object.values(search).every((value) => typeof value === "string");
