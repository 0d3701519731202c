/** Calls, callers and snapshots for stages that are plain functions of them. */
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { ApiKeySchema, type ResourceSchema, SnapshotSchema } from "#proto/penstock/config/v1/snapshot_pb.ts";
import { checkChatBody } from "../../data-plane/edge/chat-body.ts";
import type { Caller } from "../../data-plane/pipeline/authenticate.ts";
import type { CompletionRequest } from "../../data-plane/pipeline/completion-request.ts";
import { readJsonText } from "../../data-plane/pipeline/json-text.ts";
import { buildRuntimeSnapshot, type RuntimeSnapshot } from "../../data-plane/snapshot/runtime-snapshot.ts";

export const organisationId = "org-1";

/** Read as the REST edge reads it. `body` may be text, to be kept as it is. */
export function sampleRequest(body: string | Record<string, unknown> = {}, more: Partial<CompletionRequest> = {}): CompletionRequest {
  const text = typeof body === "string" ? body : JSON.stringify({ model: "chat", messages: [{ role: "user", content: "Hi" }], ...body });
  const json = readJsonText(text);
  const { model, stream, prompt, endUserId, reasoningSigners } = checkChatBody(json.value, json.members);
  return {
    ingress: "openai-chat",
    callId: "0198c0de-0000-7000-8000-000000000001",
    requestId: "request-1",
    receivedAtMs: 1_000_000,
    credential: undefined,
    model,
    stream,
    body: json,
    native: undefined,
    reasoningSigners,
    prompt,
    endUserId,
    sessionId: "",
    tags: {},
    simulation: {},
    ...more,
  };
}

export function sampleCaller(more: MessageInitShape<typeof ApiKeySchema> = {}): Caller {
  const apiKey = create(ApiKeySchema, { id: "key-1", organisationId, projectId: "project-1", publicId: "0123456789Ab", ...more });
  return { organisationId: apiKey.organisationId, projectId: apiKey.projectId, apiKey };
}

export type ResourceInit = NonNullable<MessageInitShape<typeof ResourceSchema>["resource"]>;

export function snapshotOf(resources: readonly ResourceInit[], number = 1n): RuntimeSnapshot {
  return buildRuntimeSnapshot(
    create(SnapshotSchema, { revision: { epoch: "epoch", number }, resources: resources.map((resource) => ({ resource })) }),
  );
}

/** A provider and a backend of the name, both with ids of it. */
export const backendNamed = (name: string): ResourceInit[] => [
  { case: "provider", value: { id: `provider-${name}`, organisationId, key: name, kind: "simulated", baseUrl: "http://127.0.0.1:1/v1" } },
  { case: "backend", value: { id: `backend-${name}`, organisationId, key: name, providerId: `provider-${name}`, model: `model-${name}` } },
];
