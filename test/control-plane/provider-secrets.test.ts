/** What a provider proves itself with: sealed for where it is sent, never shown, never sent elsewhere, refused where it could not work. */
import { generateKeyPairSync } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { credentialPlace, headerPlace } from "#agreements/provider-secrets.ts";
import { openSecret } from "#agreements/sealed-secret.ts";
import { Provider, tokenUrlOf } from "../../control-plane/database/entities/provider.ts";
import { compileResource } from "../../control-plane/snapshot/compile.ts";
import { makeOrganisation, openTestServices, type TestServices } from "../harness/control-plane.ts";
import { type GraphqlClient, serveGraphql, tokenFor } from "../harness/graphql.ts";
import { type PostgresServer, startPostgres } from "../harness/postgres.ts";

let postgres: PostgresServer;
let services: TestServices;
let client: GraphqlClient;
let organisationId: string;
let admin: string;
let count = 0;

beforeAll(async () => {
  postgres = await startPostgres();
  services = await openTestServices(await postgres.createDatabase());
  client = await serveGraphql(services);
  organisationId = await makeOrganisation(services, "ours");
  admin = await tokenFor(services, organisationId, "admin");
});
afterAll(async () => {
  await client.close();
  await services.close();
  await postgres.close();
});

const fields = `provider { id revision kind flavour apiVersion hasCredential headerNames
  authentication { method tokenUrl clientId scope audience clientAuthentication accessKeyId region clientEmail } }`;
const run = async (name: "createProvider" | "updateProvider", input: object) => {
  const type = name.charAt(0).toUpperCase() + name.slice(1);
  const answer = await client.ask(
    admin,
    `mutation($input: ${type}Input!) { ${name}(input: $input) { ... on ${type}Payload { ${fields} } ... on ValidationError { issues { path message } } } }`,
    { input },
  );
  expect(answer.errors).toEqual([]);
  return answer.data[name];
};
const create = (input: object = {}) =>
  run("createProvider", { key: `provider-${++count}`, kind: "OPENAI_COMPATIBLE", baseUrl: "http://127.0.0.1:9/v1", ...input });
const pathsOf = ({ issues }: { issues?: { path: string }[] }) => issues?.map(({ path }) => path);
const rowOf = (id: string) => services.database.tenant(organisationId, (em) => em.findOneOrFail(Provider, { id }));
const secretOf = async (id: string) => {
  const row = await rowOf(id);
  return openSecret(
    services.settings.sealingKey,
    credentialPlace({ ...row, tokenUrl: tokenUrlOf(row.authentication) }),
    row.sealedCredential,
  );
};

const privateKey = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey.export({ type: "pkcs8", format: "pem" });
const keyFile = {
  type: "service_account",
  client_email: "robot@project.example",
  private_key_id: "key-1",
  private_key: privateKey,
  token_uri: "http://127.0.0.1:9/token",
};
const oauth = {
  method: "OAUTH_CLIENT_CREDENTIALS",
  tokenUrl: "http://127.0.0.1:9/oauth/token",
  clientId: "penstock",
  scope: "inference",
};

describe("a provider proves itself", () => {
  it("with its key, unless it says otherwise", async () => {
    const { provider } = await create({ credential: "sk-1" });
    expect(provider).toMatchObject({ flavour: "GENERIC", apiVersion: "", hasCredential: true, headerNames: [] });
    expect(provider.authentication).toMatchObject({ method: "API_KEY", tokenUrl: null, clientEmail: null });
    const compiled = compileResource("provider", await rowOf(provider.id))?.resource.resource;
    expect(compiled?.value).toMatchObject({ flavour: "", apiVersion: "", authentication: { case: undefined }, headers: [] });
  });

  it("with OAuth client credentials, whose secret is bound to both places", async () => {
    const { provider } = await create({ authentication: oauth, credential: "client-secret" });
    expect(provider.authentication).toMatchObject({ ...oauth, audience: "", clientAuthentication: "BASIC" });
    expect(await secretOf(provider.id)).toBe("client-secret");
    const row = await rowOf(provider.id);
    const elsewhere = credentialPlace({ ...row, tokenUrl: "https://evil.example/token" });
    expect(() => openSecret(services.settings.sealingKey, elsewhere, row.sealedCredential)).toThrow();
    expect(compileResource("provider", row)?.resource.resource.value).toMatchObject({
      authentication: { case: "oauthClientCredentials", value: { clientId: "penstock", clientAuthentication: "basic" } },
    });
  });

  it("with AWS keys", async () => {
    const keys = { method: "AWS_KEYS", accessKeyId: "AKIAIOSFODNN7EXAMPLE", region: "eu-central-1" };
    const { provider } = await create({ kind: "BEDROCK", authentication: keys, credential: "secret-access-key" });
    expect(provider.authentication).toMatchObject(keys);
    expect(await secretOf(provider.id)).toBe("secret-access-key");
  });

  it("with a service account's key file, of which only the key is kept, sealed", async () => {
    const { provider } = await create({
      kind: "GEMINI",
      authentication: { method: "GOOGLE_SERVICE_ACCOUNT" },
      credential: JSON.stringify(keyFile, null, 2),
    });
    expect(provider.authentication).toMatchObject({ clientEmail: "robot@project.example", tokenUrl: keyFile.token_uri });
    expect(JSON.parse(await secretOf(provider.id))).toEqual({ private_key: privateKey, private_key_id: "key-1" });
  });

  it("with headers of its own, whose values nobody reads again", async () => {
    const headers = [
      { name: "X-Tenant", value: "planted-value" },
      { name: "authorization", value: "Basic abc" },
    ];
    const { provider } = await create({ headers });
    expect(provider.headerNames).toEqual(["authorization", "x-tenant"]);
    const row = await rowOf(provider.id);
    expect(row.sealedHeaders.map(({ sealedValue }) => openSecret(services.settings.sealingKey, headerPlace(row), sealedValue))).toEqual([
      "Basic abc",
      "planted-value",
    ]);
    const everything = await services.database.system((em) =>
      em.execute(
        "select 1 from revision_change where after::text like '%planted%' union select 1 from provider p where p::text like '%planted%'",
      ),
    );
    expect(everything).toEqual([]);
  });
});

describe("a secret is given again", () => {
  const update = (provider: { id: string; revision: number }, more: object) =>
    run("updateProvider", { id: provider.id, expectedRevision: provider.revision, ...more });

  it("where the token URL or the method changes", async () => {
    const { provider } = await create({ authentication: oauth, credential: "client-secret" });
    const moved = { ...oauth, tokenUrl: "http://127.0.0.1:9/elsewhere" };
    expect(pathsOf(await update(provider, { authentication: moved }))).toEqual(["credential"]);
    expect(pathsOf(await update(provider, { authentication: { method: "BEARER" } }))).toEqual(["credential"]);
    const scoped = await update(provider, { authentication: { ...oauth, scope: "other" } });
    expect(scoped.provider.authentication.scope).toBe("other");
    expect(await secretOf(provider.id)).toBe("client-secret");
    await update(scoped.provider, { authentication: moved, credential: "another" });
    expect(await secretOf(provider.id)).toBe("another");
  });

  it("where the base URL changes under headers", async () => {
    const { provider } = await create({ headers: [{ name: "x-a", value: "1" }] });
    expect(pathsOf(await update(provider, { baseUrl: "http://127.0.0.1:9/v2" }))).toEqual(["headers"]);
    const bare = await update(provider, { baseUrl: "http://127.0.0.1:9/v2", headers: [] });
    expect(bare.provider.headerNames).toEqual([]);
  });
});

describe("what could not work is refused by name:", () => {
  it.each<[string, object, string]>([
    [
      "a method of another kind",
      { authentication: { method: "AWS_KEYS", accessKeyId: "AKIAIOSFODNN7EXAMPLE", region: "eu-1" }, credential: "s" },
      "authentication.method",
    ],
    ["a method without its secret", { authentication: { method: "BEARER" } }, "credential"],
    ["a field of another method", { authentication: { method: "BEARER", region: "eu-1" }, credential: "t" }, "authentication.region"],
    ["no token URL", { authentication: { method: "OAUTH_CLIENT_CREDENTIALS", clientId: "a" }, credential: "s" }, "authentication.tokenUrl"],
    [
      "a token URL where no node may call",
      { authentication: { ...oauth, tokenUrl: "http://169.254.169.254/token" }, credential: "s" },
      "authentication.tokenUrl",
    ],
    ["a key file that is none", { kind: "GEMINI", authentication: { method: "GOOGLE_SERVICE_ACCOUNT" }, credential: "{}" }, "credential"],
    [
      "a key file whose key signs nothing",
      {
        kind: "GEMINI",
        authentication: { method: "GOOGLE_SERVICE_ACCOUNT" },
        credential: JSON.stringify({ ...keyFile, private_key: "no" }),
      },
      "credential",
    ],
    ["a flavour of another kind", { kind: "GEMINI", flavour: "VLLM" }, "flavour"],
    ["an API version that nobody asks", { flavour: "VLLM", apiVersion: "2024-10-21" }, "apiVersion"],
    ["an API version that is none", { flavour: "AZURE", apiVersion: "x?y" }, "apiVersion"],
    ["a header that is the gateway's", { headers: [{ name: "Content-Length", value: "1" }] }, "headers[0].name"],
    ["a header with a line break", { headers: [{ name: "x-a", value: "1\r\nx-b: 2" }] }, "headers[0].value"],
    [
      "a header twice",
      {
        headers: [
          { name: "x-a", value: "1" },
          { name: "X-A", value: "2" },
        ],
      },
      "headers[1].name",
    ],
    ["a header without a name", { headers: [{ name: "x a", value: "1" }] }, "headers[0].name"],
  ])("%s", async (_, input, path) => {
    expect(pathsOf(await create(input))).toContain(path);
  });
});
