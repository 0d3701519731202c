/** Calls of the ledger whose content is kept, as what they are to a replay: what was asked, what was answered, at what cost. */
import { type CallContent, readContents } from "../content/read-content.ts";
import { ValidationError } from "../control-error.ts";
import { isUuid } from "../database/config-kinds.ts";
import type { Database, EntityManager } from "../database/orm.ts";
import { type CallFilter, type LedgerEntry, newestCalls, usageEntry } from "../usage/read-usage.ts";
import { answerText, type ChatMessage, type NodeAnswer, toolCallsOf } from "./call-node.ts";

export const callsMax = 1000;
export const callsDefault = 100;

export interface CallsAsked {
  readonly callIds?: readonly string[] | null | undefined;
  /** Newest first. */
  readonly filter?: CallFilter | undefined;
  /** Of a filter: how many. */
  readonly limit?: number | null | undefined;
}

/** Those that are asked for and whose content is kept, in the order asked. @throws ValidationError. */
export async function chooseCalls(database: Database, organisationId: string, { callIds, filter, limit }: CallsAsked): Promise<string[]> {
  if ((callIds == null) === (filter === undefined))
    throw new ValidationError([{ path: "callIds", message: "give callIds, or a filter, and not both" }]);
  const wrong = callIds?.findIndex((id) => !isUuid(id)) ?? -1;
  if (wrong >= 0) throw new ValidationError([{ path: `callIds[${wrong}]`, message: "is not a call's id" }]);
  if (callIds != null) {
    if (callIds.length === 0 || callIds.length > callsMax)
      throw new ValidationError([{ path: "callIds", message: `must be 1 to ${callsMax}` }]);
    return [...new Set(callIds)];
  }
  if (limit != null && (limit < 1 || limit > callsMax))
    throw new ValidationError([{ path: "limit", message: `must be from 1 to ${callsMax}` }]);
  const entries = await newestCalls(database, organisationId, { ...filter, hasContent: true }, limit ?? callsDefault);
  if (entries.length === 0)
    throw new ValidationError([
      { path: "filter", message: "no call whose content is kept is like this; is contentCapture on where it was made?" },
    ]);
  return entries.map(({ callId }) => callId);
}

export interface LoggedCall {
  readonly callId: string;
  readonly keptUntil: Date;
  readonly route: { readonly id: string; readonly name: string };
  /** A body of the chat API; undefined: it was cut and cannot be made again. */
  readonly request: Readonly<Record<string, unknown>> | undefined;
  readonly answer: NodeAnswer;
  /** The answer was longer than what is kept. */
  readonly answerCut: boolean;
}

/** undefined: its content is not kept, or the ledger does not have it yet. */
export async function loggedCall(database: Database, organisationId: string, callId: string): Promise<LoggedCall | undefined> {
  const entry = await usageEntry(database, organisationId, callId);
  if (entry === undefined) return undefined;
  return database.tenant(organisationId, async (em) => {
    const [content] = await readContents(em, [callId]);
    return content === undefined ? undefined : asLogged(entry, content, await namesIn(em, entry));
  });
}

interface Names {
  readonly backend: string;
  readonly prompt: string;
}

/** As answers say them; ids where the thing is gone. */
async function namesIn(em: EntityManager, { backendId, promptId }: LedgerEntry): Promise<Names> {
  const nameOf = async (column: string, table: string, id: string): Promise<string> => {
    const [row] = isUuid(id) ? await em.execute<{ name: string }[]>(`select ${column} as name from ${table} where id = ?`, [id]) : [];
    return row?.name ?? id;
  };
  return { backend: await nameOf("key", "backend", backendId), prompt: await nameOf("name", "prompt", promptId) };
}

function asLogged(entry: LedgerEntry, content: CallContent, names: Names): LoggedCall {
  const [message] = content.answer === "" ? [] : (JSON.parse(content.answer) as ChatMessage[]);
  return {
    callId: entry.callId,
    keptUntil: content.keptUntil,
    route: { id: entry.routeId, name: entry.routeName },
    request: content.requestCut ? undefined : (JSON.parse(content.request) as Record<string, unknown>),
    answerCut: content.answerCut,
    answer: {
      status: entry.outcome === "ok" ? 200 : 0,
      callId: entry.callId,
      backend: names.backend,
      prompt: entry.promptId === "" ? "" : `${names.prompt}@${entry.promptVersion}`,
      durationMs: entry.durationMs,
      content: typeof message?.content === "string" ? message.content : "",
      toolCalls: toolCallsOf(message),
      error: entry.outcome === "ok" ? null : entry.errorReason || entry.outcome,
      inputTokens: knownNumber(entry.inputTokens),
      outputTokens: knownNumber(entry.outputTokens),
      costUsd: entry.costNanodollars === null ? null : Number(entry.costNanodollars) / 1e9,
    },
  };
}

const knownNumber = (value: bigint | null): number | null => (value === null ? null : Number(value));

/** What somebody asked, for a judge: the last that a user wrote. */
export function questionOf(request: Readonly<Record<string, unknown>>): string {
  const messages = Array.isArray(request["messages"])
    ? (request["messages"] as readonly { readonly role?: unknown; readonly content?: unknown }[])
    : [];
  const last = messages.findLast(({ role }) => role === "user");
  if (last === undefined) return JSON.stringify((request["prompt"] as { readonly variables?: unknown } | undefined)?.variables ?? {});
  return typeof last.content === "string" ? last.content : JSON.stringify(last.content);
}

export const textOfAnswer = (answer: NodeAnswer): string | null => (answer.error === null ? answerText(answer) : null);
