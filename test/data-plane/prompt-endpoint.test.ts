/** A prompt as an endpoint of its own, and a version's tools, schemas and partials on their way to the backend. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ids, type ResourceInit, routeOver, say, startTestNode, type TestNode } from "../harness/node.ts";

let node: TestNode;
const organisationId = ids.organisation;
const route = routeOver("sim-instant", { name: "answers" });
const runRouteId = route.find(({ case: kind }) => kind === "route")?.value?.id ?? "";
const prompt = (name: string, more: object): ResourceInit => ({
  case: "prompt",
  value: { id: `id-${name}`, organisationId, name, labels: [{ name: "latest", version: 1 }], ...more },
});
const answerSchema = { type: "object", properties: { verdict: { type: "string" } }, required: ["verdict"], additionalProperties: false };

beforeAll(async () => {
  node = await startTestNode({
    resources: [
      ...route,
      prompt("mail/triage", { runRouteId }),
      {
        case: "promptVersion",
        value: {
          id: "version-1",
          organisationId,
          promptId: "id-mail/triage",
          version: 1,
          messages: [{ role: "system", template: 'Sort mail for {{ company }}. {% render "rules" %}' }],
          partials: [{ name: "rules", template: "Be brief." }],
          inputs: { type: "object", properties: { company: { type: "string" } }, required: ["company"] },
          defaultParameters: {
            temperature: 0.2,
            response_format: { type: "json_schema", json_schema: { name: "answer", schema: answerSchema, strict: true } },
          },
        },
      },
      prompt("hidden", {}),
      prompt("greeting", {
        runRouteId,
        labels: [
          { name: "latest", version: 2 },
          { name: "production", version: 1 },
        ],
      }),
      ...["{{ name }}", "{{ user.name }}"].map(
        (template, index): ResourceInit => ({
          case: "promptVersion",
          value: {
            id: `greeting-${index + 1}`,
            organisationId,
            promptId: "id-greeting",
            version: index + 1,
            messages: [{ role: "user", template }],
          },
        }),
      ),
    ],
  });
});
afterAll(() => node[Symbol.asyncDispose]());

const run = (name: string, body: object) => node.post(`/v1/prompts/${encodeURIComponent(name)}/run`, body);
const lastCall = async () => JSON.parse((await node.simulatorCalls()).at(-1)?.body ?? "{}");

describe("POST /v1/prompts/{name}/run", () => {
  it("takes variables, and the answer satisfies the prompt's schema", async () => {
    const response = await run("mail/triage", { variables: { company: "Acme" }, user: "ada" });
    expect(response.status).toBe(200);
    expect(response.headers.get("x-penstock-prompt")).toBe(
      encodeURIComponent("mail/triage@1").replaceAll("%2F", "/").replaceAll("%40", "@"),
    );
    const body = (await response.json()) as { choices: { message: { content: string } }[] };
    expect(JSON.parse(body.choices[0]?.message.content ?? "")).toHaveProperty("verdict");
    expect(await lastCall()).toMatchObject({ temperature: 0.2, messages: [{ role: "system", content: "Sort mail for Acme. Be brief." }] });
    const callId = response.headers.get("x-penstock-call-id");
    await expect
      .poll(() => node.usageEvents().find((event) => event.callId === callId))
      .toMatchObject({ promptVersion: 1, routeName: "answers" });
  });

  it("streams where it is asked to", async () => {
    const text = await (await run("mail/triage", { variables: { company: "Acme" }, stream: true })).text();
    expect(text.trimEnd().endsWith("data: [DONE]")).toBe(true);
  });

  it.each([
    ["an ill-typed variable", "mail/triage", { variables: { company: 7 } }, 400, "prompt.variables.company"],
    ["a missing variable", "mail/triage", { variables: {} }, 400, "prompt.variables.company"],
    ["an unknown variable", "mail/triage", { variables: { company: "A", x: 1 } }, 400, "prompt.variables.x"],
    ["messages of the caller's", "mail/triage", { variables: { company: "A" }, messages: say("hi") }, 400, "messages"],
    ["another model", "mail/triage", { variables: { company: "A" }, model: "x" }, 400, "model"],
    ["a version that is not there", "mail/triage", { variables: { company: "A" }, version: 9 }, 404, "prompt"],
    ["a prompt that is not published", "hidden", { variables: {} }, 404, "name"],
    ["a prompt that is not there", "nowhere", { variables: {} }, 404, "name"],
  ])("refuses %s by name", async (_, name, body, status, param) => {
    const response = await run(name, body);
    expect(response.status).toBe(status);
    expect(((await response.json()) as { error: { param: string } }).error.param).toBe(param);
  });

  it("knows no caller without a key", async () => {
    const response = await fetch(`${node.restUrl}/v1/prompts/hidden/run`, {
      method: "POST",
      body: "{}",
      headers: { "content-type": "application/json" },
    });
    expect(response.status).toBe(401);
  });
});

it.each([
  ["", 1, { name: {} }],
  ["?label=latest", 2, { user: { type: ["object", "null"], properties: { name: {} } } }],
  ["?version=1", 1, { name: {} }],
])("its OpenAPI document is of the version that is asked for: %s", async (query, version, properties) => {
  const asked = (path: string) =>
    fetch(`${node.restUrl}/v1/prompts/greeting/openapi.json${path}`, { headers: { authorization: `Bearer ${node.apiKey}` } });
  const document = (await (await asked(query)).json()) as {
    info: { version: string };
    components: { schemas: { Run: { properties: { variables: { properties: object } } } } };
  };
  expect(document.info.version).toBe(String(version));
  expect(document.components.schemas.Run.properties.variables.properties).toEqual(properties);
  expect((await asked("?label=nowhere")).status).toBe(404);
  expect((await asked("?version=one")).status).toBe(400);
});

it("GET /v1/prompts/{name}/openapi.json says what it takes and gives", async () => {
  const response = await fetch(`${node.restUrl}/v1/prompts/mail%2Ftriage/openapi.json`, {
    headers: { authorization: `Bearer ${node.apiKey}` },
  });
  const document = (await response.json()) as {
    openapi: string;
    paths: object;
    components: { schemas: Record<string, { properties: Record<string, object> }> };
  };
  expect(document.openapi).toBe("3.1.0");
  expect(Object.keys(document.paths)).toEqual(["/v1/prompts/mail%2Ftriage/run"]);
  expect(document.components.schemas["Run"]?.properties["variables"]).toMatchObject({
    properties: { company: { type: "string" } },
    required: ["company"],
  });
  expect(JSON.stringify(document.components.schemas["Answer"])).toContain(JSON.stringify(answerSchema).slice(1, 20));
});
