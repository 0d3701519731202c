/** All entities, for the ORM. */
import { configEntities } from "./config-kinds.ts";
import { AdminToken } from "./entities/admin-token.ts";
import { Alert } from "./entities/alert.ts";
import { AlertMail } from "./entities/alert-mail.ts";
import { AlertRule, AlertRuleState } from "./entities/alert-rule.ts";
import { AuditEntry } from "./entities/audit-entry.ts";
import { BudgetState } from "./entities/budget-state.ts";
import { ClosedPeriod } from "./entities/closed-period.ts";
import { ConfigResource } from "./entities/config-resource.ts";
import { ConfigState } from "./entities/config-state.ts";
import { ConsoleSession } from "./entities/console-session.ts";
import { Dataset, DatasetCase } from "./entities/dataset.ts";
import { Feedback } from "./entities/feedback.ts";
import { Node } from "./entities/node.ts";
import { PriceVersion } from "./entities/price-version.ts";
import { PromptLabelRequest } from "./entities/prompt-label-request.ts";
import { ReplayRun } from "./entities/replay-run.ts";
import { Revision } from "./entities/revision.ts";
import { RevisionChange } from "./entities/revision-change.ts";
import { SavedView } from "./entities/saved-view.ts";
import { UsageEvent } from "./entities/usage-event.ts";
import { Webhook, WebhookDelivery } from "./entities/webhook.ts";

export const entities = [
  ...Object.values(configEntities),
  AdminToken,
  WebhookDelivery,
  Webhook,
  ClosedPeriod,
  BudgetState,
  Alert,
  AlertMail,
  AlertRule,
  AlertRuleState,
  AuditEntry,
  ConfigResource,
  ConfigState,
  ConsoleSession,
  Dataset,
  DatasetCase,
  Feedback,
  Node,
  PriceVersion,
  PromptLabelRequest,
  ReplayRun,
  Revision,
  RevisionChange,
  SavedView,
  UsageEvent,
];
