/**
 * What was said in some calls of the demo's chat, as a node would have handed it in: the caller's request, the prompt as it was
 * rendered, the answer. The route keeps it for a share of its calls, which a draw by the call's own id decides. Pure.
 */
import { create } from "@bufbuild/protobuf";
import { compileTemplate } from "#agreements/prompt-template.ts";
import {
  type CallContent,
  CallContentSchema,
  Outcome,
  type UsageEvent,
  type UsageRecord,
} from "#proto/penstock/usage/v1/usage_event_pb.ts";
import type { ContentCapture } from "../database/entities/content-capture.ts";
import { type DemoConversation, demoConversations, demoItems, demoNames, shopName } from "./demo-conversations.ts";
import { drawsOf } from "./draws.ts";
import { demoPrompts, demoRoutes } from "./storefront.ts";

/** A few hundred calls of the week. */
export const demoCapture: ContentCapture = {
  on: true,
  share: 0.08,
  retentionDays: 30,
  redact: ["media", "keys", "emails", "card-numbers"],
};

/** From this version of the chat's prompt on answers greet, and say what comes next. */
const warmFrom = 4;

export const contentsOf = (records: readonly UsageRecord[]): CallContent[] =>
  records.flatMap(({ record }) => {
    if (record.case !== "usage" || record.value.routeName !== demoRoutes.support.name) return [];
    return drawsOf(`${record.value.callId} kept`).next() < demoCapture.share ? [contentOf(record.value)] : [];
  });

function contentOf(call: UsageEvent): CallContent {
  const draws = drawsOf(`${call.callId} said`);
  const one = <Value>(of: readonly [Value, ...Value[]]): Value => of[Math.floor(draws.next() * of.length)] ?? of[0];
  const conversation = demoConversations[Math.floor(draws.next() * demoConversations.length)] as DemoConversation;
  const name = one(demoNames);
  const drawn: Readonly<Record<string, string>> = {
    item: one(demoItems),
    order: `NO-${40_000 + Math.floor(draws.next() * 50_000)}`,
    days: String(2 + Math.floor(draws.next() * 4)),
  };
  const said = (text: string): string => text.replaceAll(/\{(\w+)\}/g, (whole, field: string) => drawn[field] ?? whole);
  const variables = { shop: shopName, name };
  const messages = [
    ...conversation.before.flatMap(([customer, assistant]) => [
      { role: "user", content: said(customer) },
      { role: "assistant", content: said(assistant) },
    ]),
    { role: "user", content: said(conversation.question) },
  ];
  const [template] = demoPrompts.support.versions[call.promptVersion - 1] ?? [""];
  const prompt = [{ role: "system", content: compileTemplate(template).render(variables) }];
  const warm = call.promptVersion >= warmFrom ? `Hello ${name}! ${conversation.answer} ${conversation.next}` : conversation.answer;
  return create(CallContentSchema, {
    callId: call.callId,
    organisationId: call.organisationId,
    ...(call.startedAt === undefined ? {} : { startedAt: call.startedAt }),
    retentionDays: demoCapture.retentionDays,
    request: JSON.stringify({ model: call.modelAsked, messages, ...(call.streamed ? { stream: true } : {}), prompt: { variables } }),
    promptMessages: JSON.stringify(prompt),
    answer: answerOf(call.outcome, said(warm)),
  });
}

/** Of callers who left, as much as they were told. */
function answerOf(outcome: Outcome, text: string): string {
  if (outcome !== Outcome.OK && outcome !== Outcome.CANCELLED) return "";
  const content = outcome === Outcome.OK ? text : text.slice(0, Math.round(text.length / 3));
  return JSON.stringify([{ role: "assistant", content }]);
}
