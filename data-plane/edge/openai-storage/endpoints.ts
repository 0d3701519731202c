/**
 * `/v1/files`, `/v1/batches` and `/v1/fine_tuning/jobs`: kept by the provider that took them and owned by the project that made
 * them. Each call passes the conductor like any other; what is said of ids stands in owned-objects.ts.
 */
import { newCallId } from "../../call-id.ts";
import { GatewayError } from "../../gateway-error.ts";
import { AnswerText } from "../../pipeline/answer-text.ts";
import type { Caller } from "../../pipeline/authenticate.ts";
import type { CallState } from "../../pipeline/call-state.ts";
import { type JsonText, jsonTextOf, readJsonText, spliced } from "../../pipeline/json-text.ts";
import { type OperationDependencies, operate } from "../../pipeline/operation.ts";
import type { OperationEvent } from "../../pipeline/operation-event.ts";
import type { OperationRequest } from "../../pipeline/operation-request.ts";
import type { OwnedIds } from "../../pipeline/owned-id.ts";
import type { RuntimeSnapshot } from "../../snapshot/runtime-snapshot.ts";
import { readSnapshot } from "../../snapshot/snapshot-source.ts";
import { refuseSteering } from "../chat-body.ts";
import { openMultipart, type Part } from "../multipart-body.ts";
import { operationRequest } from "../openai-operations.ts";
import { writeOperation } from "../operation-answer.ts";
import { wrongField } from "../operation-body.ts";
import { type RestCall, type RestEndpoint, type RestEndpoints, readBody, sendJson } from "../rest-server.ts";
import { batchLines } from "./batch-lines.ts";
import { batchUsage } from "./batch-usage.ts";
import { isObject, type Json, type Owner, ownedObjects } from "./owned-objects.ts";
import { modelAtProvider, onlyProvider, providersOfCaller, routeHeader } from "./providers-of-caller.ts";

export interface StorageDependencies extends OperationDependencies {
  readonly ownedIds: OwnedIds;
  /** Appends to the node's log what a batch has used. Never throws. */
  readonly recordBatch: (state: CallState, endedAtMs: number) => void;
}

/** What a call is about, once its caller is known. */
interface Visit {
  readonly call: RestCall;
  readonly snapshot: RuntimeSnapshot;
  readonly caller: Caller;
}

const pageSize = 100;
/** Of a provider's account, in search of the project's: a list of ten thousand things is read in as many steps as that. */
const pagesMax = 20;

export function openaiStorage(dependencies: StorageDependencies): RestEndpoints {
  const { ownedIds: ids } = dependencies;
  const objects = ownedObjects(ids);
  const noteUsage = batchUsage(dependencies.recordBatch);

  const visit =
    (serve: (visit: Visit, parameter: string) => Promise<void>): RestEndpoint =>
    async (call, parameter) => {
      const snapshot = readSnapshot(dependencies.snapshot);
      const caller = dependencies.authenticate(snapshot, call.credential, call.receivedAtMs, call.header);
      await serve({ call, snapshot, caller }, parameter);
    };

  /** @throws GatewayError RESOURCE_NOT_FOUND, the same for what never was, what is another project's and what was made up. */
  const owned = ({ caller }: Visit, id: string, field?: string): { readonly owner: Owner; readonly upstreamId: string } => {
    const thing = ids.open(id);
    if (thing === undefined || thing.projectId !== caller.projectId)
      throw new GatewayError(
        "RESOURCE_NOT_FOUND",
        `there is no "${id.slice(0, 100)}" in this project`,
        field === undefined ? {} : { field },
      );
    return { owner: thing, upstreamId: thing.upstreamId };
  };

  const requestOf = (
    call: RestCall,
    ingress: string,
    owner: Owner,
    more: Partial<OperationRequest> & { path: string },
  ): OperationRequest => ({
    ...operationRequest(call, ingress),
    model: "",
    endUserId: "",
    stream: false,
    target: { case: "provider", providerId: owner.providerId },
    body: { case: "none" },
    unsaidUsage: "nothing",
    ...more,
  });

  const shown = (text: AnswerText, owner: Owner): AnswerText =>
    AnswerText.of(JSON.stringify(objects.shown(JSON.parse(text.toString()) as Json, owner)));

  const send = (call: RestCall, request: OperationRequest, owner: Owner): Promise<void> =>
    writeOperation(call, operate(request, dependencies, call), (text) => shown(text, owner));

  /** As send; what the batch has used by its end is noted on the way. */
  const sendBatch = ({ call, snapshot, caller }: Visit, request: OperationRequest, owner: Owner): Promise<void> => {
    const { providerId } = owner;
    const watched = async function* (): AsyncGenerator<readonly OperationEvent[], void> {
      for await (const batch of operate(request, dependencies, call)) {
        const answer = batch.find((event) => event.type === "operation-answer");
        const used = batch.find((event) => event.type === "operation-usage");
        if (answer !== undefined && used !== undefined)
          noteUsage({ batch: JSON.parse(answer.text.toString()) as Json, usage: used.usage, providerId, snapshot, caller });
        yield batch;
      }
    };
    return writeOperation(call, watched(), (text) => shown(text, owner));
  };

  const chosenProvider = ({ call, snapshot, caller }: Visit): string => onlyProvider(providersAsked({ call, snapshot, caller }));
  const providersAsked = ({ call, snapshot, caller }: Visit): readonly string[] =>
    providersOfCaller(snapshot, caller, call.header(routeHeader), (kind) => dependencies.operationsOf(kind)?.keepsFiles === true);

  async function upload(seen: Visit): Promise<void> {
    const { call, snapshot, caller } = seen;
    const owner = { providerId: chosenProvider(seen), projectId: caller.projectId };
    const form = openMultipart(call);
    try {
      const purpose = await form.field("purpose");
      if (purpose === undefined || purpose === "")
        throw wrongField("purpose", "must say what the file is for: batch, fine-tune, user_data …");
      const modelAt = (route: string) => modelAtProvider(snapshot, caller, owner.providerId, route);
      const change = (part: Part): Part => {
        if (part.case !== "file" || part.name !== "file") return part;
        const content = purpose === "batch" ? batchLines(part.content, modelAt) : part.content;
        return { ...part, filename: objects.markedFilename(part.filename, owner.projectId), content };
      };
      const { contentType } = form;
      const body = { case: "multipart", contentType, bytes: () => form.bytes(change), content: () => form.content() } as const;
      await send(call, requestOf(call, "/files", owner, { path: "/files", body }), owner);
    } finally {
      await form.close();
    }
  }

  /** Creates what is made of files: its provider is theirs. */
  async function create(seen: Visit, path: string, fileMembers: readonly [string, ...string[]]): Promise<void> {
    const { call, snapshot, caller } = seen;
    const json = readJsonText(await readBody(call));
    // A batch's own "endpoint" is the path that its lines are for.
    for (const name of json.members.keys()) if (name !== "endpoint") refuseSteering(name);
    const changes = new Map<string, string>();
    let owner: Owner | undefined;
    for (const name of fileMembers) {
      const value = json.value[name];
      if (value === undefined || value === null) continue;
      if (typeof value !== "string") throw wrongField(name, "must be the id of a file");
      const file = owned(seen, value, name);
      if (owner !== undefined && owner.providerId !== file.owner.providerId)
        throw wrongField(name, "is kept by another provider than the first file");
      owner = { providerId: file.owner.providerId, projectId: caller.projectId };
      changes.set(name, JSON.stringify(file.upstreamId));
    }
    if (owner === undefined) throw wrongField(fileMembers[0], "must be the id of a file");
    if (typeof json.value["model"] === "string")
      changes.set("model", JSON.stringify(modelAtProvider(snapshot, caller, owner.providerId, json.value["model"])));
    changes.set("metadata", JSON.stringify(objects.markedMetadata(json.value["metadata"], caller.projectId)));
    const body = { case: "json", json: changed(json, changes) } as const;
    await send(call, requestOf(call, path, owner, { path, body }), owner);
  }

  async function one(
    seen: Visit,
    ingress: string,
    method: OperationRequest["method"],
    parameter: string,
    actions: readonly string[],
  ): Promise<void> {
    const [id = "", action = "", ...more] = parameter.split("/");
    if (more.length > 0 || !actions.includes(action)) throw notServed(`${method} ${ingress}/{id}/${action}`);
    const { owner, upstreamId } = owned(seen, id);
    const path = `${ingress}/${encodeURIComponent(upstreamId)}${action === "" ? "" : `/${action}`}${action === "" ? "" : queryOf(seen.call)}`;
    const answer = action === "content" ? "bytes" : "read";
    const request = requestOf(seen.call, ingress, owner, { path, method, answer });
    if (ingress === batches) await sendBatch(seen, request, owner);
    else await send(seen.call, request, owner);
  }

  async function list(seen: Visit, ingress: string): Promise<void> {
    const { call, caller } = seen;
    const query = new URLSearchParams(queryOf(call));
    const limit = limitOf(query.get("limit"));
    const after = query.get("after");
    const start = after === null ? undefined : (ids.open(after) ?? ids.open(after, "cursor"));
    if (after !== null && start?.projectId !== caller.projectId) throw wrongField("after", "is not the id of anything in this project");
    const providers = providersAsked(seen);
    const data: Json[] = [];
    let place = { provider: start === undefined ? 0 : Math.max(0, providers.indexOf(start.providerId)), after: start?.upstreamId };
    let lastSeen = start;
    for (let page = 0; page < pagesMax && data.length < limit && place.provider < providers.length; page++) {
      const owner = { providerId: providers[place.provider] ?? "", projectId: caller.projectId };
      query.set("limit", String(pageSize));
      if (place.after === undefined) query.delete("after");
      else query.set("after", place.after);
      const request = requestOf(page === 0 ? call : { ...call, callId: newCallId() }, ingress, owner, {
        path: `${ingress}?${query}`,
        method: "GET",
      });
      const { items, more } = await pageOf(request, call, providers.length > 1);
      for (const item of items) {
        if (data.length >= limit) break;
        lastSeen = { ...owner, upstreamId: String(item["id"]) };
        if (objects.isOf(item, owner)) data.push(objects.shown(item, owner));
      }
      const passed = lastSeen?.upstreamId === String(items.at(-1)?.["id"]);
      place =
        !passed && items.length > 0
          ? place
          : more
            ? { ...place, after: lastSeen?.upstreamId }
            : { provider: place.provider + 1, after: undefined };
    }
    const hasMore = place.provider < providers.length;
    const last = data.at(-1)?.["id"] ?? (hasMore && lastSeen !== undefined ? ids.seal(lastSeen, "cursor") : null);
    sendJson(call, 200, JSON.stringify({ object: "list", data, first_id: data[0]?.["id"] ?? null, last_id: last, has_more: hasMore }));
  }

  /** One page of a provider's account. Where several are asked, one that has no such list has nothing in it. */
  async function pageOf(request: OperationRequest, call: RestCall, lenient: boolean): Promise<{ items: readonly Json[]; more: boolean }> {
    try {
      let text = "{}";
      for await (const batch of operate(request, dependencies, call))
        for (const event of batch) if (event.type === "operation-answer") text = event.text.toString();
      const { data, has_more: more } = JSON.parse(text) as Json;
      return { items: Array.isArray(data) ? data.filter(isObject) : [], more: more === true };
    } catch (reason) {
      if (lenient && reason instanceof GatewayError && reason.kind === "RESOURCE_NOT_FOUND") return { items: [], more: false };
      throw reason;
    }
  }

  const files = "/files";
  const batches = "/batches";
  const jobs = "/fine_tuning/jobs";
  const at = (method: string, path: string, serve: (seen: Visit, parameter: string) => Promise<void>) => ({
    method,
    path: `/v1${path}`,
    serve: visit(serve),
  });
  return [
    at("POST", files, upload),
    at("GET", files, (seen) => list(seen, files)),
    at("GET", `${files}/*`, (seen, parameter) => one(seen, files, "GET", parameter, ["", "content"])),
    at("DELETE", `${files}/*`, (seen, parameter) => one(seen, files, "DELETE", parameter, [""])),
    at("POST", batches, (seen) => create(seen, batches, ["input_file_id"])),
    at("GET", batches, (seen) => list(seen, batches)),
    at("GET", `${batches}/*`, (seen, parameter) => one(seen, batches, "GET", parameter, [""])),
    at("POST", `${batches}/*`, (seen, parameter) => one(seen, batches, "POST", parameter, ["cancel"])),
    at("POST", jobs, (seen) => create(seen, jobs, ["training_file", "validation_file"])),
    at("GET", jobs, (seen) => list(seen, jobs)),
    at("GET", `${jobs}/*`, (seen, parameter) => one(seen, jobs, "GET", parameter, ["", "events", "checkpoints"])),
    at("POST", `${jobs}/*`, (seen, parameter) => one(seen, jobs, "POST", parameter, ["cancel", "pause", "resume"])),
  ];
}

const changed = (json: JsonText, changes: ReadonlyMap<string, string>): JsonText =>
  changes.size === 0 ? jsonTextOf({}) : readJsonText(spliced(json, changes));

const notServed = (what: string) => new GatewayError("UNSUPPORTED_ENDPOINT", `${what.slice(0, 200)} is not served here`);

const queryOf = ({ request }: RestCall): string => {
  const query = (request.url ?? "").split("?")[1];
  return query === undefined || query === "" ? "" : `?${query}`;
};

function limitOf(text: string | null): number {
  const limit = Number(text ?? 20);
  if (!Number.isInteger(limit) || limit < 1 || limit > 10_000) throw wrongField("limit", "must be a whole number from 1 to 10000");
  return limit;
}
