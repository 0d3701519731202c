/** Prompts are deployed like code: versions with all that belongs to them, labels, a second person, comparison, a dry run, back. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeAdminToken } from "../../control-plane/operations/admin-tokens.ts";
import { makeOrganisation, openTestServices, type TestServices } from "../harness/control-plane.ts";
import { type GraphqlClient, mutate as mutateAs, serveGraphql, tokenFor } from "../harness/graphql.ts";

let services: TestServices;
let client: GraphqlClient;
let admin: string;
let second: string;
let stranger: string;

beforeAll(async () => {
  services = await openTestServices(undefined);
  client = await serveGraphql(services);
  const organisationId = await makeOrganisation(services, "ours");
  admin = await tokenFor(services, organisationId, "admin");
  second = (
    await services.database.tenant(organisationId, (em) =>
      makeAdminToken(
        em,
        services.settings.pepper,
        { actor: "test", organisationId },
        { name: "second", role: "admin", installation: false, expiresAt: null },
      ),
    )
  ).credential;
  stranger = await tokenFor(services, await makeOrganisation(services, "theirs"), "admin");
}, 30_000);
afterAll(async () => {
  await client.close();
  await services.close();
});

const mutate = (name: string, input: object, fields: string, token = admin) => mutateAs(client, token, name, input, fields);
/** Over a backend of its own. */
async function routeNamed(name: string, prompt: object) {
  const { provider } = await mutate(
    "createProvider",
    { key: name, kind: "SIMULATED", baseUrl: "http://127.0.0.1:9/v1" },
    "provider { id }",
  );
  const { backend } = await mutate("createBackend", { key: name, providerId: provider.id, model: "m" }, "backend { id }");
  return mutate("createRoute", { name, tiers: [{ targets: [{ backendId: backend.id, weight: 1 }] }], prompt }, "route { id revision }");
}
const newPrompt = async (name: string, more: object = {}) =>
  (await mutate("createPrompt", { name, ...more }, "prompt { id revision kind folder protectedLabels }")).prompt;
const version = (promptId: string, template: string, more: object = {}) =>
  mutate(
    "createPromptVersion",
    { promptId, messages: [{ role: "SYSTEM", template }], ...more },
    "prompt { revision labels { name version } } promptVersion { version variables inputs inputsDerived tools responseSchema partials { name version template } messages { template } author commitMessage }",
  );
const textVersion = (promptId: string, template: string) =>
  mutate("createPromptVersion", { promptId, messages: [{ role: "USER", template }] }, "promptVersion { version }");

describe("versions and labels", () => {
  it("takes a name that can stand in an address, at its making and when it changes", async () => {
    const rule = [{ path: "name", message: expect.stringMatching(/^must begin with a letter or digit/) }];
    expect((await mutate("createPrompt", { name: "Bad Name /x " }, "prompt { id }")).issues).toEqual(rule);
    const { id } = (await mutate("createPrompt", { name: "support/mail" }, "prompt { id }")).prompt;
    const rename = (name: string) => mutate("updatePrompt", { id, expectedRevision: 1, name }, "prompt { name }");
    expect((await rename("support mail")).issues).toEqual(rule);
    expect((await rename("mail")).prompt).toEqual({ name: "mail" });
  });

  it("number their versions, keep latest, and hold on to labels that are used", async () => {
    const { prompt } = await mutate("createPrompt", { name: "greeting" }, "prompt { id labels { name } }");
    const version = (template: string, labels: string[] = []) =>
      mutate(
        "createPromptVersion",
        { promptId: prompt.id, messages: [{ role: "SYSTEM", template }], labels },
        "promptVersion { version variables author } prompt { revision labels { name version } }",
      );
    const one = await version("Hello {{ name }} from {{ place.city }}", ["production"]);
    expect(one.promptVersion).toEqual({ version: 1, variables: ["name", "place"], author: "token:admin" });
    const two = await version("Hi {{ name }}");
    expect(two.prompt.labels).toEqual([
      { name: "latest", version: 2 },
      { name: "production", version: 1 },
    ]);
    const { revision } = two.prompt;
    const wrong = await mutate(
      "setPromptLabel",
      { promptId: prompt.id, expectedRevision: revision, label: "production", version: 9 },
      "prompt { id }",
    );
    expect(wrong.issues[0].message).toMatch(/no version 9/);
    const moved = await mutate(
      "setPromptLabel",
      { promptId: prompt.id, expectedRevision: revision, label: "production", version: 2 },
      "prompt { revision }",
    );
    const made = await routeNamed("greets", { promptId: prompt.id, label: "production" });
    expect(made.__typename).toBe("CreateRoutePayload");
    const removed = await mutate(
      "removePromptLabel",
      { promptId: prompt.id, expectedRevision: moved.prompt.revision, label: "production" },
      "prompt { id }",
    );
    expect(removed.issues[0].message).toMatch(/still used by route greets/);
    const archived = await mutate("archivePrompt", { id: prompt.id, expectedRevision: moved.prompt.revision }, "prompt { id }");
    expect(archived.issues[0].message).toMatch(/still used by/);
    await mutate("updateRoute", { id: made.route.id, expectedRevision: 1, prompt: null }, "route { id }");
    const gone = await mutate("archivePrompt", { id: prompt.id, expectedRevision: moved.prompt.revision }, "prompt { archivedAt }");
    expect(gone.prompt?.archivedAt).toEqual(expect.any(String));
  });

  it("refuse templates that do not compile, and labels that are ours", async () => {
    const { prompt } = await mutate("createPrompt", { name: "broken" }, "prompt { id }");
    const refused = await mutate(
      "createPromptVersion",
      {
        promptId: prompt.id,
        messages: [
          { role: "USER", template: "fine" },
          { role: "USER", template: "{% if %}" },
        ],
      },
      "promptVersion { version }",
    );
    expect(refused.issues[0].path).toBe("messages[1].template");
    const latest = await mutate(
      "setPromptLabel",
      { promptId: prompt.id, expectedRevision: 1, label: "latest", version: 1 },
      "prompt { id }",
    );
    expect(latest.issues[0].path).toBe("label");
    const missing = await routeNamed("asks-for-nothing", { promptId: prompt.id, label: "production" });
    expect(missing.issues[0].message).toMatch(/no label production/);
  });
});

it("the version that a name, a label or a route means at present is there with its inputs", async () => {
  const prompt = await newPrompt("named");
  await version(prompt.id, "First {{ a }}", { labels: ["production"] });
  await version(prompt.id, "Second {{ b }}");
  const bound = await routeNamed("binds-named", { promptId: prompt.id, label: "production" });
  const { data, errors } = await client.ask(
    admin,
    `query ($id: ID!) {
       promptsNamed(named: [{ name: "named" }, { name: "named", label: "latest" }, { name: "named", version: 2 }, { name: "named", version: 9 }, { name: "no-such" }]) {
         version variables prompt { name }
       }
       route(id: $id) { prompt { now { version variables } } }
     }`,
    { id: bound.route.id },
  );
  expect(errors).toEqual([]);
  const second = { version: 2, variables: ["b"], prompt: { name: "named" } };
  expect(data.promptsNamed).toEqual([{ version: 1, variables: ["a"], prompt: { name: "named" } }, second, second, null, null]);
  expect(data.route.prompt.now).toEqual({ version: 1, variables: ["a"] });
  const { data: theirs } = await client.ask(stranger, '{ promptsNamed(named: [{ name: "named" }]) { version } }');
  expect(theirs.promptsNamed).toEqual([null]);
});

it("versions are found by number, message and author, page by page, and one by its number", async () => {
  const prompt = await newPrompt("searched");
  for (const commitMessage of ["Greets", "Greets 3 times", "Ends", "Greets and ends"]) await version(prompt.id, "x", { commitMessage });
  const found = async (arguments_: string) =>
    (await client.ask(admin, `{ prompt(id: "${prompt.id}") { versions${arguments_} { version } } }`)).data.prompt.versions.map(
      (one: { version: number }) => one.version,
    );
  expect(await found('(search: "GREETS")')).toEqual([4, 2, 1]);
  expect(await found('(search: "3")')).toEqual([3, 2]);
  expect(await found('(search: "version 3")')).toEqual([3]);
  expect(await found('(search: "99999999999999")')).toEqual([]);
  expect(await found("(first: 2, before: 4)")).toEqual([3, 2]);
  const one = await client.ask(
    admin,
    `{ prompt(id: "${prompt.id}") { is: version(number: 3) { commitMessage } not: version(number: 5) { commitMessage } } }`,
  );
  expect(one.data.prompt).toEqual({ is: { commitMessage: "Ends" }, not: null });
  expect((await client.ask(admin, `{ prompt(id: "${prompt.id}") { versions(first: 101) { version } } }`)).errors).toHaveLength(1);
});

describe("a version", () => {
  it("keeps tools, schemas, message and author, and reaches nodes with them", async () => {
    const prompt = await newPrompt("full", { folder: "support/email" });
    expect(prompt).toMatchObject({ kind: "CHAT", folder: "support/email" });
    const tools = [{ type: "function", function: { name: "look_up", parameters: { type: "object" } } }];
    const responseSchema = { type: "object", properties: { ok: { type: "boolean" } } };
    const inputs = { type: "object", properties: { name: { type: "string" } }, required: ["name"] };
    const made = await version(prompt.id, "Hi {{ name }}", { tools, responseSchema, inputs, commitMessage: "First" });
    expect(made.promptVersion).toMatchObject({
      version: 1,
      variables: ["name"],
      inputs,
      inputsDerived: false,
      tools,
      responseSchema,
      commitMessage: "First",
    });
    expect(made.promptVersion.author).toBe("token:admin");
    const folders = await client.ask(admin, "{ promptFolders { path prompts } }");
    expect(folders.data.promptFolders).toContainEqual({ path: "support/email", prompts: 1 });
  });

  it("renders other prompts as they were when it was made", async () => {
    const rules = await newPrompt("rules", { kind: "TEXT" });
    await textVersion(rules.id, "Be brief.");
    const prompt = await newPrompt("with-partial");
    const one = await version(prompt.id, 'Hi. {% render "rules" %}');
    expect(one.promptVersion.partials).toEqual([{ name: "rules", version: 1, template: "Be brief." }]);
    await textVersion(rules.id, "Be long.");
    const rendered = async (number: number) =>
      (
        await client.ask(
          admin,
          `{ renderPrompt(promptId: "${prompt.id}", version: ${number}) { ... on RenderedPrompt { messages { content } } } }`,
        )
      ).data.renderPrompt.messages[0].content;
    expect(await rendered(1)).toBe("Hi. Be brief.");
    await version(prompt.id, 'Hi. {% render "rules" %}');
    expect(await rendered(2)).toBe("Hi. Be long.");
    const { data } = await client.ask(admin, `{ prompt(id: "${rules.id}") { usedBy { kind name version } } }`);
    expect(data.prompt.usedBy).toEqual([{ kind: "PROMPT", name: "with-partial", version: 2 }]);
  });

  it("may be given as Mustache and is kept as Liquid", async () => {
    const prompt = await newPrompt("imported");
    const made = await version(prompt.id, "Hi {{name}}{{#docs}} - {{title}}{{/docs}}", { format: "MUSTACHE", lists: ["docs"] });
    expect(made.promptVersion).toMatchObject({ variables: ["docs", "name"] });
    expect(made.promptVersion.messages[0].template).toContain("{% for item in docs %}");
  });

  it.each([
    ["a partial that is not there", '{% render "none" %}', {}, "messages"],
    ["a partial of the caller's choosing", "{% render name %}", {}, "messages[0].template"],
    ["a schema without a variable of its templates", "{{ a }}", { inputs: { type: "object", properties: {} } }, "inputs"],
    ["a schema with a regular expression", "{{ a }}", { inputs: { type: "object", properties: { a: { pattern: "x" } } } }, "inputs"],
    ["tools that are none", "x", { tools: [{ name: "x" }] }, "tools[0]"],
    ["Mustache that is none", "{{#a}}", { format: "MUSTACHE" }, "messages[0].template"],
  ])("is refused with %s", async (name, template, more, path) => {
    const prompt = await newPrompt(`refused-${name.replaceAll(" ", "-").replaceAll("'", "")}`);
    expect((await version(prompt.id, template, more)).issues).toContainEqual({ path, message: expect.any(String) });
  });

  it("of a text prompt is one template", async () => {
    const prompt = await newPrompt("one-text", { kind: "TEXT" });
    expect((await version(prompt.id, "system")).issues[0].path).toBe("messages");
    expect((await textVersion(prompt.id, "fine")).promptVersion.version).toBe(1);
  });
});

describe("labels", () => {
  it("deploy, and roll back in one mutation to what was before", async () => {
    const prompt = await newPrompt("deployed");
    await version(prompt.id, "one", { labels: ["production"] });
    const two = await version(prompt.id, "two");
    const deployed = await mutate(
      "setPromptLabel",
      { promptId: prompt.id, expectedRevision: two.prompt.revision, label: "production", version: 2 },
      "prompt { labels { name version } }",
    );
    expect(deployed.prompt.labels).toContainEqual({ name: "production", version: 2 });
    const back = await mutate("rollBackPromptLabel", { promptId: prompt.id, label: "production" }, "prompt { labels { name version } }");
    expect(back.prompt.labels).toContainEqual({ name: "production", version: 1 });
    expect((await mutate("rollBackPromptLabel", { promptId: prompt.id, label: "staging" }, "prompt { id }")).issues[0].path).toBe("label");
  });

  it("keep their history: from where to where, who, why, by what way, and where the way back goes", async () => {
    const prompt = await newPrompt("storied");
    await version(prompt.id, "one", { labels: ["production", "staging"], commitMessage: "the first" });
    const { prompt: two } = await version(prompt.id, "two");
    const { prompt: three } = await version(prompt.id, "three");
    const history = async (arguments_ = "") =>
      (
        await client.ask(
          admin,
          `{ prompt(id: "${prompt.id}") {
               revision
               labels { name version previousVersion previousUntil }
               labelMoves${arguments_} { label at actor fromVersion toVersion way reason revisionNumber experiment { id } }
             } }`,
        )
      ).data.prompt;
    const moved = { actor: "token:admin", experiment: null, at: expect.any(String), revisionNumber: expect.any(String) };
    const begun = { ...moved, fromVersion: null, toVersion: 1, way: "HAND", reason: "the first" };
    const atFirst = await history();
    expect(atFirst.labelMoves).toEqual([
      { ...begun, label: "production" },
      { ...begun, label: "staging" },
    ]);
    expect(atFirst.labels).toEqual([
      { name: "latest", version: 3, previousVersion: null, previousUntil: null },
      { name: "production", version: 1, previousVersion: null, previousUntil: null },
      { name: "staging", version: 1, previousVersion: null, previousUntil: null },
    ]);

    const at = (expectedRevision: number) => ({ promptId: prompt.id, expectedRevision, label: "production" });
    const up = await mutate("setPromptLabel", { ...at(three.revision), version: 2, reason: "  kinder " }, "prompt { revision }");
    await mutate("setPromptLabel", { ...at(up.prompt.revision), version: 3 }, "prompt { revision }");
    const before = await history();
    const [last] = before.labelMoves;
    expect(before.labels[1]).toEqual({ name: "production", version: 3, previousVersion: 2, previousUntil: last.at });
    expect((await mutate("rollBackPromptLabel", at(two.revision), "prompt { id }")).code).toBe("CONFLICT");
    await mutate("rollBackPromptLabel", { ...at(before.revision), reason: "too kind" }, "prompt { id }");

    const after = await history();
    expect(after.labelMoves.slice(0, 3)).toEqual([
      { ...moved, label: "production", fromVersion: 3, toVersion: 2, way: "ROLL_BACK", reason: "too kind" },
      { ...moved, label: "production", fromVersion: 2, toVersion: 3, way: "HAND", reason: "" },
      { ...moved, label: "production", fromVersion: 1, toVersion: 2, way: "HAND", reason: "kinder" },
    ]);
    expect(after.labels[1]).toMatchObject({ version: 2, previousVersion: 3, previousUntil: after.labelMoves[0].at });

    await mutate("removePromptLabel", at(after.revision), "prompt { id }");
    const { revision } = await history();
    await mutate("setPromptLabel", { ...at(revision), version: 2 }, "prompt { id }");
    const again = await history(`(label: "production", before: "${after.labelMoves[0].at}")`);
    expect(again.labels[1]).toMatchObject({ name: "production", version: 2, previousVersion: 3 });
    expect(again.labelMoves.map(({ toVersion }: { toVersion: number }) => toVersion)).toEqual([3, 2, 1]);
    expect((await history()).labelMoves.slice(0, 2)).toMatchObject([
      { fromVersion: null, toVersion: 2 },
      { fromVersion: 2, toVersion: null },
    ]);
    const theirs = await client.ask(stranger, `{ prompt(id: "${prompt.id}") { labelMoves { at } } }`);
    expect(theirs.data.prompt).toBeNull();
  });

  it("that are protected move when a second person approves, and not before, and not by who asked", async () => {
    const prompt = await newPrompt("guarded", { protectedLabels: ["production"] });
    expect((await version(prompt.id, "one", { labels: ["production"] })).issues[0]).toMatchObject({
      path: "label",
      message: expect.stringMatching(/protected/),
    });
    const one = await version(prompt.id, "one");
    const { revision } = one.prompt;
    expect(
      (
        await mutate(
          "setPromptLabel",
          { promptId: prompt.id, expectedRevision: revision, label: "production", version: 1 },
          "prompt { id }",
        )
      ).issues[0].path,
    ).toBe("label");
    expect(
      (await mutate("updatePrompt", { id: prompt.id, expectedRevision: revision, protectedLabels: [] }, "prompt { id }")).issues[0].path,
    ).toBe("protectedLabels");
    const asked = await mutate(
      "requestPromptLabel",
      { promptId: prompt.id, label: "production", version: 1, comment: "please" },
      "id state requestedBy",
    );
    expect(asked).toMatchObject({ state: "OPEN", requestedBy: "token:admin" });
    const decide = (id: string, approve: boolean, token: string) =>
      mutate(
        "decidePromptLabel",
        { requestId: id, approve },
        "prompt { labels { name version } protectedLabels } request { state decidedBy }",
        token,
      );
    expect((await decide(asked.id, true, admin)).code).toBe("FORBIDDEN");
    expect((await decide(asked.id, true, stranger)).code).toBe("NOT_FOUND");
    const approved = await decide(asked.id, true, second);
    const told = await client.ask(admin, `{ prompt(id: "${prompt.id}") { labelMoves { actor way reason toVersion } } }`);
    expect(told.data.prompt.labelMoves).toEqual([{ actor: "token:second", way: "APPROVAL", reason: "please", toVersion: 1 }]);
    expect(approved.prompt.labels).toContainEqual({ name: "production", version: 1 });
    expect(approved.request).toEqual({ state: "APPROVED", decidedBy: "token:second" });
    expect((await decide(asked.id, true, second)).issues[0].path).toBe("id");

    const declined = await mutate("requestPromptLabel", { promptId: prompt.id, label: "production" }, "id");
    expect((await decide(declined.id, false, admin)).request.state).toBe("DECLINED");
    const open = await mutate("requestPromptLabel", { promptId: prompt.id, label: "production" }, "id");
    expect((await decide(open.id, true, second)).prompt.protectedLabels).toEqual([]);
    const listed = await client.ask(admin, `{ prompt(id: "${prompt.id}") { labelRequests { state } } }`);
    expect(listed.data.prompt.labelRequests.map(({ state }: { state: string }) => state)).toEqual(["APPROVED", "DECLINED", "APPROVED"]);
  });
});

describe("what is known of a prompt", () => {
  it("is what two versions differ in, part by part and as text", async () => {
    const prompt = await newPrompt("compared");
    await version(prompt.id, "Hello {{ name }}\nBye", { defaultParameters: { temperature: 1 } });
    await version(prompt.id, "Hello {{ name }} of {{ company }}\nBye", { defaultParameters: { temperature: 0.5 } });
    const { data } = await client.ask(
      admin,
      `{ comparePromptVersions(promptId: "${prompt.id}", before: 1, after: 2) { ... on PromptComparison { patch differences { path before after } } } }`,
    );
    expect(data.comparePromptVersions.differences).toEqual([
      { path: "messages[0].template", before: "Hello {{ name }}\nBye", after: "Hello {{ name }} of {{ company }}\nBye" },
      { path: "defaultParameters.temperature", before: 1, after: 0.5 },
      { path: "variables", before: ["name"], after: ["company", "name"] },
    ]);
    expect(data.comparePromptVersions.patch).toContain("-Hello {{ name }}\n+Hello {{ name }} of {{ company }}\n");
  });

  it("is what a call would send, and which variable is wrong", async () => {
    const prompt = await newPrompt("dry");
    await version(prompt.id, "Hi {{ name }}");
    const ask = async (variables: object) =>
      (
        await client.ask(
          admin,
          `query($v: JSON) { renderPrompt(promptId: "${prompt.id}", variables: $v) { ... on RenderedPrompt { messages { role content } } ... on ValidationError { issues { path message } } } }`,
          { v: variables },
        )
      ).data.renderPrompt;
    expect((await ask({ name: "Ada" })).messages).toEqual([{ role: "system", content: "Hi Ada" }]);
    expect((await ask({})).issues).toEqual([{ path: "variables.name", message: "is missing" }]);
    expect((await ask({ name: 1, x: 2 })).issues[0].path).toBe("variables.x");
  });

  it("is who uses it and what its versions did in the last day", async () => {
    const prompt = await newPrompt("used");
    await version(prompt.id, "Hi", { labels: ["production"] });
    const provider = await mutate("createProvider", { key: "s", kind: "SIMULATED", baseUrl: "http://127.0.0.1:9/v1" }, "provider { id }");
    const backend = await mutate("createBackend", { key: "b", providerId: provider.provider.id, model: "m" }, "backend { id }");
    await mutate(
      "createRoute",
      {
        name: "chat",
        tiers: [{ targets: [{ backendId: backend.backend.id, weight: 1 }] }],
        prompt: { promptId: prompt.id, label: "production" },
      },
      "route { id }",
    );
    const { data, errors } = await client.ask(
      admin,
      `{ prompt(id: "${prompt.id}") { usedBy { kind name label version variant } versionMetrics { version calls } } }`,
    );
    expect(errors).toEqual([]);
    expect(data.prompt).toEqual({
      usedBy: [{ kind: "ROUTE", name: "chat", label: "production", version: null, variant: null }],
      versionMetrics: [],
    });
  });
});
