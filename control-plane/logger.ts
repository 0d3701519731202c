/**
 * The control plane's log: JSON lines on standard error, so that standard output stays free for what a start prints.
 * Credentials have no place in any of its fields; those that could carry one are removed by path all the same.
 */
import { type Logger, pino } from "pino";

export type { Logger } from "pino";

/** @param level "silent" for tests that expect errors. */
export const openLogger = (level: string): Logger =>
  pino(
    {
      level,
      base: { plane: "control" },
      redact: {
        paths: ["*.authorization", "*.credential", "*.sealedCredential", "*.sealedHeaders", "*.hash", "*.password"],
        censor: "[removed]",
      },
    },
    // 2: standard error. Synchronous, so that the last line before an exit is written.
    pino.destination({ dest: 2, sync: true }),
  );
