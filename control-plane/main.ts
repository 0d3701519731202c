/**
 * The control plane, wired: database, first configuration, distribution to the nodes, GraphQL. Nothing here decides anything.
 * It closes from the outside inwards, so that what was accepted is finished before what it needs goes away.
 */
import { signerOf } from "#agreements/signature.ts";
import { watchRules } from "./alert-rules/watch-rules.ts";
import { openAlertFeed } from "./alerts/alert-feed.ts";
import { watchMoney } from "./alerts/watch-money.ts";
import { openDatabase } from "./database/orm.ts";
import { startDemoSeed } from "./demo/seed-demo.ts";
import { startDistribution } from "./distribution.ts";
import { startEvaluator } from "./experiments/evaluator.ts";
import { startGraphqlServer } from "./graphql/server.ts";
import type { Logger } from "./logger.ts";
import { firstStart } from "./operations/first-start.ts";
import { startReplayRunner } from "./replay/runner.ts";
import { committedSignal, noPropagation } from "./services.ts";
import type { ControlPlaneSettings } from "./settings.ts";
import { localCallFeed } from "./usage/call-feed.ts";
import { noDeadLetters } from "./usage/dead-letters.ts";

export interface ControlPlane {
  readonly graphqlPort: number;
  readonly configPort: number;
  close(): Promise<void>;
}

/** @throws ControlError where the database cannot be opened or a port is taken; whatever was opened is closed again. */
export async function startControlPlane(settings: ControlPlaneSettings, logger: Logger): Promise<ControlPlane> {
  const opened: (() => Promise<void>)[] = [];
  const close = async () => {
    for (const closeOne of opened.reverse().splice(0)) {
      await closeOne().catch((error: unknown) => logger.error({ err: error }, "a part of the control plane did not close"));
    }
  };
  try {
    const database = await openDatabase(settings, logger);
    opened.push(database.close);
    const signer = signerOf(settings.signingKey);
    const committed = committedSignal(logger);
    const alerts = openAlertFeed(database, logger);
    opened.push(alerts.close);
    const core = { settings, logger, database, signer, committed, alerts };

    await firstStart({ ...core, propagation: noPropagation, callFeed: localCallFeed(), deadLetters: noDeadLetters });

    const distribution = await startDistribution(core);
    opened.push(distribution.close);

    opened.push(watchMoney(core).close);
    opened.push(watchRules(core).close);
    const evaluator = startEvaluator({ ...core, ...distribution }, settings.experimentEvaluationMs);
    opened.push(evaluator.close);
    opened.push(startReplayRunner({ ...core, ...distribution }).close);

    const graphql = await startGraphqlServer({ ...core, ...distribution });
    opened.push(graphql.close);

    if (settings.demoWeek) opened.push(startDemoSeed({ ...core, ...distribution }).close);

    logger.info({ graphqlPort: graphql.port, configPort: distribution.configPort }, "the control plane is ready");
    return { graphqlPort: graphql.port, configPort: distribution.configPort, close };
  } catch (error) {
    await close();
    throw error;
  }
}
