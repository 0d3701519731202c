/** Nodes' last words as rows. One statement for all that are written in a turn; an older word never replaces a newer one. */
import { create, fromJson, type JsonValue, toJson } from "@bufbuild/protobuf";
import {
  BackendLoadSchema,
  BackendStatusSchema,
  type NodeSetting,
  NodeSettingSchema,
  type NodeStatus,
  NodeStatusSchema,
} from "#proto/penstock/config/v1/node_pb.ts";
import type { Database } from "../database/orm.ts";
import { outageRecorder } from "./backend-outages.ts";
import { type HeardNode, type NodeRegister, namesMax } from "./node-tracker.ts";

/** A refusal's reason may quote a configuration; what a person needs of it fits. In characters. */
const textLengthMax = 2000;
const wordLengthMax = 200;
const backendsMax = 100;
const loadsMax = 200;
const settingsMax = 200;

interface NodeRow {
  readonly node_id: string;
  readonly name: string;
  readonly instance_id: string;
  readonly version: string;
  readonly state: string;
  readonly applied_epoch: string | null;
  readonly applied_number: string | null;
  /** Hex. */
  readonly applied_hash: string | null;
  readonly applied_at_ms: string | null;
  readonly refused_number: string | null;
  readonly refused_reason: string | null;
  readonly reported_at_ms: string;
  readonly started_at_ms: string;
  readonly calls_in_flight: number;
  readonly grpc_address: string;
  readonly rest_address: string;
  readonly config_source: string;
  readonly usage_events_waiting: string;
  readonly backends: readonly JsonValue[];
  readonly loads: readonly JsonValue[];
  readonly event_loop_delay_ms: number;
  /** Null: they are there already. */
  readonly settings: readonly JsonValue[] | null;
}

const time = (column: string) => `to_timestamp(${column}_ms::double precision / 1000)`;
const milliseconds = (column: string) => `floor(extract(epoch from ${column}) * 1000)::bigint::text as ${column}_ms`;
const plainColumns = [
  "name",
  "instance_id",
  "version",
  "state",
  "applied_epoch",
  "applied_number",
  "refused_number",
  "refused_reason",
  "calls_in_flight",
  "grpc_address",
  "rest_address",
  "config_source",
  "usage_events_waiting",
  "backends",
  "loads",
  "event_loop_delay_ms",
];
const writtenColumns = [...plainColumns, "applied_hash", "applied_at", "reported_at", "started_at"];

const saveStatement = `
  insert into node (node_id, settings, ${writtenColumns.join(", ")})
  select node_id, coalesce(settings, '[]'), ${plainColumns.join(", ")}, decode(applied_hash, 'hex'), ${time("applied_at")}, ${time("reported_at")}, ${time("started_at")}
  from jsonb_to_recordset(?::jsonb) as heard (node_id text, name text, settings jsonb, instance_id text, version text, state text, applied_epoch text,
    applied_number bigint, refused_number bigint, refused_reason text, calls_in_flight integer, grpc_address text, rest_address text,
    config_source text, usage_events_waiting bigint, backends jsonb, loads jsonb, event_loop_delay_ms double precision, applied_hash text, applied_at_ms text, reported_at_ms text, started_at_ms text)
  on conflict (node_id) do update set ${writtenColumns.map((column) => `${column} = excluded.${column}`).join(", ")},
    settings = case when excluded.settings = '[]' and node.instance_id = excluded.instance_id then node.settings else excluded.settings end
  where node.reported_at <= excluded.reported_at`;

const readStatement = `
  select node_id, name, settings, instance_id, version, state, applied_epoch, applied_number::text as applied_number,
    encode(applied_hash, 'hex') as applied_hash, refused_number::text as refused_number, refused_reason, calls_in_flight,
    grpc_address, rest_address, config_source, usage_events_waiting::text as usage_events_waiting, backends, loads, event_loop_delay_ms,
    ${milliseconds("applied_at")}, ${milliseconds("reported_at")}, ${milliseconds("started_at")}
  from node where reported_at >= ? order by node_id`;

export function databaseNodes(database: Database): NodeRegister {
  const outages = outageRecorder();
  /** Lists of settings that their rows have: a node says them once a minute, and its row is written every two seconds. */
  const saved = new WeakSet<readonly NodeSetting[]>();
  return {
    save: async (heard) => {
      await database.system(async (em) => {
        const rows = heard.map((node) => ({ ...rowOf(node), settings: saved.has(node.status.settings) ? null : settingsOf(node) }));
        await em.execute(saveStatement, [JSON.stringify(rows)]);
        await outages.record(em, heard);
      });
      for (const { status } of heard) saved.add(status.settings);
    },
    names: () =>
      database.system((em) =>
        em.execute(`select node_id as id, name from (select node_id, name, reported_at from node where name <> ''
          order by reported_at desc limit ${namesMax}) as newest order by reported_at`),
      ),
    heardSince: (since) =>
      database.system(async (em) => (await em.execute<NodeRow[]>(readStatement, [since.toISOString()])).map(heardNode)),
  };
}

const settingsOf = ({ status }: HeardNode): JsonValue[] =>
  status.settings.slice(0, settingsMax).map(({ name, value, isSecret, origin }) =>
    toJson(
      NodeSettingSchema,
      create(NodeSettingSchema, {
        name: text(name, wordLengthMax),
        isSecret,
        origin: text(origin, wordLengthMax),
        ...(isSecret || value === undefined ? {} : { value: text(value, textLengthMax) }),
      }),
    ),
  );

function rowOf({ status, heardAtMs }: HeardNode): Omit<NodeRow, "settings"> {
  return {
    node_id: status.nodeId,
    name: text(status.nodeName, wordLengthMax),
    instance_id: text(status.instanceId, wordLengthMax),
    version: text(status.version, wordLengthMax),
    state: text(status.state, wordLengthMax),
    applied_epoch: status.applied === undefined ? null : text(status.applied.epoch, wordLengthMax),
    applied_number: status.applied?.number.toString() ?? null,
    applied_hash: status.applied === undefined ? null : Buffer.from(status.applied.hash).toString("hex"),
    applied_at_ms: status.applied?.appliedAtMs.toString() ?? null,
    refused_number: status.refused?.number.toString() ?? null,
    refused_reason: status.refused === undefined ? null : text(status.refused.reason, textLengthMax),
    reported_at_ms: String(heardAtMs),
    started_at_ms: status.startedAtMs.toString(),
    calls_in_flight: status.callsInFlight,
    grpc_address: text(status.grpcAddress, wordLengthMax),
    rest_address: text(status.restAddress, wordLengthMax),
    config_source: text(status.configSource, wordLengthMax),
    usage_events_waiting: status.usageEventsWaiting.toString(),
    backends: status.backends.slice(0, backendsMax).map((backend) =>
      toJson(BackendStatusSchema, {
        ...backend,
        lastError: text(backend.lastError, wordLengthMax),
        lastMessage: text(backend.lastMessage, textLengthMax),
      }),
    ),
    loads: status.loads
      .slice(0, loadsMax)
      .map((load) => toJson(BackendLoadSchema, { ...load, backendId: text(load.backendId, wordLengthMax) })),
    event_loop_delay_ms: Number.isFinite(status.eventLoopDelayMs) ? status.eventLoopDelayMs : 0,
  };
}

function heardNode(row: NodeRow): HeardNode {
  const status: NodeStatus = create(NodeStatusSchema, {
    nodeId: row.node_id,
    nodeName: row.name,
    settings: (row.settings ?? []).map((setting) => fromJson(NodeSettingSchema, setting, { ignoreUnknownFields: true })),
    instanceId: row.instance_id,
    version: row.version,
    state: row.state,
    startedAtMs: BigInt(row.started_at_ms),
    reportedAtMs: BigInt(row.reported_at_ms),
    callsInFlight: row.calls_in_flight,
    grpcAddress: row.grpc_address,
    restAddress: row.rest_address,
    usageEventsWaiting: BigInt(row.usage_events_waiting),
    configSource: row.config_source,
    backends: row.backends.map((backend) => fromJson(BackendStatusSchema, backend, { ignoreUnknownFields: true })),
    loads: row.loads.map((load) => fromJson(BackendLoadSchema, load, { ignoreUnknownFields: true })),
    eventLoopDelayMs: row.event_loop_delay_ms,
    ...(row.applied_epoch === null
      ? {}
      : {
          applied: {
            epoch: row.applied_epoch,
            number: BigInt(row.applied_number ?? 0),
            hash: Buffer.from(row.applied_hash ?? "", "hex"),
            appliedAtMs: BigInt(row.applied_at_ms ?? 0),
          },
        }),
    ...(row.refused_number === null
      ? {}
      : {
          refused: {
            epoch: row.applied_epoch ?? "",
            number: BigInt(row.refused_number),
            reason: row.refused_reason ?? "",
            refusedAtMs: 0n,
          },
        }),
  });
  return { status, heardAtMs: Number(row.reported_at_ms) };
}

/** PostgreSQL's text cannot hold the character 0. */
const text = (value: string, lengthMax: number): string => value.replaceAll("\0", "\uFFFD").slice(0, lengthMax);
