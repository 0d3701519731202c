/** What would become of a call, without making it. Imported for its side effects by schema.ts. */
import { ValidationError } from "../../control-error.ts";
import { isUuid } from "../../database/config-kinds.ts";
import { type CallExplanation, type ExplainedBackend, type ExplainedStage, explainCall } from "../../explain/explain-call.ts";
import { builder } from "../builder.ts";
import { enumOf } from "../config-type.ts";
import { principalOf } from "../context.ts";
import { Backend } from "./backend.ts";
import { Route } from "./route.ts";

const DialectType = enumOf("CallDialect", ["chat", "responses", "messages"]);

const StageType = builder.objectRef<ExplainedStage>("ExplainedStage").implement({
  fields: (t) => ({
    stage: t.exposeString("stage"),
    says: t.exposeString("says", { description: "What happens there, and why." }),
    refused: t.exposeBoolean("refused", { description: "The call ends here." }),
  }),
});

const ExplainedBackendType = builder.objectRef<ExplainedBackend>("ExplainedBackend").implement({
  fields: (t) => ({
    backend: t.field({ type: Backend, resolve: ({ backend }) => backend }),
    tier: t.exposeInt("tier", { description: "From 1." }),
    share: t.exposeFloat("share", { description: "Of the draws within its tier, 0 to 1." }),
    doubts: t.stringList({ description: "Why it may not answer all the same.", resolve: ({ doubts }) => [...doubts] }),
  }),
});

const CallExplanationType = builder.objectRef<CallExplanation>("CallExplanation").implement({
  fields: (t) => ({
    dialect: t.field({ type: DialectType, resolve: ({ dialect }) => dialect }),
    route: t.field({ type: Route, nullable: true, resolve: ({ route }) => route ?? null }),
    variantKey: t.string({
      nullable: true,
      description: "Null: no experiment runs, the call takes no part, or each call draws anew.",
      resolve: ({ variantKey }) => variantKey ?? null,
    }),
    stages: t.field({ type: [StageType], resolve: ({ stages }) => [...stages] }),
    backends: t.field({ type: [ExplainedBackendType], description: "In the order of tiers.", resolve: ({ backends }) => [...backends] }),
  }),
});

const HeaderType = builder.inputType("ExplainedHeaderInput", {
  fields: (t) => ({ name: t.string({ required: true }), value: t.string({ required: true }) }),
});

builder.queryField("explainCall", (t) =>
  t.field({
    type: CallExplanationType,
    description: "What would become of a call and why, by the rules that nodes follow. Nothing is sent and nothing is spent.",
    authScopes: { viewer: true },
    errors: { types: [ValidationError] },
    args: {
      request: t.arg({ type: "JSON", required: true, description: "The body: of a chat completion, a response, or Anthropic's messages." }),
      apiKeyId: t.arg.id({ description: "Whose call it would be. Left out: anybody's who may." }),
      sessionId: t.arg.string({ description: "As the header x-penstock-session." }),
      headers: t.arg({ type: [HeaderType], description: "That experiments may target." }),
    },
    resolve: (_root, { request, apiKeyId, sessionId, headers }, context) => {
      if (apiKeyId != null && !isUuid(apiKeyId)) throw new ValidationError([{ path: "apiKeyId", message: "is no key's id" }]);
      return explainCall(context.services, principalOf(context).organisationId, {
        request,
        apiKeyId: apiKeyId ?? null,
        sessionId: sessionId ?? "",
        headers: Object.fromEntries((headers ?? []).map(({ name, value }) => [name.toLowerCase(), value])),
      });
    },
  }),
);
