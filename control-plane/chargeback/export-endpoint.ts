/**
 * GET /export/chargeback?period=2026-10: a period's usage for whoever pays, streamed. How many rows there were and what they come
 * to stands in the trailers, so that whoever reads to the end knows that it was the end; an export that fails on the way is a
 * connection that breaks, and never a shorter file.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { v7 } from "uuid";
import { principalBehind } from "../console/principal.ts";
import { ControlError, ValidationError } from "../control-error.ts";
import { AuditEntry } from "../database/entities/audit-entry.ts";
import type { Principal } from "../graphql/context.ts";
import { drained, sendJson } from "../http-exchange.ts";
import type { Services } from "../services.ts";
import { type Period, readPeriod } from "./period.ts";
import { columnsOf, type ExportDetail, exportDetails, readExport } from "./read-export.ts";
import { contentTypes, type ExportFormat, exportFormats, headOf, textOf } from "./write-export.ts";

export const exportPath = "/export/chargeback";

const statuses: Readonly<Record<string, number>> = { VALIDATION: 400, FORBIDDEN: 403, UNAUTHENTICATED: 401, UNAVAILABLE: 503 };

interface Asked {
  readonly period: Period;
  readonly detail: ExportDetail;
  readonly format: ExportFormat;
}

export async function answerExport(request: IncomingMessage, response: ServerResponse, services: Services): Promise<void> {
  if (request.method !== "GET") return sendJson(response, 405, { error: "an export is asked for with GET" });
  try {
    const principal = await principalBehind(services, (name) => {
      const value = request.headers[name];
      return typeof value === "string" ? value : undefined;
    });
    if (principal === undefined)
      throw new ControlError(
        "UNAUTHENTICATED",
        "give an admin token that is known, not expired and not revoked: authorization: Bearer pat_…",
      );
    const asked = await readQuestion(services, principal, new URL(request.url ?? exportPath, "http://penstock.local").searchParams);
    await send(response, services, principal, asked);
  } catch (error) {
    if (response.headersSent || !(error instanceof ControlError) || statuses[error.kind] === undefined) throw error;
    sendJson(response, statuses[error.kind] ?? 500, { error: error.message });
  }
}

async function readQuestion(services: Services, principal: Principal, query: URLSearchParams): Promise<Asked> {
  const word = <Word extends string>(name: string, words: readonly Word[]): Word => {
    const given = query.get(name) ?? words[0];
    const known = words.find((each) => each === given);
    if (known === undefined) throw new ValidationError([{ path: name, message: `must be one of ${words.join(", ")}` }]);
    return known;
  };
  const detail = word("detail", exportDetails);
  const format = word("format", exportFormats);
  return services.database.tenant(principal.organisationId, async (em) => {
    const period = await readPeriod(em, { period: query.get("period") ?? "", timeZone: query.get("timeZone") ?? "UTC" });
    em.persist(
      em.create(AuditEntry, {
        id: v7(),
        organisationId: principal.organisationId,
        at: new Date(),
        actor: principal.actor,
        action: "chargeback.export",
        targetKind: "organisation",
        targetId: principal.organisationId,
        revisionNumber: null,
        details: { period: period.label, detail, format },
      }),
    );
    return { period, detail, format };
  });
}

async function send(response: ServerResponse, { database }: Services, { organisationId }: Principal, asked: Asked): Promise<void> {
  const { period, detail, format } = asked;
  const columns = columnsOf(detail);
  const name = `chargeback-${period.label.replaceAll(/[^A-Za-z0-9-]+/g, "_")}-${detail}.${format}`;
  response.writeHead(200, {
    "content-type": contentTypes[format],
    "content-disposition": `attachment; filename="${name}"`,
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "x-penstock-period": `${period.start.toISOString()}/${period.end.toISOString()}`,
    trailer: "x-penstock-rows, x-penstock-calls, x-penstock-cost-nanodollars",
  });
  response.write(headOf(format, columns));
  let rows = 0;
  let calls = 0n;
  let cost = 0n;
  for await (const batch of readExport(database, organisationId, period, detail)) {
    if (response.destroyed) return;
    for (const row of batch) {
      rows++;
      calls += BigInt(row["calls"] ?? "1");
      cost += BigInt(row["cost_nanodollars"] ?? "0");
    }
    if (!response.write(textOf(format, columns, batch))) await drained(response);
  }
  response.addTrailers({
    "x-penstock-rows": String(rows),
    "x-penstock-calls": calls.toString(),
    "x-penstock-cost-nanodollars": cost.toString(),
  });
  response.end();
}
