/** The control plane's services over a real database, without its listeners: for tests of operations and of the schema. */
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { v7 } from "uuid";
import { signerOf } from "#agreements/signature.ts";
import { openAlertFeed } from "../../control-plane/alerts/alert-feed.ts";
import { openDatabase } from "../../control-plane/database/orm.ts";
import { openLogger } from "../../control-plane/logger.ts";
import { changeConfiguration } from "../../control-plane/operations/change-configuration.ts";
import { committedSignal, noPropagation, type Services } from "../../control-plane/services.ts";
import type { ControlPlaneSettings } from "../../control-plane/settings.ts";
import { localCallFeed } from "../../control-plane/usage/call-feed.ts";
import { noDeadLetters } from "../../control-plane/usage/dead-letters.ts";

export interface TestServices extends Services {
  close(): Promise<void>;
}

/** @param databaseUrl undefined: PGlite in a directory of its own. */
export async function openTestServices(
  databaseUrl: string | undefined,
  changes: Partial<ControlPlaneSettings> = {},
): Promise<TestServices> {
  const dataDir = mkdtempSync(join(tmpdir(), "penstock-control-"));
  const settings: ControlPlaneSettings = {
    host: "127.0.0.1",
    graphqlPort: 0,
    configPort: 0,
    dataDir,
    databaseUrl,
    redisUrl: undefined,
    trustedProxies: [],
    resolved: [],
    pepper: "a pepper for tests",
    sealingKey: randomBytes(32),
    signingKey: randomBytes(32),
    privateAddresses: ["127.0.0.1"],
    graphqlIntrospection: true,
    graphqlExplorer: false,
    ledgerDays: 400,
    consoleSessionMs: 3_600_000,
    restUrl: undefined,
    experimentEvaluationMs: 3_600_000,
    smtp: undefined,
    logLevel: "silent",
    demoSimulatorUrl: undefined,
    demoWeek: false,
    ...changes,
  };
  const logger = openLogger(settings.logLevel);
  const database = await openDatabase(settings, logger);
  const alerts = openAlertFeed(database, logger);
  return {
    settings,
    logger,
    database,
    alerts,
    signer: signerOf(settings.signingKey),
    committed: committedSignal(logger),
    propagation: noPropagation,
    callFeed: localCallFeed(),
    deadLetters: noDeadLetters,
    close: async () => {
      await alerts.close();
      await database.close();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

/** A new organisation with nothing in it. */
export async function makeOrganisation(services: Services, key: string): Promise<string> {
  const id = v7();
  await changeConfiguration(
    services,
    { actor: "test", organisationId: id },
    { action: "organisation.create", summary: key },
    async (change) => change.create("organisation", { id, key, name: key }),
  );
  return id;
}
