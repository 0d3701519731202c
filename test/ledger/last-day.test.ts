/** What routes, backends and providers did lately, as lists of them show it: one reading for a page of them. */
import { create } from "@bufbuild/protobuf";
import { v7 } from "uuid";
import { expect, it } from "vitest";
import { Outcome, UsageRecordSchema } from "#proto/penstock/usage/v1/usage_event_pb.ts";
import { recordUsage } from "../../control-plane/usage/record-usage.ts";
import { makeOrganisation } from "../harness/control-plane.ts";
import { graphqlServices, makeThing, tokenFor } from "../harness/graphql.ts";

const hourMs = 3_600_000;

const { services, client } = await graphqlServices();
const organisationId = await makeOrganisation(services, "ours");
const admin = await tokenFor(services, organisationId, "admin");

const make = (type: string, input: object) => makeThing(client, admin, type, input);

const callAt = (atMs: number, routeId: string, backendId: string, providerId: string, outcome: Outcome = Outcome.OK) =>
  create(UsageRecordSchema, {
    record: {
      case: "usage",
      value: {
        callId: v7({ msecs: atMs }),
        organisationId,
        startedAt: { seconds: BigInt(Math.floor(atMs / 1000)), nanos: 0 },
        routeId,
        routeName: "busy",
        backendId,
        providerId,
        outcome,
        durationMs: 200,
      },
    },
  });

it("counts the calls of each hour of the day, and of one that had none there is nothing and not somebody else's", async () => {
  const provider = { kind: "OPENAI_COMPATIBLE", baseUrl: "http://127.0.0.1:9/v1" };
  const providerId = await make("Provider", { key: "used", ...provider, credential: "sk-a-long-enough-secret-7Qz9" });
  const idleProvider = await make("Provider", { key: "idle", ...provider, credential: "short" });
  const backendId = await make("Backend", { key: "used", providerId, model: "m" });
  const routeId = await make("Route", { name: "busy", tiers: [{ targets: [{ backendId, weight: 1 }] }] });
  await make("Route", { name: "quiet", tiers: [{ targets: [{ backendId, weight: 1 }] }] });
  const thisHourMs = Math.floor(Date.now() / hourMs) * hourMs;
  await recordUsage(services.database, [
    callAt(thisHourMs, routeId, backendId, providerId),
    callAt(thisHourMs - 2 * hourMs, routeId, backendId, providerId),
    callAt(thisHourMs - 2 * hourMs + 1000, routeId, backendId, providerId, Outcome.UPSTREAM_ERROR),
    callAt(thisHourMs - 23 * hourMs, routeId, backendId, providerId),
    callAt(thisHourMs - 24 * hourMs, routeId, backendId, providerId),
  ]);

  const series = "lastDay { figures { calls failedCalls duration { p95Ms } } points { figures { calls } } }";
  const { data, errors } = await client.ask(
    admin,
    `{ routes(first: 10) { edges { node { name ${series} } } } backends(first: 10) { edges { node { ${series} } } }
       providers(first: 10) { edges { node { id lastCallAt credentialLastFour } } } }`,
  );
  expect(errors).toEqual([]);
  const [busy, quiet] = data.routes.edges.map(({ node }: { node: unknown }) => node);
  expect(busy.lastDay.figures).toMatchObject({ calls: "4", failedCalls: "1" });
  expect(busy.lastDay.figures.duration.p95Ms).toBeGreaterThan(190);
  const hours = busy.lastDay.points.map(({ figures }: { figures: { calls: string } }) => Number(figures.calls));
  expect(hours).toHaveLength(24);
  expect([hours[0], hours[21], hours[23]]).toEqual([1, 2, 1]);
  expect(quiet.name).toBe("quiet");
  expect(quiet.lastDay.figures).toEqual({ calls: "0", failedCalls: "0", duration: { p95Ms: null } });
  expect(quiet.lastDay.points).toHaveLength(24);
  expect(data.backends.edges[0].node.lastDay.figures.calls).toBe("4");
  expect(data.providers.edges.map(({ node }: { node: unknown }) => node)).toEqual([
    { id: providerId, lastCallAt: new Date(thisHourMs).toISOString(), credentialLastFour: "7Qz9" },
    { id: idleProvider, lastCallAt: null, credentialLastFour: null },
  ]);
});

it("names the things of a call as they are called now, and not those that nobody knows", async () => {
  const { data } = await client.ask(admin, "{ usageEvents(first: 1) { edges { node { backendName apiKeyName promptName } } } }");
  expect(data.usageEvents.edges).toEqual([{ node: { backendName: "used", apiKeyName: null, promptName: null } }]);
});

it("lists models of one's own beside those that come with Penstock", async () => {
  await make("CatalogueModel", { key: "acme/acme-large", name: "Acme Large", capabilities: ["tools"] });
  const { data } = await client.ask(admin, '{ modelCatalogue(search: "ACME") { key price { version } own { name } } }');
  expect(data.modelCatalogue).toEqual([{ key: "acme/acme-large", price: null, own: { name: "Acme Large" } }]);
  const all = (await client.ask(admin, "{ modelCatalogue { key } }")).data.modelCatalogue.map(({ key }: { key: string }) => key);
  expect(all.filter((key: string) => key === "acme/acme-large")).toHaveLength(1);
  expect(all).toEqual(all.toSorted());
});
