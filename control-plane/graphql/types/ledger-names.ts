/** What people call the things that a row of the ledger, or a call that runs, names by their ids. Imported for its side effects by schema.ts. */
import { type ConfigKind, isUuid } from "../../database/config-kinds.ts";
import { builder } from "../builder.ts";
import type { GraphQLContext } from "../context.ts";
import { RunningCallType } from "./running-calls.ts";
import { AttemptType, UsageEventType } from "./usage-event.ts";

const description = "As it is called now, archived or not. Null: there was none, or nobody knows it any more.";

async function nameOf({ loaders }: GraphQLContext, kind: ConfigKind, id: string): Promise<string | null> {
  const row = isUuid(id) ? await loaders[kind].load(id) : undefined;
  if (row === undefined) return null;
  return "key" in row ? row.key : "name" in row ? row.name : null;
}

builder.objectFields(UsageEventType, (t) => ({
  backendName: t.string({ nullable: true, description, resolve: (row, _args, context) => nameOf(context, "backend", row.backendId) }),
  apiKeyName: t.string({ nullable: true, description, resolve: (row, _args, context) => nameOf(context, "api_key", row.apiKeyId) }),
  promptName: t.string({ nullable: true, description, resolve: (row, _args, context) => nameOf(context, "prompt", row.promptId) }),
}));

builder.objectField(AttemptType, "backendName", (t) =>
  t.string({ nullable: true, description, resolve: (row, _args, context) => nameOf(context, "backend", row.backendId) }),
);

builder.objectField(RunningCallType, "backendName", (t) =>
  t.string({ nullable: true, description, resolve: ({ call }, _args, context) => nameOf(context, "backend", call.backendId) }),
);
