/**
 * Calls in which something was said, among those whose content is kept: newest first, read on through the kept contents and bounded
 * in time as every search of calls is. Whoever searches looks at what was said, so it is written down as a look is.
 */
import { ForbiddenError, ValidationError } from "../control-error.ts";
import { executeBound } from "../database/bound-statement.ts";
import { isUuid } from "../database/config-kinds.ts";
import { type AdminRole, mayAs } from "../database/entities/admin-role.ts";
import type { Database, EntityManager } from "../database/orm.ts";
import { requireStorable } from "../storable-text.ts";
import { type Given, idsOf, parametersOf } from "../usage/ledger-span.ts";
import {
  type CallFilter,
  checkCallFilter,
  entryColumns,
  type FoundCalls,
  type LedgerEntry,
  ownConditions,
  type Row,
} from "../usage/read-usage.ts";
import { type ReadOn, searchOn } from "../usage/search-on.ts";
import { conditionsOf } from "../usage/usage-statement.ts";
import { auditContent } from "./read-content.ts";

const wordsLengthMin = 3;
const wordsLengthMax = 200;
/** A content may have half a megabyte. */
const readAtOnce = 200;

export interface Seeker {
  readonly actor: string;
  readonly organisationId: string;
  readonly role: AdminRole;
}

export interface SaidPage {
  /** Exclusive: see saidCursorOf. */
  readonly after?: string | undefined;
  readonly limit: number;
}

export const saidCursorOf = ({ callId }: LedgerEntry): string => `said.${callId}`;

/**
 * @param words anywhere in what was asked or answered, in upper or lower case.
 * @throws ForbiddenError as for one call's content. ValidationError for words that are too few or too many, or a cursor that is none.
 */
export function findSaid(database: Database, seeker: Seeker, words: string, filter: CallFilter, page: SaidPage): Promise<FoundCalls> {
  const beganAtMs = performance.now();
  if (!mayAs(seeker.role, "developer")) throw new ForbiddenError("searching what was said needs the role developer");
  if (words.length < wordsLengthMin || words.length > wordsLengthMax)
    throw new ValidationError([{ path: "said", message: `must have ${wordsLengthMin} to ${wordsLengthMax} characters` }]);
  requireStorable({ said: words });
  checkCallFilter(filter);
  const after = page.after === undefined ? undefined : readCursor(page.after);
  const { organisationId, actor } = seeker;
  return database.tenantAtOnce(organisationId, async (em) => {
    // The next page is of the same search.
    if (after === undefined) {
      auditContent(em, { organisationId, actor, action: "content.search", target: null, details: { words } });
      await em.flush();
    }
    return searchOn({
      beganAtMs,
      limit: page.limit,
      after,
      readAtOnce,
      readOn: (step) => readOn(em, words, filter, step),
      cursorAt: (place) => `said.${place}`,
    });
  });
}

function readOn(em: EntityManager, words: string, filter: CallFilter, { place, most, room }: ReadOn): Promise<readonly Row[]> {
  const { parameters, given } = parametersOf();
  const pattern = given(`%${likeText(words)}%`, "text");
  const kept = ["kept_until > now()", ...inTime(filter, given), ...(place === undefined ? [] : [`call_id < ${given(place, "uuid")}`])];
  const conditions = [...conditionsOf(filter, "ledger", given), ...ownConditions(filter, given)];
  return executeBound<Row>(
    em,
    `with read as materialized (
        select call_id, request, prompt_messages, answer from call_content
        where ${kept.join(" and ")} order by call_id desc limit ${given(most, "bigint")}),
      said as materialized (
        select call_id from read where request ilike ${pattern} or prompt_messages ilike ${pattern} or answer ilike ${pattern}),
      found as (
        select ${entryColumns} from usage_event where ${["call_id in (select call_id from said)", ...conditions].join(" and ")}
        order by usage_event.call_id desc limit ${given(room, "bigint")})
      select edge.*, found.* from
        (select count(*)::text as read, min(call_id::text) as reached from read) as edge
        left join found on true order by found.call_id::uuid desc`,
    parameters,
  );
}

/** A call's id tells when it was: what is an hour later or earlier is not read. */
const inTime = ({ since, until }: CallFilter, given: Given): readonly string[] =>
  since == null && until == null
    ? []
    : [idsOf({ fromMs: since?.getTime() ?? 0, untilMs: until?.getTime() ?? Number.POSITIVE_INFINITY }, "call_id", given)];

/** As it stands inside of a JSON text, where quotes and ends of lines are written otherwise. */
const likeText = (words: string): string =>
  JSON.stringify(words)
    .slice(1, -1)
    .replace(/[\\%_]/g, "\\$&");

function readCursor(cursor: string): string {
  const [of, callId = ""] = cursor.split(".");
  if (of !== "said" || !isUuid(callId))
    throw new ValidationError([{ path: "after", message: "is not a cursor of this search; take one from pageInfo or an edge" }]);
  return callId;
}
