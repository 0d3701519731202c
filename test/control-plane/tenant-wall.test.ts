import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Project } from "../../control-plane/database/entities/project.ts";
import { changeConfiguration } from "../../control-plane/operations/change-configuration.ts";
import { makeOrganisation, openTestServices, type TestServices } from "../harness/control-plane.ts";
import { type PostgresServer, startPostgres } from "../harness/postgres.ts";

let postgres: PostgresServer;
beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres.close());

describe.each(["PostgreSQL", "PGlite"])("the wall between organisations on %s", (database) => {
  let services: TestServices;
  let ours: string;
  let theirs: string;
  let theirProject: string;

  beforeAll(async () => {
    services = await openTestServices(database === "PostgreSQL" ? await postgres.createDatabase() : undefined);
    ours = await makeOrganisation(services, "ours");
    theirs = await makeOrganisation(services, "theirs");
    const made = await changeConfiguration(
      services,
      { actor: "test", organisationId: theirs },
      { action: "project.create", summary: "theirs" },
      async (change) => change.create("project", { key: "secret", name: "Secret" }),
    );
    theirProject = made.value.id;
  });
  afterAll(() => services.close());

  const tables = async () => {
    const rows = await services.database.system((em) =>
      em.execute<{ table_name: string }[]>(
        "select table_name from information_schema.columns where column_name = 'organisation_id' and table_schema = current_schema()",
      ),
    );
    return rows.map((row) => row.table_name);
  };

  it("stands around every table that has an organisation, and binds the tables' owner", async () => {
    const walled = await services.database.system((em) =>
      em.execute<{ relname: string }[]>("select relname from pg_class where relrowsecurity and relforcerowsecurity"),
    );
    expect(walled.map((row) => row.relname).sort()).toEqual((await tables()).sort());
  });

  it("shows raw SQL no row of another organisation in any table", async () => {
    for (const table of await tables()) {
      const seen = await services.database.tenant(ours, (em) =>
        em.execute(`select organisation_id from ${table} where organisation_id <> '${ours}' or organisation_id = '${theirs}'`),
      );
      expect(seen, table).toEqual([]);
    }
  });

  it("shows nothing where no organisation is set", async () => {
    const seen = await services.database.system(async (em) => {
      await em.execute("set local role penstock_tenant");
      return em.execute("select id from organisation");
    });
    expect(seen).toEqual([]);
  });

  it("hides another organisation's row from the ORM with its filters off", async () => {
    const found = await services.database.tenant(ours, (em) => em.findOne(Project, { id: theirProject }, { filters: false }));
    expect(found).toBeNull();
  });

  it("lets raw SQL neither change nor delete nor move nor make another organisation's row", async () => {
    const changed = await services.database.tenant(ours, (em) =>
      em.execute(`update project set name = 'Taken' where id = '${theirProject}' returning id`),
    );
    const deleted = await services.database.tenant(ours, (em) =>
      em.execute(`delete from project where id = '${theirProject}' returning id`),
    );
    expect([changed, deleted]).toEqual([[], []]);
    const own = await changeConfiguration(
      services,
      { actor: "test", organisationId: ours },
      { action: "project.create", summary: "ours" },
      async (change) => change.create("project", { key: "own", name: "Own" }),
    );
    await expect(
      services.database.tenant(ours, (em) => em.execute(`update project set organisation_id = '${theirs}' where id = '${own.value.id}'`)),
    ).rejects.toThrow(/row-level security/);
    await expect(
      services.database.tenant(ours, (em) =>
        em.execute(
          `insert into project (id, organisation_id, revision, created_at, updated_at, key, name)
           values (gen_random_uuid(), '${theirs}', 1, now(), now(), 'planted', 'Planted')`,
        ),
      ),
    ).rejects.toThrow(/row-level security/);
    const after = await services.database.system((em) => em.findOneOrFail(Project, { id: theirProject }));
    expect(after.name).toBe("Secret");
  });

  it("lets no row point at another organisation's", async () => {
    await expect(
      services.database.tenant(ours, (em) =>
        em.execute(
          `insert into api_key (id, organisation_id, revision, created_at, updated_at, project_id, name, environment, public_id, hash, last_four, allowed_routes)
           values (gen_random_uuid(), '${ours}', 1, now(), now(), '${theirProject}', 'k', 'live', 'x', '', 'abcd', '{}')`,
        ),
      ),
    ).rejects.toThrow(/foreign key/);
  });

  it("keeps the audit log and the history append-only for the system as well", async () => {
    for (const table of ["audit_entry", "revision_change"]) {
      const changed = await services.database.tenant(theirs, (em) => em.execute(`select count(*)::int as n from ${table}`));
      expect(changed[0]?.n).toBeGreaterThan(0);
      await expect(services.database.tenant(theirs, (em) => em.execute(`delete from ${table}`))).rejects.toThrow(/permission denied/);
    }
    if (database === "PostgreSQL") {
      const deleted = await services.database.system((em) => em.execute("delete from audit_entry returning id"));
      expect(deleted).toEqual([]);
    }
  });

  it("keeps where the configuration stands and the nodes out of a tenant's reach", async () => {
    for (const table of ["config_state", "node"])
      await expect(services.database.tenant(ours, (em) => em.execute(`select * from ${table}`))).rejects.toThrow(/permission denied/);
  });
});
