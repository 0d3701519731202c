/** All scenarios, in the order in which they are played and reported. */
import type { Scenario } from "./scenario.ts";
import { analytics } from "./scenarios/analytics.ts";
import { burstTokens, embeddings, largeAnswers, streamedTokens, translation, wholeAnswers } from "./scenarios/answers.ts";
import { configuration } from "./scenarios/configuration.ts";
import { consolePages } from "./scenarios/console.ts";
import { grpc } from "./scenarios/grpc.ts";
import { addedLatency } from "./scenarios/latency.ts";
import { ledger } from "./scenarios/ledger.ts";
import { openStreams } from "./scenarios/open-streams.ts";
import { quota } from "./scenarios/quota.ts";
import { soak } from "./scenarios/soak.ts";
import { start } from "./scenarios/start.ts";
import { workers } from "./scenarios/workers.ts";

/** The soak is played only where it is asked for. */
export const scenarios: readonly Scenario[] = [
  wholeAnswers,
  streamedTokens,
  burstTokens,
  grpc,
  largeAnswers,
  embeddings,
  translation,
  addedLatency,
  openStreams,
  configuration,
  start,
  quota,
  workers,
  ledger,
  analytics,
  consolePages,
  soak,
];
