/** Datasets: cases that are kept to be tried again. What is taken from logged calls outlives them here, which the audit log says. */
import { v7 } from "uuid";
import { auditContent } from "../content/read-content.ts";
import { NotFoundError, ValidationError } from "../control-error.ts";
import { isUuid } from "../database/config-kinds.ts";
import { Dataset, DatasetCase } from "../database/entities/dataset.ts";
import type { EntityManager } from "../database/orm.ts";
import type { Services } from "../services.ts";
import { type CallsAsked, callsMax, chooseCalls, loggedCall, textOfAnswer } from "./logged-calls.ts";

export const casesOfDatasetMax = 10_000;
const requestLengthMax = 512 * 1024;
const expectedLengthMax = 256 * 1024;

interface Author {
  readonly actor: string;
  readonly organisationId: string;
}

export interface NewCase {
  /** A body of the chat API, with `model`. */
  readonly request: unknown;
  readonly expected: string;
  readonly callId: string | null;
}

export interface CasesAsked {
  readonly cases?: readonly NewCase[] | null | undefined;
  readonly calls?: CallsAsked | undefined;
}

/** @throws ValidationError where there is a dataset of the name. */
export function makeDataset(em: EntityManager, { actor, organisationId }: Author, name: string, description: string): Dataset {
  if (name.trim() === "" || name.length > 200) throw new ValidationError([{ path: "name", message: "must have 1 to 200 characters" }]);
  if (description.length > 2000) throw new ValidationError([{ path: "description", message: "may have 2000 characters" }]);
  const row = em.create(Dataset, {
    id: v7(),
    organisationId,
    name,
    description,
    createdAt: new Date(),
    createdBy: actor,
    archivedAt: null,
  });
  em.persist(row);
  return row;
}

/** Reads what the cases are made of, before the transaction that keeps them. @throws ValidationError naming what cannot be. */
export async function readCases({ database }: Services, organisationId: string, { cases, calls }: CasesAsked): Promise<readonly NewCase[]> {
  const given = [...(cases ?? [])];
  if (given.length > callsMax) throw new ValidationError([{ path: "cases", message: `may be ${callsMax} at once` }]);
  given.forEach((one, index) => {
    checkCase(one, `cases[${index}]`);
  });
  if (calls === undefined) return given;
  const missing: string[] = [];
  for (const callId of await chooseCalls(database, organisationId, calls)) {
    const logged = await loggedCall(database, organisationId, callId);
    if (logged?.request === undefined) missing.push(callId);
    else given.push({ request: { ...logged.request, model: logged.route.name }, expected: textOfAnswer(logged.answer) ?? "", callId });
  }
  if (missing.length > 0 && calls.callIds != null)
    throw new ValidationError(
      missing.map((id) => ({ path: "calls.callIds", message: `what was said in call ${id} is not kept, or was cut` })),
    );
  return given;
}

/** @throws ValidationError for more than a dataset holds. */
export async function addCases(em: EntityManager, author: Author, dataset: Dataset, cases: readonly NewCase[]): Promise<void> {
  const [last] = await em.execute<{ position: number | null; count: number }[]>(
    "select max(position) as position, count(*)::integer as count from dataset_case where dataset_id = ?",
    [dataset.id],
  );
  if ((last?.count ?? 0) + cases.length > casesOfDatasetMax)
    throw new ValidationError([{ path: "cases", message: `a dataset holds ${casesOfDatasetMax}` }]);
  let position = last?.position ?? 0;
  for (const { request, expected, callId } of cases) {
    position++;
    em.persist(
      em.create(DatasetCase, {
        id: v7(),
        organisationId: author.organisationId,
        datasetId: dataset.id,
        position,
        request: JSON.stringify(request).toWellFormed(),
        expected: expected.replaceAll("\0", "\uFFFD").toWellFormed(),
        callId,
      }),
    );
  }
  const fromCalls = cases.filter(({ callId }) => callId !== null).length;
  auditContent(em, {
    ...author,
    action: "dataset.add_cases",
    target: { kind: "dataset", id: dataset.id },
    details: { cases: cases.length, fromCalls },
  });
}

/** @throws NotFoundError. */
export async function datasetOf(em: EntityManager, id: string): Promise<Dataset> {
  const row = isUuid(id) ? await em.findOne(Dataset, { id, archivedAt: null }) : null;
  if (row === null) throw new NotFoundError("dataset", id);
  return row;
}

function checkCase({ request, expected }: NewCase, path: string): void {
  const refuse = (at: string, message: string) => new ValidationError([{ path: `${path}.${at}`, message }]);
  if (typeof request !== "object" || request === null || Array.isArray(request))
    throw refuse("request", "must be a body of the chat API, as a JSON object");
  if (typeof (request as { model?: unknown }).model !== "string") throw refuse("request.model", "must be the name of a route");
  if (JSON.stringify(request).length > requestLengthMax) throw refuse("request", `may have ${requestLengthMax} characters as JSON`);
  if (expected.length > expectedLengthMax) throw refuse("expected", `may have ${expectedLengthMax} characters`);
}
