/** All entities, for the ORM. */
import { configEntities } from "./config-kinds.ts";
import { AdminToken } from "./entities/admin-token.ts";
import { AuditEntry } from "./entities/audit-entry.ts";
import { ConfigResource } from "./entities/config-resource.ts";
import { ConfigState } from "./entities/config-state.ts";
import { ConsoleSession } from "./entities/console-session.ts";
import { Feedback } from "./entities/feedback.ts";
import { Node } from "./entities/node.ts";
import { PriceVersion } from "./entities/price-version.ts";
import { PromptLabelRequest } from "./entities/prompt-label-request.ts";
import { Revision } from "./entities/revision.ts";
import { RevisionChange } from "./entities/revision-change.ts";
import { UsageEvent } from "./entities/usage-event.ts";

export const entities = [
  ...Object.values(configEntities),
  AdminToken,
  AuditEntry,
  ConfigResource,
  ConfigState,
  ConsoleSession,
  Feedback,
  Node,
  PriceVersion,
  PromptLabelRequest,
  Revision,
  RevisionChange,
  UsageEvent,
];
