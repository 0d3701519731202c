/** The data plane's log: JSON lines on standard error. Bodies, credentials and headers are never given to it. */
import { type Logger, pino } from "pino";

export const openLogger = (level: string): Logger => pino({ level, base: { plane: "data" } }, pino.destination({ dest: 2, sync: false }));
