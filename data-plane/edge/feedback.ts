/** `POST /v1/feedback`: what people and programs think of an answer, in JSON. The same as the gRPC service, with the same names. */
import { GatewayError } from "../gateway-error.ts";
import { readJsonText } from "../pipeline/json-text.ts";
import { readSnapshot } from "../snapshot/snapshot-source.ts";
import { type Feedback, type FeedbackDependencies, takeFeedback } from "./feedback-record.ts";
import { type RestEndpoint, readBody, sendJson } from "./rest-server.ts";

type Value = Feedback["value"];
const types = { boolean: "boolean", number: "number", category: "string", comment: "string", demonstration: "string" } as const;
const texts = ["feedback_id", "request_id", "session_id", "metric", "end_user_id"] as const;

/** @throws (from the endpoint) GatewayError INVALID_ARGUMENT naming the member. */
export function recordFeedback(dependencies: FeedbackDependencies): RestEndpoint {
  return async (call) => {
    const caller = dependencies.authenticate(readSnapshot(dependencies.snapshot), call.credential, call.receivedAtMs, call.header);
    const feedback = read(readJsonText(await readBody(call)).value as Readonly<Record<string, unknown>>);
    sendJson(call, 200, JSON.stringify({ feedback_id: takeFeedback(feedback, caller, call.receivedAtMs, dependencies) }));
  };
}

function read(body: Readonly<Record<string, unknown>>): Feedback {
  const wrong = (field: string, what: string) => new GatewayError("INVALID_ARGUMENT", `${field} ${what}`, { field });
  const values = Object.keys(types).filter((name) => body[name] !== undefined && body[name] !== null) as (keyof typeof types)[];
  for (const name of Object.keys(body))
    if (!(name in types) && !(texts as readonly string[]).includes(name)) throw wrong(name, "is not known");
  for (const name of texts) if (body[name] !== undefined && typeof body[name] !== "string") throw wrong(name, "must be a string");
  const [kind, another] = values;
  if (kind === undefined || another !== undefined) throw wrong(another ?? "value", `: say one of ${Object.keys(types).join(", ")}`);
  if (typeof body[kind] !== types[kind]) throw wrong(kind, `must be a ${types[kind]}`);
  const text = (name: (typeof texts)[number]) => (body[name] ?? "") as string;
  return {
    feedbackId: text("feedback_id"),
    requestId: text("request_id"),
    sessionId: text("session_id"),
    metric: text("metric"),
    endUserId: text("end_user_id"),
    value: { case: kind, value: body[kind] } as Value,
  };
}
