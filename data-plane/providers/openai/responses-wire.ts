/**
 * `POST /responses` at a backend that speaks of responses too: the caller's text goes on as it is, and so do the named events.
 * Only those that carry the whole response are read.
 *
 * Source: OpenAI's API reference, "Streaming events" of responses.
 */
import type { CompletionEvent } from "../../pipeline/completion-event.ts";
import { spliced } from "../../pipeline/json-text.ts";
import { secondsOf } from "../common-form.ts";
import { errorInStream } from "../openai-compatible/error.ts";
import { protocolError } from "../openai-compatible/events.ts";
import { usageOfOperation } from "../openai-compatible/operation-answer.ts";
import { tenantKey } from "../openai-compatible/request.ts";
import type { ProviderCall } from "../provider.ts";
import type { Wire, WireOptions } from "./wire.ts";

type Json = Record<string, unknown>;

export const responsesWire: Wire = {
  path: "/responses",
  body,
  answer: (text, options) => {
    const response = parsed(text);
    if (response["status"] === "failed" || isObject(response["error"])) throw errorInStream(response["error"], options.credential);
    return [{ type: "native-answer", data: text, textLength: outputLength(response) }, ...startedBy(response), ...endedBy(response)];
  },
  reader(options) {
    let ended = false;
    return {
      finished: () => ended,
      read(name, data, events) {
        if (ended) return false;
        switch (name) {
          case "response.created": {
            events.push({ type: "native-chunk", name, data, textLength: 0 }, ...startedBy(responseOf(data)));
            return false;
          }
          case "response.queued":
          case "response.in_progress":
          case "response.output_item.added":
          case "response.content_part.added":
            events.push({ type: "native-chunk", name, data, textLength: 0 });
            return false;
          case "response.completed":
          case "response.incomplete": {
            ended = true;
            events.push({ type: "native-chunk", name, data, textLength: 0 }, ...endedBy(responseOf(data)));
            return true;
          }
          case "response.failed":
            throw errorInStream(responseOf(data)["error"], options.credential);
          case "error":
            throw errorInEvent(data, options);
          default:
            events.push({ type: "native-chunk", name, data, textLength: name.endsWith(".delta") ? deltaLength(data) : 0 });
            return true;
        }
      },
    };
  },
};

function body({ request, backend }: ProviderCall): string {
  const json = request.native?.body ?? request.body;
  const members = new Map<string, string | undefined>([["model", JSON.stringify(backend.model)]]);
  const key = json.value["prompt_cache_key"];
  if (typeof key === "string") members.set("prompt_cache_key", JSON.stringify(tenantKey(backend.provider.organisationId, key)));
  return spliced(json, members);
}

function errorInEvent(data: string, { credential }: WireOptions) {
  const event = parsed(data);
  return errorInStream(isObject(event["error"]) ? event["error"] : event, credential);
}

const startedBy = (response: Json): CompletionEvent[] => [
  {
    type: "completion-started",
    id: text(response["id"]),
    servedModel: text(response["model"]),
    created: secondsOf(response["created_at"]) ?? Math.floor(Date.now() / 1000),
    systemFingerprint: "",
    serviceTier: text(response["service_tier"]),
  },
];

function endedBy(response: Json): CompletionEvent[] {
  const usage = usageOfOperation(response);
  const details = response["incomplete_details"];
  const cut = isObject(details) ? text(details["reason"]) : "";
  const calls = Array.isArray(response["output"]) && response["output"].some((item) => isObject(item) && item["type"] === "function_call");
  const unified =
    cut === "max_output_tokens" ? "length" : cut === "content_filter" ? cut : cut !== "" ? "other" : calls ? "tool_calls" : "stop";
  return [
    { type: "choice-finished", choice: 0, reason: { unified, raw: cut || text(response["status"]) } },
    ...(usage === undefined ? [] : [{ type: "usage" as const, usage, data: undefined }]),
  ];
}

function responseOf(data: string): Json {
  const { response } = parsed(data);
  if (!isObject(response)) throw protocolError("an event without its response");
  return response;
}

function parsed(data: string): Json {
  try {
    const value: unknown = JSON.parse(data);
    if (isObject(value)) return value;
  } catch (cause) {
    throw protocolError("an event that is not JSON", cause);
  }
  throw protocolError("an event that is not a JSON object");
}

/** Of what the model wrote, in characters; near enough for an estimate where the usage never comes. */
const deltaLength = (data: string): number => /"delta"\s*:\s*"((?:[^"\\]|\\.)*)"/.exec(data)?.[1]?.length ?? 0;
const outputLength = (response: Json): number => JSON.stringify(response["output"] ?? "").length;

const isObject = (value: unknown): value is Json => typeof value === "object" && value !== null && !Array.isArray(value);
const text = (value: unknown): string => (typeof value === "string" ? value : "");
