/** Words are sought in what was said where that is kept: by those who may look at it, and each search is in the audit log. */
import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { v7 } from "uuid";
import { afterAll, beforeAll, expect, it } from "vitest";
import { CallContentSchema } from "#proto/penstock/usage/v1/usage_event_pb.ts";
import { recordContent } from "../../control-plane/content/record-content.ts";
import { makeAdminToken } from "../../control-plane/operations/admin-tokens.ts";
import { recordUsage } from "../../control-plane/usage/record-usage.ts";
import { makeOrganisation, openTestServices, type TestServices } from "../harness/control-plane.ts";
import { type GraphqlClient, serveGraphql } from "../harness/graphql.ts";
import { type PostgresServer, startPostgres } from "../harness/postgres.ts";
import { randomCalls } from "./random-calls.ts";

const hourMs = 3_600_000;
const nowMs = Date.now();
let postgres: PostgresServer;
let services: TestServices;
let graphql: GraphqlClient;
let ours: string;
let theirs: string;
const tokens: Record<string, string> = {};

beforeAll(async () => {
  postgres = await startPostgres();
  services = await openTestServices(await postgres.createDatabase());
  graphql = await serveGraphql(services);
  ours = await makeOrganisation(services, "ours");
  theirs = await makeOrganisation(services, "theirs");
  for (const [name, role, organisationId] of [
    ["developer", "developer", ours],
    ["viewer", "viewer", ours],
    ["stranger", "admin", theirs],
  ] as const) {
    const token = { name, role, installation: false, expiresAt: null };
    const made = await services.database.tenant(organisationId, (em) =>
      makeAdminToken(em, services.settings.pepper, { actor: "test", organisationId }, token),
    );
    tokens[name] = made.credential;
  }
});
afterAll(async () => {
  await graphql.close();
  await services.close();
  await postgres.close();
});

let seed = 100;
/** A call of so many hours ago in which this was asked and answered; the answer is its route's name, to be told by. */
async function say(hoursAgo: number, asked: string, answered: string, more: { route?: string } = {}): Promise<string> {
  const atMs = nowMs - hoursAgo * hourMs;
  const [record] = randomCalls({ seed: seed++, count: 1, fromMs: atMs, untilMs: atMs + 1, organisationIds: [ours] });
  if (record?.record.case !== "usage") throw new Error("a call was expected");
  const event = record.record.value;
  const callId = v7({ msecs: atMs });
  Object.assign(event, { callId, routeName: more.route ?? "chat" });
  await recordUsage(services.database, [record]);
  const content = create(CallContentSchema, {
    callId,
    organisationId: ours,
    startedAt: timestampFromMs(atMs),
    retentionDays: 1,
    request: JSON.stringify({ messages: [{ role: "user", content: asked }] }),
    answer: JSON.stringify([{ role: "assistant", content: answered }]),
  });
  await recordContent(services.database, [content], nowMs);
  return callId;
}

const search = async (who: string, said: string, more = "") =>
  graphql.ask(
    tokens[who],
    `query ($said: String!) { usageEvents(first: 2, said: $said ${more}) { edges { node { callId } } pageInfo { hasNextPage endCursor } } }`,
    { said },
  );
const found = async (said: string, more = "") =>
  (await search("developer", said, more)).data.usageEvents.edges.map(({ node }: { node: { callId: string } }) => node.callId);

it("finds words in what was asked and answered, newest first, page after page, and takes no sign for another", async () => {
  const first = await say(5, "Where does the Nile rise?", "In the lakes.");
  const second = await say(4, "And the Rhine?", 'In the Alps, as "NILE" does not.');
  const third = await say(3, "nile\nagain", "100% sure", { route: "other" });
  expect(await found("nile")).toEqual([third, second]);
  const { endCursor, hasNextPage } = (await search("developer", "nile")).data.usageEvents.pageInfo;
  expect(hasNextPage).toBe(true);
  expect(await found("nile", `, after: "${endCursor}"`)).toEqual([first]);
  expect(await found('"nile"')).toEqual([second]);
  expect(await found("nile\nagain")).toEqual([third]);
  expect(await found("100%")).toEqual([third]);
  expect(await found("1_0%")).toEqual([]);
  expect(await found("nile", ', filter: { routeName: ["other"] }')).toEqual([third]);
  expect(await found("nile", `, filter: { until: "${new Date(nowMs - 3.5 * hourMs).toISOString()}" }`)).toEqual([second, first]);
});

it("is for those who may look at what was said, and nobody of another organisation finds it", async () => {
  await say(2, "a secret river", "hush");
  expect((await search("viewer", "secret")).errors[0]?.message).toMatch(/needs the role developer/);
  expect((await search("stranger", "secret")).data.usageEvents.edges).toEqual([]);
});

it("is in the audit log, once for a search and not for each of its pages", async () => {
  const entries = async () =>
    (
      await graphql.ask(
        tokens["developer"],
        '{ auditEntries(first: 50, filter: { action: "content.search" }) { edges { node { actor details } } } }',
      )
    ).data.auditEntries.edges.filter(({ node }: { node: { details: { words: string } } }) => node.details.words === "river");
  await say(1, "the river one", "yes");
  await say(1, "the river two", "yes");
  const { endCursor } = (await search("developer", "river")).data.usageEvents.pageInfo;
  await search("developer", "river", `, after: "${endCursor}"`);
  expect(await entries()).toMatchObject([{ node: { actor: "token:developer", details: { words: "river" } } }]);
});

it.each([
  ["too few words", "ab", "", /must have 3 to 200 characters/],
  ["another order", "river", ", orderBy: SLOWEST", /is NEWEST where words are sought/],
  ["a cursor of another list", "river", ', after: "1.2"', /is not a cursor of this search/],
])("refuses %s", async (_what, said, more, reason) => {
  expect(JSON.stringify((await search("developer", said, more)).errors)).toMatch(reason);
});
