/**
 * The database, PostgreSQL or the embedded one, and the only two ways to it: `tenant`, where row-level security shows one
 * organisation's rows and no others whatever is asked, and `system`, for what belongs to no organisation.
 *
 * Each is one transaction with its own entity manager. A database that is gone does not end the process: the work fails
 * with UNAVAILABLE and the next one tries again.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { Migrator } from "@mikro-orm/migrations";
import { type EntityManager, IsolationLevel, MikroORM } from "@mikro-orm/postgresql";
import { ControlError } from "../control-error.ts";
import type { Logger } from "../logger.ts";
import { type ControlPlaneSettings, embeddedDatabaseDir } from "../settings.ts";
import { type EmbeddedDatabase, openEmbeddedDatabase } from "./embedded.ts";
import { entities } from "./entities.ts";
import { releaseLostConnections } from "./lost-connections.ts";
import { First } from "./migrations/0001-first.ts";
import { ProviderAuthentication } from "./migrations/0002-provider-authentication.ts";
import { Money } from "./migrations/0010-money.ts";
import { LedgerByDay } from "./migrations/0020-ledger-by-day.ts";
import { ConsoleSessions } from "./migrations/0021-console-session.ts";
import { RollUpKeys } from "./migrations/0022-roll-up-keys.ts";
import { Assignment } from "./migrations/0030-assignment.ts";
import { Prompts } from "./migrations/0031-prompts.ts";
import { QuotaScopes } from "./migrations/0031-quota-scopes.ts";
import { Experiments } from "./migrations/0032-experiments.ts";
import { DroppedParameters } from "./migrations/0040-dropped-parameters.ts";
import { ForcedParameters } from "./migrations/0050-forced-parameters.ts";
import { ContentAndReplay } from "./migrations/0051-content-and-replay.ts";
import { QuotaMarks } from "./migrations/0051-quota-marks.ts";
import { ExperimentHealth } from "./migrations/0052-experiment-health.ts";
import { NodeBackends } from "./migrations/0052-node-backends.ts";
import { LabelRollout } from "./migrations/0053-label-rollout.ts";
import { LedgerSearch } from "./migrations/0060-ledger-search.ts";
import { CombinationsOfCube } from "./migrations/0061-combinations-of-a-cube.ts";
import { RouteCache } from "./migrations/0070-route-cache.ts";
import { ExperimentHypothesis } from "./migrations/0080-experiment-hypothesis.ts";
import { Invitations } from "./migrations/0081-invitations.ts";
import { CallTimelines } from "./migrations/0090-call-timeline.ts";
import { AuditOrigin } from "./migrations/0091-audit-origin.ts";
import { NodeLoad } from "./migrations/0092-node-load.ts";
import { KeyScopes } from "./migrations/0093-key-scopes.ts";
import { CallsInOrder } from "./migrations/0094-calls-in-order.ts";
import { SavedViews } from "./migrations/0095-saved-views.ts";
import { ContentListed } from "./migrations/0096-content-listed.ts";
import { BackendOutages } from "./migrations/0097-backend-outage.ts";
import { AuditOfRevision } from "./migrations/0098-audit-of-revision.ts";
import { NodeNames } from "./migrations/0099-node-names.ts";
import { AlertRules } from "./migrations/0100-alert-rules.ts";

export type { EntityManager } from "@mikro-orm/postgresql";

export const tenantRole = "penstock_tenant";

/** In the order in which they run. */
const migrations = [
  { name: "0001-first", class: First },
  { name: "0002-provider-authentication", class: ProviderAuthentication },
  { name: "0010-money", class: Money },
  { name: "0020-ledger-by-day", class: LedgerByDay },
  { name: "0021-console-session", class: ConsoleSessions },
  { name: "0022-roll-up-keys", class: RollUpKeys },
  { name: "0030-assignment", class: Assignment },
  { name: "0031-prompts", class: Prompts },
  { name: "0031-quota-scopes", class: QuotaScopes },
  { name: "0032-experiments", class: Experiments },
  { name: "0040-dropped-parameters", class: DroppedParameters },
  { name: "0050-forced-parameters", class: ForcedParameters },
  { name: "0051-quota-marks", class: QuotaMarks },
  { name: "0051-content-and-replay", class: ContentAndReplay },
  { name: "0052-experiment-health", class: ExperimentHealth },
  { name: "0053-label-rollout", class: LabelRollout },
  { name: "0052-node-backends", class: NodeBackends },
  { name: "0060-ledger-search", class: LedgerSearch },
  { name: "0061-combinations-of-a-cube", class: CombinationsOfCube },
  { name: "0070-route-cache", class: RouteCache },
  { name: "0080-experiment-hypothesis", class: ExperimentHypothesis },
  { name: "0081-invitations", class: Invitations },
  { name: "0090-call-timeline", class: CallTimelines },
  { name: "0091-audit-origin", class: AuditOrigin },
  { name: "0092-node-load", class: NodeLoad },
  { name: "0093-key-scopes", class: KeyScopes },
  { name: "0094-calls-in-order", class: CallsInOrder },
  { name: "0095-saved-views", class: SavedViews },
  { name: "0096-content-listed", class: ContentListed },
  { name: "0097-backend-outage", class: BackendOutages },
  { name: "0098-audit-of-revision", class: AuditOfRevision },
  { name: "0099-node-names", class: NodeNames },
  { name: "0100-alert-rules", class: AlertRules },
];

const connectionsMax = 10;
const connectMs = 2_000;
/** The embedded database has one session, so its waiting line is the queue for work and not for a handshake. */
const embeddedQueueMs = 10_000;
const statementMs = 5_000;
const lockMs = 1_000;
const idleInTransactionMs = 5_000;
const migrationMs = 60_000;
/** Any constant; it keeps two control planes that start at once from migrating at once. */
const migrationLock = 7_361_604;

export interface Database {
  readonly orm: MikroORM;
  /** In a transaction that sees every organisation. For publishers, the ledger, authentication. */
  system<T>(work: (em: EntityManager) => Promise<T>): Promise<T>;
  /** In a transaction that can neither read nor write another organisation's rows, raw SQL included. */
  tenant<T>(organisationId: string, work: (em: EntityManager) => Promise<T>): Promise<T>;
  /** The same, and all that is read in it is of one instant. For reading alone. */
  tenantAtOnce<T>(organisationId: string, work: (em: EntityManager) => Promise<T>): Promise<T>;
  /** Frees what was overwritten and counts what there is: a server does that by itself, the embedded one only when asked. */
  vacuum(): Promise<void>;
  close(): Promise<void>;
}

/**
 * A step of tenant work that needs what no organisation owns, such as where the configuration stands. The transaction is
 * the same; afterwards it is the tenant's again. Where the work throws, the transaction ends anyway.
 */
export async function asSystem<T>(em: EntityManager, work: () => Promise<T>): Promise<T> {
  await em.execute("set local role none");
  const result = await work();
  await em.execute(`set local role ${tenantRole}`);
  return result;
}

/** @throws ControlError START where the data directory is taken, UNAVAILABLE where PostgreSQL does not answer. */
export async function openDatabase(settings: Pick<ControlPlaneSettings, "databaseUrl" | "dataDir">, logger: Logger): Promise<Database> {
  const embedded = settings.databaseUrl === undefined ? await openEmbeddedDatabase(embeddedDatabaseDir(settings)) : undefined;
  let orm: MikroORM | undefined;
  try {
    orm = await MikroORM.init({
      entities,
      ...(settings.databaseUrl === undefined ? { dbName: "postgres", user: "postgres" } : { clientUrl: settings.databaseUrl }),
      extensions: [Migrator],
      migrations: { migrationsList: [...migrations], snapshot: false, silent: true },
      driverOptions: poolOptions(embedded),
      // What the log may hold is decided in one place; statements and their parameters are not for it.
      debug: false,
      logger: (message) => logger.warn(message),
      discovery: { checkDuplicateTableNames: true, checkDuplicateFieldNames: true },
    });
    await migrate(orm, embedded);
  } catch (error) {
    await orm?.close(true);
    await embedded?.close();
    throw readable(error);
  }
  return databaseOf(orm, embedded);
}

function poolOptions(embedded: EmbeddedDatabase | undefined) {
  const onPoolCreated = releaseLostConnections;
  if (embedded !== undefined) return { max: 1, connectionTimeoutMillis: embeddedQueueMs, stream: embedded.stream, onPoolCreated };
  return {
    onPoolCreated,
    max: connectionsMax,
    connectionTimeoutMillis: connectMs,
    statement_timeout: statementMs,
    lock_timeout: lockMs,
    idle_in_transaction_session_timeout: idleInTransactionMs,
    keepAlive: true,
    // What it thinks costly it would compile, which takes longer than any statement of ours.
    options: "-c jit=off",
    application_name: "penstock-control-plane",
  };
}

/** Under a lock, because two control planes may start at once; the embedded database's process lock has seen to that. */
async function migrate(orm: MikroORM, embedded: EmbeddedDatabase | undefined): Promise<void> {
  if (embedded !== undefined) {
    await orm.migrator.up();
    // What it was unpacked from is the same in many installations; an epoch is of one. Nothing has happened in it at number 0.
    await orm.em.fork().execute("update config_state set epoch = gen_random_uuid() where number = 0");
    return;
  }
  await orm.em.fork().transactional(async (em) => {
    // The other one may be at it for longer than a lock is waited for otherwise, and this transaction idles meanwhile.
    await em.execute(`set local statement_timeout = ${migrationMs}`);
    await em.execute(`set local lock_timeout = ${migrationMs}`);
    await em.execute(`set local idle_in_transaction_session_timeout = ${migrationMs}`);
    await em.execute("select pg_advisory_xact_lock(?)", [migrationLock]);
    await orm.migrator.up();
  });
}

function databaseOf(orm: MikroORM, embedded: EmbeddedDatabase | undefined): Database {
  const inside = new AsyncLocalStorage<true>();
  const transaction = async <T>(
    em: EntityManager,
    work: (em: EntityManager) => Promise<T>,
    options: { readonly isolationLevel?: IsolationLevel } = {},
  ): Promise<T> => {
    // On the embedded database's one session it would wait for itself.
    if (inside.getStore()) throw new Error("a transaction inside a transaction: hand on the entity manager instead");
    try {
      return await inside.run(true, () => em.transactional((forked) => work(forked as EntityManager), options));
    } catch (error) {
      throw readable(error);
    }
  };
  const tenantManager = (organisationId: string): EntityManager => {
    const em = orm.em.fork();
    em.setSessionContext({ role: tenantRole, variables: { "app.organisation": organisationId } });
    return em;
  };
  return {
    orm,
    system: (work) => transaction(orm.em.fork(), work),
    tenant: (organisationId, work) => transaction(tenantManager(organisationId), work),
    tenantAtOnce: (organisationId, work) =>
      transaction(tenantManager(organisationId), work, { isolationLevel: IsolationLevel.REPEATABLE_READ }),
    vacuum: async () => {
      if (embedded !== undefined) await vacuumEmbedded(orm);
    },
    close: async () => {
      await orm.close(true);
      await embedded?.close();
    },
  };
}

/** Table by table, so that others come between. A day that is over changes no more once it has been counted. */
async function vacuumEmbedded(orm: MikroORM): Promise<void> {
  const connection = orm.em.fork().getConnection();
  const tables = await connection.execute<{ name: string }[]>(
    `select oid::regclass::text as name from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace
     and (reltuples < 0 or relname !~ '_[0-9]{8}$' or right(relname, 8) >= to_char(now() at time zone 'UTC', 'YYYYMMDD')) order by relname`,
  );
  for (const { name } of tables) await connection.execute(`vacuum (analyze) ${name}`);
}

/** SQLSTATE classes and codes that say "not now": connection lost, too many connections, shutting down, cancelled by a clock. */
const notNow = /^(08...|53...|57P0.|57014|55P03|25P03|40001|40P01)$/;
const unreachable = new Set(["ECONNREFUSED", "ECONNRESET", "ENOTFOUND", "EAI_AGAIN", "ETIMEDOUT", "EPIPE", "EHOSTUNREACH", "ENETUNREACH"]);

/** Turns "the database is not there" into what a caller can act on; leaves all else as it is. */
function readable(error: unknown): unknown {
  if (error instanceof ControlError || !(error instanceof Error)) return error;
  const code = "code" in error ? String(error.code) : "";
  const lost =
    /Connection terminated|timeout exceeded when trying to connect|connection timeout|Client has encountered a connection error/i;
  if (notNow.test(code) || unreachable.has(code) || lost.test(error.message) || (error instanceof AggregateError && unreachable.has(code)))
    return new ControlError("UNAVAILABLE", "the database does not answer; try again", error);
  return error;
}
