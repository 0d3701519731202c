/**
 * Remembers when nodes passed a backend over: from the first report of an open circuit to the first without it. Written beside the
 * nodes' own rows; a node that nothing fails on costs no statement.
 */
import { executeBound } from "../database/bound-statement.ts";
import type { EntityManager } from "../database/orm.ts";
import type { HeardNode } from "./node-tracker.ts";

const textLengthMax = 500;
const keptDays = 90;

export interface OutageRecorder {
  /** In the transaction that writes the nodes. */
  record(em: EntityManager, heard: readonly HeardNode[]): Promise<void>;
}

export function outageRecorder(): OutageRecorder {
  /** Whether something was open on a node when it was last written. Not in it: nobody knows, since the start. */
  const openOn = new Map<string, boolean>();
  return {
    async record(em, heard) {
      const told = heard
        .map((node) => ({ node, open: node.status.backends.filter(({ circuit }) => circuit !== "closed") }))
        .filter(({ node, open }) => open.length > 0 || openOn.get(node.status.nodeId) !== false);
      if (told.length === 0) return;
      const rows = told.flatMap(({ node, open }) =>
        open.map((circuit) => ({
          node_id: node.status.nodeId,
          backend_id: circuit.backendId,
          began_ms: circuit.sinceMs.toString(),
          last_error: text(circuit.lastError),
          last_http_status: circuit.lastHttpStatus,
          last_message: text(circuit.lastMessage),
        })),
      );
      if (rows.length > 0) await executeBound(em, openStatement, [JSON.stringify(rows)]);
      const reports = told.map(({ node, open }) => ({
        node_id: node.status.nodeId,
        at_ms: node.heardAtMs,
        open: open.map(({ backendId }) => backendId),
      }));
      await executeBound(em, closeStatement, [JSON.stringify(reports)]);
      for (const { node, open } of told) openOn.set(node.status.nodeId, open.length > 0);
    },
  };
}

/** A circuit that is tried in between and fails again is one outage: it began when it first opened. */
const openStatement = `
  insert into backend_outage (organisation_id, backend_id, node_id, began_at, last_error, last_http_status, last_message)
  select b.organisation_id, b.id, h.node_id, to_timestamp(h.began_ms / 1000.0), h.last_error, h.last_http_status, h.last_message
  from jsonb_to_recordset($1::jsonb) as h (node_id text, backend_id text, began_ms bigint, last_error text, last_http_status integer, last_message text)
  join backend b on b.id::text = h.backend_id
  on conflict (backend_id, node_id) where ended_at is null do update
    set last_error = excluded.last_error, last_http_status = excluded.last_http_status, last_message = excluded.last_message`;

const closeStatement = `
  with reports as (select * from jsonb_to_recordset($1::jsonb) as r (node_id text, at_ms double precision, open jsonb)),
    old as (delete from backend_outage where ended_at < now() - interval '${keptDays} days')
  update backend_outage o set ended_at = greatest(o.began_at, to_timestamp(r.at_ms / 1000)) from reports r
  where o.node_id = r.node_id and o.ended_at is null and not jsonb_exists(r.open, o.backend_id::text)`;

/** PostgreSQL's text cannot hold the character 0. */
const text = (value: string): string => value.replaceAll("\0", "\uFFFD").slice(0, textLengthMax);
