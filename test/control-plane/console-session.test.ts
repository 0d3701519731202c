/** Sessions of the console: what opens one, what it may do, what ends it, and what another site's page cannot do with it. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeOrganisation, openTestServices, type TestServices } from "../harness/control-plane.ts";
import { type GraphqlClient, makeThing, serveGraphql, tokenFor } from "../harness/graphql.ts";

let services: TestServices;
let server: GraphqlClient;
let token: string;

beforeAll(async () => {
  services = await openTestServices(undefined);
  server = await serveGraphql(services);
  token = await tokenFor(services, await makeOrganisation(services, "one"), "admin");
});
afterAll(async () => {
  await server?.close();
  await services?.close();
});

const signIn = (given: object, headers: Record<string, string> = { "x-penstock-console": "1" }) =>
  fetch(`${server.url}/session`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(given),
  });
const cookieOf = (answer: Response) => (answer.headers.get("set-cookie") ?? "").split(";")[0] ?? "";
const viewer = async (cookie: string, headers: Record<string, string> = { "x-graphql-yoga-csrf": "1" }) =>
  server.ask(undefined, "{ viewer { role } }", {}, { cookie, ...headers });

describe("a session", () => {
  it("is opened by an admin token and does what the token may, from a cookie that no script reads", async () => {
    const answer = await signIn({ token });
    expect(answer.status).toBe(200);
    expect(answer.headers.get("set-cookie")).toMatch(/HttpOnly; SameSite=Strict; Max-Age=3600/);
    expect((await viewer(cookieOf(answer))).data.viewer.role).toBe("ADMIN");
    expect(await (await fetch(`${server.url}/session`, { headers: { cookie: cookieOf(answer) } })).json()).toMatchObject({
      signedIn: true,
      role: "admin",
    });
  });

  it("says whose it is, by more than a name, and that it is nobody's where it may not act", async () => {
    const cookie = cookieOf(await signIn({ token }));
    const who = (headers: Record<string, string>) => fetch(`${server.url}/session`, { headers: { cookie, ...headers } });
    const mine = (await server.ask(token, "{ adminTokens(first: 5) { edges { node { id } } } }")).data.adminTokens.edges[0].node.id;
    expect(await (await who({})).json()).toMatchObject({ signedIn: true, tokenId: mine });
    const elsewhere = await who({ "x-penstock-organisation": await makeOrganisation(services, "elsewhere") });
    expect(elsewhere.status).toBe(403);
  });

  it("is not opened by a wrong token, nor without the header that another site's page cannot send", async () => {
    expect((await signIn({ token: "pat_live_000000000000_0000000000000000000000000000000000000000000_000000" })).status).toBe(401);
    expect((await signIn({ token }, {})).status).toBe(403);
    expect((await signIn({})).status).toBe(401);
  });

  it("does nothing for what another site's page can send: a form, or a link", async () => {
    const cookie = cookieOf(await signIn({ token }));
    const query = "{ viewer { role } }";
    const form = await fetch(`${server.url}/graphql`, {
      method: "POST",
      headers: { cookie, "content-type": "application/x-www-form-urlencoded" },
      body: new URLSearchParams({ query }),
    });
    const link = await fetch(`${server.url}/graphql?query=${encodeURIComponent(query)}`, { headers: { cookie } });
    for (const answer of [form, link]) {
      expect(answer.status).toBeGreaterThanOrEqual(400);
      expect(await answer.text()).not.toContain("ADMIN");
    }
  });

  it("ends when one signs out, also for whoever copied the cookie", async () => {
    const cookie = cookieOf(await signIn({ token }));
    await fetch(`${server.url}/session`, { method: "DELETE", headers: { cookie, "x-penstock-console": "1" } });
    expect((await viewer(cookie)).data).toBeNull();
  });

  it("ends with its time", async () => {
    const cookie = cookieOf(await signIn({ token }));
    await services.database.system((em) => em.execute("update console_session set expires_at = now() - interval '1 second'"));
    expect((await viewer(cookie)).data).toBeNull();
  });
});

it("a link opens one session, once, and only the holder of a token gets one", async () => {
  expect((await fetch(`${server.url}/session/link`, { method: "POST" })).status).toBe(401);
  const made = await fetch(`${server.url}/session/link`, { method: "POST", headers: { authorization: `Bearer ${token}` } });
  const link = /#link=([\w-]{43})$/.exec(((await made.json()) as { path: string }).path)?.[1] ?? "";
  const first = await signIn({ link });
  expect((await viewer(cookieOf(first))).data.viewer.role).toBe("ADMIN");
  expect((await signIn({ link })).status).toBe(401);
  // A link is no session by itself.
  expect((await viewer(cookieOf(first).replace(/=.*/, `=${link}`))).data).toBeNull();
});

it("an invitation gives its token to whoever takes it up, once, and to nobody else", async () => {
  const asked = await server.ask(
    token,
    `mutation { inviteMember(input: { name: "ada", role: OPERATOR }) {
      ... on InviteMemberPayload { path adminToken { id invitedUntil } } } }`,
  );
  const { path, adminToken } = asked.data.inviteMember;
  const waitsMs = Date.parse(adminToken.invitedUntil) - Date.now();
  expect(waitsMs).toBeGreaterThan(6.9 * 86_400_000);
  expect(waitsMs).toBeLessThanOrEqual(7 * 86_400_000);
  const invitation = /^\/sign-in#invitation=([\w-]{43})$/.exec(path)?.[1] ?? "";
  const taken = await signIn({ invitation });
  const { credential } = (await taken.json()) as { credential: string };
  expect((await viewer(cookieOf(taken))).data.viewer.role).toBe("OPERATOR");
  expect((await server.ask(credential, "{ viewer { actor role } }")).data.viewer).toEqual({ actor: "token:ada", role: "OPERATOR" });
  expect((await signIn({ invitation })).status).toBe(401);
  const members = (await server.ask(token, "{ adminTokens(first: 50) { edges { node { id invitedUntil } } } }")).data.adminTokens.edges;
  expect(members.find(({ node }: { node: { id: string } }) => node.id === adminToken.id).node.invitedUntil).toBeNull();
});

it("a revoked token's sessions end with it", async () => {
  const other = await tokenFor(services, await makeOrganisation(services, "two"), "admin");
  const cookie = cookieOf(await signIn({ token: other }));
  const { data } = await server.ask(other, "{ adminTokens(first: 5) { edges { node { id } } } }");
  const id = data.adminTokens.edges[0].node.id;
  await server.ask(other, "mutation ($input: RevokeAdminTokenInput!) { revokeAdminToken(input: $input) { __typename } }", {
    input: { id },
  });
  expect((await viewer(cookie)).data).toBeNull();
});

it("the playground is shut to those without the header, a session, or the role admin", async () => {
  const call = (headers: Record<string, string>) =>
    fetch(`${server.url}/playground/v1/chat/completions`, { method: "POST", headers, body: "{}" });
  expect((await call({})).status).toBe(403);
  expect((await call({ "x-penstock-console": "1" })).status).toBe(401);
  const reader = await tokenFor(services, await makeOrganisation(services, "three"), "viewer");
  expect((await call({ "x-penstock-console": "1", cookie: cookieOf(await signIn({ token: reader })) })).status).toBe(403);
});

it("the playground has one key for each person and project, and keeps it for the next call", async () => {
  const organisationId = await makeOrganisation(services, "four");
  const admin = await tokenFor(services, organisationId, "admin");
  const [first, second] = [
    await makeThing(server, admin, "Project", { key: "a", name: "A" }),
    await makeThing(server, admin, "Project", { key: "b", name: "B" }),
  ];
  const cookie = cookieOf(await signIn({ token: admin }));
  const call = async (project?: string) => {
    const headers = { "x-penstock-console": "1", cookie, ...(project === undefined ? {} : { "x-penstock-project": project }) };
    return (await fetch(`${server.url}/playground/v1/chat/completions`, { method: "POST", headers, body: "{}" })).status;
  };
  // No node is there to answer; the key is made before one is looked for.
  expect([await call(), await call(second), await call(second), await call(), await call("nope"), await call(organisationId)]).toEqual([
    503, 503, 503, 503, 404, 404,
  ]);
  const { data } = await server.ask(admin, "{ apiKeys(first: 9) { edges { node { environment project { id } } } } }");
  const made = data.apiKeys.edges.map(({ node }: { node: { project: { id: string } } }) => node.project.id);
  expect(made.sort()).toEqual([first, second].sort());
});

it("the console's address answers with a page to whoever asks, and other unknown addresses only to those who ask for a page", async () => {
  const plain = await fetch(`${server.url}/`);
  expect(plain.headers.get("content-type")).toContain("text/html");
  expect(plain.headers.get("content-security-policy")).toContain("script-src 'self'");
  expect((await fetch(`${server.url}/routes`)).status).toBe(404);
  expect((await fetch(`${server.url}/routes`, { headers: { accept: "text/html" } })).headers.get("content-type")).toContain("text/html");
});
