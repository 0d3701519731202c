/** The kinds of things that entries of the audit log are about: all of the configuration, and what is acted on beside it. */
import { type ConfigKind, configEntities } from "./config-kinds.ts";

const besides = ["admin_token", "alert_rule", "call", "closed_period", "dataset", "dead_letter", "replay_run", "webhook"] as const;

export type AuditedKind = ConfigKind | (typeof besides)[number];

export const auditedKinds: readonly AuditedKind[] = [...(Object.keys(configEntities) as ConfigKind[]), ...besides];
