/** The schema. The type files are imported for what they add to the builder. */
import type { GraphQLSchema } from "graphql";
import { builder } from "./builder.ts";
import "./errors.ts";
import "./types/admin-token.ts";
import "./types/alert.ts";
import "./types/api-key.ts";
import "./types/audit-entry.ts";
import "./types/backend.ts";
import "./types/budget.ts";
import "./types/catalogue-model.ts";
import "./types/experiment.ts";
import "./types/node.ts";
import "./types/organisation.ts";
import "./types/price.ts";
import "./types/project.ts";
import "./types/prompt.ts";
import "./types/prompt-insight.ts";
import "./types/prompt-label.ts";
import "./types/provider.ts";
import "./types/quota.ts";
import "./types/revision.ts";
import "./types/route.ts";
import "./types/usage-event.ts";
import "./types/usage-report.ts";
import "./types/viewer.ts";
import "./types/webhook.ts";

export const schema: GraphQLSchema = builder.toSchema();
