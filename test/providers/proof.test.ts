/** What a call proves itself with, on real sockets: keys where each kind takes them, tokens that are fetched, headers of one's own. */
import { generateKeyPairSync } from "node:crypto";
import { importSPKI, jwtVerify } from "jose";
import { afterEach, describe, expect, test } from "vitest";
import { openaiCompatibleProvider } from "../../data-plane/providers/openai-compatible/provider.ts";
import type { UpstreamPools } from "../../data-plane/providers/upstream-pools.ts";
import { answered, backendOver, startRecordedServer, type TestProviderRow, testPools } from "./recorded-server.ts";

const answer = {
  headers: { "content-type": "application/json" },
  pieces: [JSON.stringify({ id: "c", model: "m", created: 1, choices: [{ index: 0, message: { content: "hi" }, finish_reason: "stop" }] })],
};
const tokenAnswer = (token: string, more: object = {}) => ({
  headers: { "content-type": "application/json" },
  pieces: [JSON.stringify({ access_token: token, token_type: "Bearer", expires_in: 3600, ...more })],
});

let pools: UpstreamPools;
const provider = () => {
  pools = testPools();
  return openaiCompatibleProvider(pools);
};
afterEach(() => pools?.close());

const oauth = (tokenUrl: string, more: object = {}): TestProviderRow["more"] => ({
  authentication: {
    case: "oauthClientCredentials",
    value: { tokenUrl, clientId: "penstock", scope: "inference", audience: "models", clientAuthentication: "basic", ...more },
  },
});

test.each<[string, Partial<TestProviderRow>, Record<string, string | undefined>]>([
  ["a key as a bearer", { credential: "sk-1" }, { authorization: "Bearer sk-1" }],
  ["nothing", {}, { authorization: undefined }],
  ["Azure's key", { credential: "sk-1", more: { flavour: "azure" } }, { "api-key": "sk-1", authorization: undefined }],
  [
    "a token for Azure",
    { credential: "t-1", more: { flavour: "azure", authentication: { case: "bearer", value: true } } },
    { authorization: "Bearer t-1", "api-key": undefined },
  ],
  ["headers of its own", { credential: "sk-1", headers: { "x-tenant": "ours" } }, { authorization: "Bearer sk-1", "x-tenant": "ours" }],
  ["another scheme in place of the key", { credential: "sk-1", headers: { authorization: "Basic abc" } }, { authorization: "Basic abc" }],
])("a call carries %s", async (_, row, headers) => {
  await using server = await startRecordedServer(() => answer);
  const { failure } = await answered(provider(), { kind: "openai-compatible", baseUrl: `${server.url}/v1`, ...row });
  expect(failure).toBeUndefined();
  expect(server.asked[0]?.headers).toMatchObject(Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== undefined)));
  for (const [name, value] of Object.entries(headers)) expect(server.asked[0]?.headers[name]).toBe(value);
});

describe("OAuth client credentials", () => {
  test("are asked for one token, whatever comes at once, and calls carry it", async () => {
    await using tokens = await startRecordedServer(() => tokenAnswer("token-1"));
    await using server = await startRecordedServer(() => answer);
    const row = {
      kind: "openai-compatible",
      baseUrl: `${server.url}/v1`,
      credential: "client secret",
      more: oauth(`${tokens.url}/oauth/token`),
    };
    const backend = backendOver(row);
    const used = provider();
    const all = await Promise.all(Array.from({ length: 10 }, () => answered(used, row, undefined, backend)));
    expect(all.map(({ failure }) => failure)).toEqual(all.map(() => undefined));
    expect(tokens.asked).toHaveLength(1);
    expect(tokens.asked[0]?.path).toBe("/oauth/token");
    expect(Object.fromEntries(new URLSearchParams(tokens.asked[0]?.body))).toEqual({
      grant_type: "client_credentials",
      scope: "inference",
      audience: "models",
    });
    expect(tokens.asked[0]?.headers.authorization).toBe(`Basic ${Buffer.from("penstock:client+secret").toString("base64")}`);
    expect(new Set(server.asked.map(({ headers }) => headers.authorization))).toEqual(new Set(["Bearer token-1"]));
  });

  test("may stand in the body", async () => {
    await using tokens = await startRecordedServer(() => tokenAnswer("token-1"));
    await using server = await startRecordedServer(() => answer);
    const more = oauth(`${tokens.url}/t`, { clientAuthentication: "post", scope: "", audience: "" });
    await answered(provider(), { kind: "openai-compatible", baseUrl: server.url, credential: "s", more });
    expect(Object.fromEntries(new URLSearchParams(tokens.asked[0]?.body))).toEqual({
      grant_type: "client_credentials",
      client_id: "penstock",
      client_secret: "s",
    });
    expect(tokens.asked[0]?.headers.authorization).toBeUndefined();
  });

  test("get another token after a backend has refused theirs", async () => {
    await using tokens = await startRecordedServer((_, count) => tokenAnswer(`token-${count}`));
    await using server = await startRecordedServer(({ headers }) =>
      headers.authorization === "Bearer token-1" ? { status: 401, headers: {}, pieces: ['{"error":{"message":"bad token-1"}}'] } : answer,
    );
    const row = { kind: "openai-compatible", baseUrl: server.url, credential: "s", more: oauth(`${tokens.url}/t`) };
    const backend = backendOver(row);
    const used = provider();
    const refused = await answered(used, row, undefined, backend);
    expect(refused.failure).toMatchObject({ kind: "UPSTREAM_UNAVAILABLE", details: { anotherBackendMayHelp: true } });
    expect((await answered(used, row, undefined, backend)).failure).toBeUndefined();
    expect(tokens.asked).toHaveLength(2);
  });

  test.each<[string, Parameters<typeof startRecordedServer>[0]]>([
    ["refuses them", () => ({ status: 401, headers: { "content-type": "application/json" }, pieces: ['{"error":"invalid_client"}'] })],
    ["sends elsewhere", () => ({ status: 307, headers: { location: "http://127.0.0.1:1/" }, pieces: [] })],
    ["says nothing of use", () => ({ headers: { "content-type": "application/json" }, pieces: ['{"token":"x"}'] })],
    ["says more than a token", () => ({ headers: { "content-type": "application/json" }, pieces: [`"${"x".repeat(100_000)}"`] })],
    ["breaks off", () => ({ headers: { "content-type": "application/json" }, pieces: ['{"access_'], cut: true })],
  ])("fail the call, and another backend may help, where the token server %s", async (_, play) => {
    await using tokens = await startRecordedServer(play);
    await using server = await startRecordedServer(() => answer);
    const more = oauth(`${tokens.url}/t`);
    const { failure } = await answered(provider(), { kind: "openai-compatible", baseUrl: server.url, credential: "planted", more });
    expect(failure).toMatchObject({ kind: "UPSTREAM_UNAVAILABLE", details: { anotherBackendMayHelp: true } });
    expect((failure as Error).message).not.toContain("planted");
    expect(server.asked).toEqual([]);
  });

  test("are not sent to an address that the operator has not allowed", async () => {
    await using tokens = await startRecordedServer(() => tokenAnswer("token-1"), "127.0.0.2");
    const more = oauth(`${tokens.url}/t`);
    const { failure } = await answered(provider(), { kind: "openai-compatible", baseUrl: "http://127.0.0.1:9", credential: "s", more });
    expect(JSON.stringify(causesOf(failure))).toContain("may not call");
    expect(tokens.asked).toEqual([]);
  });
});

test("a Google service account signs for its token with its key", async () => {
  const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  await using tokens = await startRecordedServer(() => tokenAnswer("ya29.token"));
  await using server = await startRecordedServer(() => answer);
  const tokenUrl = `${tokens.url}/token`;
  const file = { private_key: privateKey.export({ type: "pkcs8", format: "pem" }), private_key_id: "key-1" };
  const { failure } = await answered(provider(), {
    kind: "openai-compatible",
    baseUrl: server.url,
    credential: JSON.stringify(file),
    more: { authentication: { case: "googleServiceAccount", value: { clientEmail: "robot@project.example", tokenUrl } } },
  });
  expect(failure).toBeUndefined();
  const form = new URLSearchParams(tokens.asked[0]?.body);
  expect(form.get("grant_type")).toBe("urn:ietf:params:oauth:grant-type:jwt-bearer");
  const key = await importSPKI(publicKey.export({ type: "spki", format: "pem" }).toString(), "RS256");
  const { payload, protectedHeader } = await jwtVerify(form.get("assertion") ?? "", key, {
    audience: tokenUrl,
    issuer: "robot@project.example",
  });
  expect(protectedHeader).toMatchObject({ alg: "RS256", kid: "key-1" });
  expect(payload["scope"]).toBe("https://www.googleapis.com/auth/cloud-platform");
  expect(server.asked[0]?.headers.authorization).toBe("Bearer ya29.token");
});

/** The messages of an error and of what caused it. */
function causesOf(error: unknown): string[] {
  const messages: string[] = [];
  for (let at = error; at instanceof Error; at = at.cause) messages.push(at.message);
  return messages;
}
