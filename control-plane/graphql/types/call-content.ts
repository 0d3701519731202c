/** What was said in calls, for those who may see it; each look is in the audit log. Imported for its side effects by schema.ts. */

import { auditContent, type CallContent, deleteContents, readContents } from "../../content/read-content.ts";
import { ValidationError } from "../../control-error.ts";
import { isUuid } from "../../database/config-kinds.ts";
import { builder } from "../builder.ts";
import { inOrganisation } from "../config-type.ts";
import { principalOf } from "../context.ts";

const callsMax = 1000;

const CallContentType = builder.objectRef<CallContent>("CallContent").implement({
  description: "What was said in one call, as its node kept it: redacted, and of at most 256 KiB each way.",
  fields: (t) => ({
    callId: t.exposeID("callId"),
    startedAt: t.expose("startedAt", { type: "DateTime" }),
    keptUntil: t.expose("keptUntil", { type: "DateTime" }),
    request: t.exposeString("request", {
      description: "The caller's request in the OpenAI chat API's form, as JSON text; where it was cut, the beginning of one.",
    }),
    requestCut: t.exposeBoolean("requestCut", { description: "It was longer than what is kept; such a call cannot be replayed." }),
    messages: t.field({
      type: "JSON",
      nullable: true,
      description: "Of the prompt, then the caller's own. Null: the request was cut.",
      resolve: ({ request, requestCut, promptMessages }) =>
        requestCut ? null : [...listOf(jsonOf(promptMessages)), ...listOf((jsonOf(request) as { messages?: unknown } | null)?.messages)],
    }),
    promptMessages: t.field({
      type: "JSON",
      description: "Those of `messages` that the prompt brought.",
      resolve: ({ promptMessages }) => listOf(jsonOf(promptMessages)),
    }),
    unmapped: t.stringList({
      description: "Fields that the caller's dialect had and the chat API has no word for: they are not kept.",
      resolve: ({ unmapped }) => [...unmapped],
    }),
    answers: t.field({
      type: "JSON",
      description: "What was answered, as chat messages, one for each choice.",
      resolve: ({ answer }) => listOf(jsonOf(answer)),
    }),
    answerCut: t.exposeBoolean("answerCut", { description: "It was longer than what is kept." }),
  }),
});

builder.queryField("callContent", (t) =>
  t.field({
    type: CallContentType,
    nullable: true,
    description: "What was said in a call. Each look is written to the audit log. Null: it was not kept, or is gone.",
    authScopes: { developer: true },
    args: { callId: t.arg.id({ required: true }) },
    resolve: (_root, { callId }, context) =>
      inOrganisation(context, async (em) => {
        const [content] = await readContents(em, [callId]);
        if (content === undefined) return null;
        const { actor, organisationId } = principalOf(context);
        auditContent(em, { organisationId, actor, action: "content.read", target: { kind: "call", id: callId }, details: {} });
        return content;
      }),
  }),
);

interface DeletedContent {
  readonly deleted: number;
  readonly more: boolean;
}
const DeletedContentType = builder.objectRef<DeletedContent>("DeletedCallContent").implement({
  fields: (t) => ({
    deleted: t.exposeInt("deleted", { description: "Of how many calls." }),
    more: t.exposeBoolean("more", { description: "There are more: ask again." }),
  }),
});
const DeleteInput = builder.inputType("DeleteCallContentInput", {
  description: "One of the two, or both.",
  fields: (t) => ({
    callIds: t.idList({ description: `At most ${callsMax}.` }),
    before: t.field({ type: "DateTime", description: "Of calls made before then." }),
  }),
});
builder.mutationField("deleteCallContent", (t) =>
  t.field({
    type: DeletedContentType,
    description:
      "Takes away what was said in calls before its day, and the texts of replays that were made from it. The ledger's rows stay.",
    authScopes: { admin: true },
    errors: { types: [ValidationError], directResult: true },
    args: { input: t.arg({ type: DeleteInput, required: true }) },
    resolve: (_root, { input: { callIds, before } }, context) => {
      if (callIds == null && before == null) throw new ValidationError([{ path: "callIds", message: "say which calls, or before when" }]);
      const wrong = callIds?.findIndex((id) => !isUuid(id)) ?? -1;
      if (wrong >= 0) throw new ValidationError([{ path: `callIds[${wrong}]`, message: "is not a call's id" }]);
      if ((callIds?.length ?? 0) > callsMax) throw new ValidationError([{ path: "callIds", message: `may be ${callsMax}` }]);
      return inOrganisation(context, async (em) => {
        const gone = await deleteContents(em, { callIds, before });
        const { actor, organisationId } = principalOf(context);
        const details = { deleted: gone.deleted, ...(before == null ? {} : { before: before.toISOString() }) };
        auditContent(em, { organisationId, actor, action: "content.delete", target: null, details });
        return gone;
      });
    },
  }),
);

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
