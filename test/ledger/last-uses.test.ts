/** When a key was last used: to the minute as long as minutes are kept, then to the hour; nobody else's. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { lastUses } from "../../control-plane/usage/last-uses.ts";
import { makeOrganisation, openTestServices, type TestServices } from "../harness/control-plane.ts";
import { type PostgresServer, startPostgres } from "../harness/postgres.ts";
import { recordCalls } from "../money/ledger-calls.ts";

let postgres: PostgresServer;
let services: TestServices;

beforeAll(async () => {
  postgres = await startPostgres();
  services = await openTestServices(await postgres.createDatabase());
});
afterAll(async () => {
  await services.close();
  await postgres.close();
});

it("is the latest over all that the key was used for, and of keys that never were there is none", async () => {
  const [ours, theirs] = [await makeOrganisation(services, "ours"), await makeOrganisation(services, "theirs")];
  const at = (text: string) => new Date(text);
  await recordCalls(services.database, [
    { organisationId: ours, apiKeyId: "web", routeName: "chat", at: at("2026-11-02T10:15:30Z") },
    { organisationId: ours, apiKeyId: "web", routeName: "mini", routeId: "other", at: at("2026-11-03T08:59:59Z") },
    { organisationId: ours, apiKeyId: "app", at: at("2026-11-01T00:00:00Z") },
    { organisationId: theirs, apiKeyId: "app", at: at("2026-11-09T00:00:00Z") },
  ]);
  const read = () => services.database.tenant(ours, (em) => lastUses(em, ours, ["web", "app", "never"]));
  expect(await read()).toEqual(
    new Map([
      ["web", at("2026-11-03T08:59:00Z")],
      ["app", at("2026-11-01T00:00:00Z")],
    ]),
  );
  await services.database.system((em) => em.execute("delete from usage_minute"));
  expect((await read()).get("web")).toEqual(at("2026-11-03T08:00:00Z"));
});
