/**
 * Stored responses, as callers ask for them: the record behind an id, and the endpoints that read and delete it.
 *
 * What is not there may never have been, may be another project's, or may be gone after its day: the answer says the same to all.
 */
import { GatewayError } from "../../gateway-error.ts";
import type { Caller } from "../../pipeline/authenticate.ts";
import type { ResponseStore } from "../../pipeline/response-store.ts";
import { readSnapshot } from "../../snapshot/snapshot-source.ts";
import type { KnownCallerDependencies } from "../known-caller.ts";
import { type RestCall, type RestEndpoints, sendJson } from "../rest-server.ts";
import type { BackgroundResponses } from "./background-responses.ts";
import { type Json, wrong } from "./fields.ts";

export interface StoredResponse {
  readonly response: Json;
  /** All that the model was shown, each with an id. */
  readonly input: readonly Json[];
  /** The response's output with what only its provider can read. */
  readonly output: readonly Json[];
}

export interface StoredResponseDependencies extends KnownCallerDependencies {
  readonly responses: ResponseStore;
  readonly background: BackgroundResponses;
}

/** @throws GatewayError RESOURCE_NOT_FOUND; NOT_READY where nobody can say. */
export async function storedResponse(responses: ResponseStore, owner: string, id: string, field?: string): Promise<StoredResponse> {
  const record = await asked(responses.get(owner, id));
  const stored = record === undefined ? undefined : (JSON.parse(record) as StoredResponse);
  // Beside responses stand notes about them, which are none.
  if (typeof stored?.response !== "object") throw gone(id, field);
  return stored;
}

export const isUnderWay = ({ response }: StoredResponse): boolean =>
  response["status"] === "queued" || response["status"] === "in_progress";

const deserted = { code: "server_error", message: "the node that made the response is gone; make it again" };

async function asked<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (cause) {
    throw new GatewayError("NOT_READY", "stored responses cannot be reached right now; try again", { cause, retryAfterMs: 1000 });
  }
}

const gone = (id: string, field: string | undefined) =>
  new GatewayError(
    "RESOURCE_NOT_FOUND",
    `there is no stored response "${id.slice(0, 100)}" in this project: it was not stored, or is gone (they are kept for a day)`,
    field === undefined ? {} : { field },
  );

export function storedResponses(dependencies: StoredResponseDependencies): RestEndpoints {
  const { responses, background } = dependencies;
  /** The response as it is; one that nobody makes any more has failed. */
  const responseOf = async (owner: string, id: string): Promise<StoredResponse> => {
    const stored = await storedResponse(responses, owner, id);
    if (!isUnderWay(stored) || (await asked(background.alive(owner, id)))) return stored;
    // It may have ended since.
    const again = await storedResponse(responses, owner, id);
    return isUnderWay(again) ? { ...again, response: { ...again.response, status: "failed", error: deserted } } : again;
  };
  const ownerOf = (call: RestCall) => callerOf(dependencies, call).projectId;
  return [
    {
      method: "GET",
      path: "/v1/responses/*",
      serve: async (call, parameter) => {
        const [id = "", action, ...more] = parameter.split("/");
        const owner = ownerOf(call);
        if (more.length > 0 || (action !== undefined && action !== "input_items")) throw notServed();
        if (action === undefined && queryOf(call).get("stream") === "true")
          throw new GatewayError("UNSUPPORTED_PARAMETER", '"stream" is served when the response is made, not afterwards', {
            field: "stream",
          });
        const { response, input } = await responseOf(owner, id);
        sendJson(call, 200, JSON.stringify(action === undefined ? response : pageOf(input, queryOf(call))));
      },
    },
    {
      method: "DELETE",
      path: "/v1/responses/*",
      serve: async (call, id) => {
        const owner = ownerOf(call);
        const stored = await storedResponse(responses, owner, id);
        if (!(await asked(responses.delete(owner, id)))) throw gone(id, undefined);
        if (isUnderWay(stored)) await asked(background.stop(owner, id));
        sendJson(call, 200, JSON.stringify({ id, object: "response", deleted: true }));
      },
    },
    {
      method: "POST",
      path: "/v1/responses/*",
      serve: async (call, parameter) => {
        const [id = "", action, ...more] = parameter.split("/");
        const owner = ownerOf(call);
        if (action !== "cancel" || more.length > 0) throw notServed();
        const stored = await responseOf(owner, id);
        if (stored.response["background"] !== true)
          throw new GatewayError(
            "INVALID_ARGUMENT",
            "only a response that is made in the background can be cancelled; to end one that is under way, close its connection",
          );
        // One that has ended is left as it is, so asking twice is asking once.
        if (isUnderWay(stored)) await asked(background.stop(owner, id));
        sendJson(call, 200, JSON.stringify((await responseOf(owner, id)).response));
      },
    },
  ];
}

const notServed = () => new GatewayError("UNSUPPORTED_ENDPOINT", "of a stored response there are its input_items and cancel");

function callerOf({ snapshot, authenticate }: KnownCallerDependencies, { credential, receivedAtMs, header }: RestCall): Caller {
  return authenticate(readSnapshot(snapshot), credential, receivedAtMs, header);
}

const queryOf = ({ request }: RestCall): URLSearchParams => new URLSearchParams((request.url ?? "").split("?")[1] ?? "");

const pageMax = 100;

/** Newest first, unless `order=asc`. @throws GatewayError INVALID_ARGUMENT naming the parameter. */
function pageOf(input: readonly Json[], query: URLSearchParams): Json {
  const limit = Number(query.get("limit") ?? 20);
  if (!Number.isInteger(limit) || limit < 1 || limit > pageMax) throw wrong("limit", `must be a whole number from 1 to ${pageMax}`);
  const order = query.get("order") ?? "desc";
  if (order !== "asc" && order !== "desc") throw wrong("order", "must be asc or desc");
  const items = order === "asc" ? input : [...input].reverse();
  const after = query.get("after");
  const from = after === null ? 0 : items.findIndex(({ id }) => id === after) + 1;
  if (after !== null && from === 0) throw wrong("after", "is not the id of one of these items");
  const data = items.slice(from, from + limit);
  return {
    object: "list",
    data,
    first_id: data[0]?.["id"] ?? null,
    last_id: data.at(-1)?.["id"] ?? null,
    has_more: from + limit < items.length,
  };
}

/** Items as they are kept and listed: each with an id and a type, a text as the part that it stands for. */
export const keptItems = (items: readonly Json[], idTag: string): readonly Json[] =>
  items.map((item, index) => {
    const { id, ...rest } = item;
    const type = item["type"] ?? "message";
    const content = type === "message" && typeof item["content"] === "string" ? [partOf(item["role"], item["content"])] : item["content"];
    return {
      ...rest,
      type,
      id: typeof id === "string" && id !== "" ? id : `${prefixes[String(type)] ?? "item"}_${idTag}i${index.toString(16)}`,
      ...(type === "message" ? { status: item["status"] ?? "completed", content } : {}),
    };
  });

const partOf = (role: unknown, text: string): Json =>
  role === "assistant" ? { type: "output_text", text, annotations: [] } : { type: "input_text", text };

const prefixes: Readonly<Record<string, string>> = {
  message: "msg",
  reasoning: "rs",
  function_call: "fc",
  function_call_output: "fco",
  custom_tool_call: "ctc",
  custom_tool_call_output: "ctco",
};
