import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ApiKey } from "../../control-plane/database/entities/api-key.ts";
import { Project } from "../../control-plane/database/entities/project.ts";
import { Provider, plainProvider } from "../../control-plane/database/entities/provider.ts";
import { type ConfigurationChange, changeConfiguration } from "../../control-plane/operations/change-configuration.ts";
import { makeApiKey } from "../../control-plane/operations/make-api-key.ts";
import { type ProviderPlace, placeOf } from "../../control-plane/operations/provider-place.ts";
import { restoreRevision, revertRevision } from "../../control-plane/operations/restore-revision.ts";
import { makeOrganisation, openTestServices, type TestServices } from "../harness/control-plane.ts";
import { type PostgresServer, startPostgres } from "../harness/postgres.ts";

let postgres: PostgresServer;
let services: TestServices;
let organisationId: string;
let count = 0;

beforeAll(async () => {
  postgres = await startPostgres();
  services = await openTestServices(await postgres.createDatabase());
  organisationId = await makeOrganisation(services, "ours");
});
afterAll(async () => {
  await services.close();
  await postgres.close();
});

const change = <T>(work: (change: ConfigurationChange) => Promise<T>) =>
  changeConfiguration(services, { actor: "test", organisationId }, { action: "test", summary: "a test" }, work);
const restore = (number: bigint, privateAddresses = services.settings.privateAddresses) =>
  restoreRevision({ ...services, settings: { ...services.settings, privateAddresses } }, { actor: "test", organisationId }, number);
const makeProject = () => change(async (made) => made.create("project", { key: `project-${++count}`, name: "P" }));
const makeKey = async (projectId: string, expiresAt: Date | null = null) =>
  (
    await change((made) =>
      makeApiKey(made, services.settings.pepper, {
        projectId,
        name: "k",
        environment: "live",
        expiresAt,
        allowedRoutes: [],
        rotatedFromId: null,
      }),
    )
  ).value.row.id;
const revoke = (id: string) =>
  change(async (edit) => {
    (await edit.edit("api_key", id)).revokedAt = edit.at;
  });
const archive = (id: string) =>
  change(async (edit) => {
    (await edit.edit("project", id)).archivedAt = edit.at;
  });
/** As it will stand when the time has come. */
const letExpire = (id: string) =>
  change(async (edit) => {
    (await edit.edit("api_key", id)).expiresAt = new Date(edit.at.getTime() - 1);
  });
const row = <T extends typeof Project | typeof ApiKey | typeof Provider>(entity: T, id: string) =>
  services.database.tenant(organisationId, (em) => em.findOneOrFail(entity as typeof Provider, { id }));

describe("API keys that open nothing any more", () => {
  it("do not hold a project back from being archived by a restore, and stay as they are", async () => {
    const before = await makeProject();
    const project = await makeProject();
    const [revoked, expired] = [await makeKey(project.value.id), await makeKey(project.value.id, new Date("2099-01-01T00:00:00Z"))];
    await expect(restore(before.revision.number)).rejects.toThrow(/still used by API key/);
    await revoke(revoked);
    await expect(restore(before.revision.number)).rejects.toThrow(/still used by API key/);
    await letExpire(expired);
    await restore(before.revision.number);
    expect((await row(Project, project.value.id)).archivedAt).not.toBeNull();
    expect((await row(ApiKey, revoked)).archivedAt).toBeNull();
  });

  it("hide no key that still works, however many they are", async () => {
    const { value: project } = await makeProject();
    const dead = Array.from({ length: 600 }, (_, index) => index);
    await change(async (made) => {
      for (const _ of dead) {
        const options = { projectId: project.id, name: "k", environment: "live", expiresAt: null, allowedRoutes: [], rotatedFromId: null };
        (await makeApiKey(made, services.settings.pepper, options)).row.revokedAt = made.at;
      }
    });
    const living = await makeKey(project.id);
    await expect(archive(project.id)).rejects.toThrow(/still used by API key k \(\w{12}\); change or archive/);
    await revoke(living);
    await archive(project.id);
  });

  it("can be revoked when their project is gone, and cannot come alive again", async () => {
    const { value: project } = await makeProject();
    const key = await makeKey(project.id, new Date("2099-01-01T00:00:00Z"));
    await letExpire(key);
    await archive(project.id);
    const prolonged = change(async (edit) => {
      (await edit.edit("api_key", key)).expiresAt = null;
    });
    await expect(prolonged).rejects.toMatchObject({ issues: [{ path: "projectId" }] });
    await revoke(key);
    const revoked = await services.database.tenant(organisationId, (em) => em.findOneOrFail(ApiKey, { id: key }));
    expect(revoked.revokedAt).not.toBeNull();
  });
});

describe("a base URL that a restore brings back", () => {
  const makeProvider = (place: ProviderPlace, more: Partial<Provider> = {}) =>
    change(async (made) =>
      made.create("provider", { key: `provider-${++count}`, kind: "openai", sealedCredential: "", ...plainProvider, ...place, ...more }),
    );
  const move = (id: string, place: ProviderPlace) => change(async (edit) => Object.assign(await edit.edit("provider", id), place));
  const open = (privateAddresses: readonly string[], baseUrl: string) => placeOf({ privateAddresses: [...privateAddresses] }, baseUrl);

  it("is refused where the operator's allow-list has it no more, and nothing is changed", async () => {
    const made = await makeProvider(await open(["127.0.0.1"], "http://127.0.0.1:9/v1"));
    await move(made.value.id, await open([], "https://1.1.1.1/v1"));
    await expect(restore(made.revision.number, [])).rejects.toMatchObject({
      issues: [{ path: "number", message: expect.stringMatching(/^provider provider-\d+ cannot go back: .*PENSTOCK_PRIVATE_ADDRESSES/) }],
    });
    expect((await row(Provider, made.value.id)).baseUrl).toBe("https://1.1.1.1/v1");
    await restore(made.revision.number, ["127.0.0.1"]);
    expect(await row(Provider, made.value.id)).toMatchObject({ baseUrl: "http://127.0.0.1:9/v1", privateAddressAllowed: true });
  });

  it("has the permission of now and not that of then", async () => {
    const made = await makeProvider(await open(["1.1.1.1"], "https://1.1.1.1/v1"));
    expect(made.value.privateAddressAllowed).toBe(true);
    await move(made.value.id, await open([], "https://1.0.0.1/v1"));
    await restore(made.revision.number, []);
    expect(await row(Provider, made.value.id)).toMatchObject({ baseUrl: "https://1.1.1.1/v1", privateAddressAllowed: false });
  });

  it("is checked where an archived provider comes back, too", async () => {
    const made = await makeProvider(await open(["127.0.0.1"], "http://127.0.0.1:9/v1"));
    await change(async (edit) => {
      (await edit.edit("provider", made.value.id)).archivedAt = edit.at;
    });
    await expect(restore(made.revision.number, [])).rejects.toThrow(/PENSTOCK_PRIVATE_ADDRESSES/);
    expect((await row(Provider, made.value.id)).archivedAt).not.toBeNull();
  });

  it("is asked of the place that tokens come from, too", async () => {
    const authentication = {
      method: "oauth-client-credentials",
      tokenUrl: "http://127.0.0.1:9/token",
      clientId: "c",
      scope: "",
      audience: "",
      clientAuthentication: "basic",
    } as const;
    const made = await makeProvider(await open([], "https://1.1.1.1/v1"), { authentication, sealedCredential: "sealed" });
    await change(async (edit) => {
      (await edit.edit("provider", made.value.id)).authentication = { method: "api-key" };
    });
    await expect(restore(made.revision.number, [])).rejects.toThrow(/PENSTOCK_PRIVATE_ADDRESSES/);
    expect((await row(Provider, made.value.id)).authentication).toEqual({ method: "api-key" });
    await restore(made.revision.number, ["127.0.0.1"]);
    expect((await row(Provider, made.value.id)).authentication).toEqual(authentication);
  });

  it("keeps a permission that was taken away since, where the base URL is the same", async () => {
    const made = await makeProvider({ baseUrl: "https://1.1.1.1/v1", privateAddressAllowed: true });
    await move(made.value.id, { baseUrl: "https://1.1.1.1/v1", privateAddressAllowed: false });
    await restore(made.revision.number, []);
    expect((await row(Provider, made.value.id)).privateAddressAllowed).toBe(false);
  });
});

describe("taking one revision back", () => {
  const revert = (number: bigint) => revertRevision(services, { actor: "test", organisationId }, number);
  const named = async (id: string) =>
    (await services.database.tenant(organisationId, (em) => em.findOneOrFail(Project, { id }, { fields: ["name"] }))).name;
  const rename = (id: string, name: string) =>
    change(async (edit) => {
      (await edit.edit("project", id)).name = name;
    });

  it("undoes what it changed and nothing that came after", async () => {
    const { value: project } = await makeProject();
    const renamed = await rename(project.id, "Wrong");
    const { value: later } = await makeProject();
    expect((await revert(renamed.revision.number)).value.restoredCount).toBe(1);
    expect(await named(project.id)).toBe("P");
    expect((await row(Project, later.id)).archivedAt).toBeNull();
  });

  it("archives what it made, and is itself a revision that can be taken back", async () => {
    const made = await makeProject();
    const reverted = await revert(made.revision.number);
    expect((await row(Project, made.value.id)).archivedAt).not.toBeNull();
    await revert(reverted.revision.number);
    expect((await row(Project, made.value.id)).archivedAt).toBeNull();
  });

  it("is refused where the same thing was changed since, for keys, and where there is no such revision", async () => {
    const { value: project } = await makeProject();
    const first = await rename(project.id, "First");
    const second = await rename(project.id, "Second");
    await expect(revert(first.revision.number)).rejects.toThrow(`revision ${second.revision.number} has changed the same project since`);
    await makeKey(project.id);
    const { number } = (await change(async (made) => made.create("project", { key: `project-${++count}`, name: "P" }))).revision;
    await expect(revert(number - 1n)).rejects.toThrow("what a revision does to API keys is not taken back");
    await expect(revert(number + 1_000n)).rejects.toThrow(/no revision/);
    expect(await named(project.id)).toBe("Second");
  });
});
