/**
 * Prompts as endpoints of their own: `POST /v1/prompts/{name}/run` takes variables and nothing else that the prompt decides, and
 * `GET /v1/prompts/{name}/openapi.json` says so in OpenAPI. The call is one of chat on the route that the prompt names, and
 * passes the same stages; the answer is chat's too.
 */
import type { Prompt, PromptBinding } from "#proto/penstock/config/v1/snapshot_pb.ts";
import { GatewayError } from "../gateway-error.ts";
import type { Caller } from "../pipeline/authenticate.ts";
import type { CompletionDependencies } from "../pipeline/completion.ts";
import { jsonTextOf, readJsonText } from "../pipeline/json-text.ts";
import type { CompiledPromptVersion } from "../snapshot/compiled-prompt.ts";
import { versionOf } from "../snapshot/compiled-route.ts";
import type { RuntimeSnapshot } from "../snapshot/runtime-snapshot.ts";
import { readSnapshot } from "../snapshot/snapshot-source.ts";
import { isKnown } from "./known-caller.ts";
import { serveChat } from "./openai-chat.ts";
import { type RestEndpoint, readBody, sendJson } from "./rest-server.ts";

/** What a caller may say beside the variables. */
const members = ["variables", "label", "version", "stream", "stream_options", "user", "metadata"] as const;

/** @throws (from the endpoint) GatewayError PROMPT_NOT_FOUND, INVALID_ARGUMENT naming the member that is not the caller's. */
export function runPrompt(dependencies: CompletionDependencies): RestEndpoint {
  return async (call, parameter) => {
    const name = nameIn(parameter, "/run");
    if (!isKnown(dependencies, call)) return serveChat(call, dependencies, undefined);
    const given = readJsonText(await readBody(call)).value as Readonly<Record<string, unknown>>;
    const extra = Object.keys(given).find((member) => !(members as readonly string[]).includes(member));
    if (extra !== undefined)
      throw new GatewayError("INVALID_ARGUMENT", `"${extra}" is the prompt's to say; a call brings ${members.join(", ")}`, {
        field: extra,
      });
    const snapshot = readSnapshot(dependencies.snapshot);
    const caller = dependencies.authenticate(snapshot, call.credential, call.receivedAtMs, call.header);
    const { prompt, routeName } = published(snapshot, caller, name);
    const { variables, label, version, ...rest } = given;
    const reference = { name: prompt.name, label, version, variables: variables ?? {} };
    await serveChat(call, dependencies, jsonTextOf({ ...rest, model: routeName, prompt: reference, messages: [] }));
  };
}

/** @throws (from the endpoint) GatewayError PROMPT_NOT_FOUND. */
export function describePrompt({
  snapshot: source,
  authenticate,
}: Pick<CompletionDependencies, "snapshot" | "authenticate">): RestEndpoint {
  return async (call, parameter) => {
    const name = nameIn(parameter, "/openapi.json");
    const snapshot = readSnapshot(source);
    const { prompt } = published(snapshot, authenticate(snapshot, call.credential, call.receivedAtMs, call.header), name);
    const selector = selectorIn(call.request.url ?? "");
    const number = versionOf(prompt, selector);
    const version = number === undefined ? undefined : snapshot.promptVersion(prompt.id, number);
    if (version === undefined)
      throw new GatewayError("PROMPT_NOT_FOUND", `prompt "${name}" has no ${selector.case ?? "published"} ${selector.value ?? "version"}`, {
        field: selector.case ?? "name",
      });
    sendJson(call, 200, JSON.stringify(openapiOf(prompt, version)));
  };
}

/** `?label=staging` or `?version=3`; without either, what a call without either gets. */
function selectorIn(url: string): PromptBinding["selector"] {
  const asked = new URL(url, "http://node").searchParams;
  const label = asked.get("label");
  const version = asked.get("version");
  if (label !== null) return { case: "label", value: label };
  if (version === null) return { case: undefined };
  if (!/^[1-9]\d{0,8}$/.test(version))
    throw new GatewayError("INVALID_ARGUMENT", "version must be a whole number from 1", { field: "version" });
  return { case: "version", value: Number(version) };
}

/** A prompt that is not published reads like one that is not there. */
function published(snapshot: RuntimeSnapshot, caller: Caller, name: string): { readonly prompt: Prompt; readonly routeName: string } {
  const prompt = snapshot.prompt(caller.organisationId, name);
  const routeName = prompt === undefined || prompt.runRouteId === "" ? undefined : snapshot.routeName(prompt.runRouteId);
  if (prompt === undefined || routeName === undefined) throw notFound(name);
  return { prompt, routeName };
}

const notFound = (name: string) =>
  new GatewayError("PROMPT_NOT_FOUND", `there is no prompt "${name.slice(0, 200)}" that is published as an endpoint`, { field: "name" });

function nameIn(parameter: string, ending: string): string {
  if (!parameter.endsWith(ending) || parameter.length === ending.length)
    throw new GatewayError("UNSUPPORTED_ENDPOINT", `prompts are served as /v1/prompts/{name}${ending}`);
  return parameter.slice(0, -ending.length);
}

function openapiOf(prompt: Prompt, version: CompiledPromptVersion): object {
  const format = version.defaultParameters?.["response_format"] as { readonly json_schema?: { readonly schema?: object } } | undefined;
  const answer = format?.json_schema?.schema;
  const error = {
    description: "What is wrong, in OpenAI's shape",
    content: { "application/json": { schema: { $ref: "#/components/schemas/Error" } } },
  };
  return {
    openapi: "3.1.0",
    info: { title: prompt.name, version: String(version.version) },
    paths: {
      [`/v1/prompts/${encodeURIComponent(prompt.name)}/run`]: {
        post: {
          operationId: "run",
          summary: `Runs the prompt ${prompt.name}`,
          security: [{ apiKey: [] }],
          requestBody: { required: true, content: { "application/json": { schema: { $ref: "#/components/schemas/Run" } } } },
          responses: {
            "200": {
              description: "A chat completion; with stream: true as server-sent events",
              headers: {
                "x-penstock-prompt": { description: "The prompt and the version that made the answer", schema: { type: "string" } },
                "x-request-id": { schema: { type: "string" } },
              },
              content: {
                "application/json": { schema: { $ref: "#/components/schemas/Answer" } },
                "text/event-stream": { schema: { type: "string" } },
              },
            },
            "400": error,
            "401": error,
            "404": error,
            "429": error,
          },
        },
      },
    },
    components: {
      securitySchemes: { apiKey: { type: "http", scheme: "bearer" } },
      schemas: {
        Run: {
          type: "object",
          required: ["variables"],
          additionalProperties: false,
          properties: {
            variables: version.inputSchema,
            label: { type: "string", description: "Default: production, else latest." },
            version: { type: "integer", minimum: 1 },
            stream: { type: "boolean", default: false },
            stream_options: { type: "object" },
            user: { type: "string", maxLength: 512 },
            metadata: { type: "object", additionalProperties: { type: "string" } },
          },
        },
        Answer: {
          type: "object",
          required: ["choices"],
          properties: {
            choices: {
              type: "array",
              items: {
                type: "object",
                properties: {
                  message: {
                    type: "object",
                    properties: {
                      content:
                        answer === undefined
                          ? { type: "string" }
                          : { type: "string", contentMediaType: "application/json", contentSchema: answer },
                    },
                  },
                },
              },
            },
          },
        },
        Error: {
          type: "object",
          properties: { error: { type: "object", properties: { message: { type: "string" }, code: {}, param: {} } } },
        },
      },
    },
  };
}
