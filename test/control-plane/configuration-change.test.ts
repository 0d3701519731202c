import { fromBinary } from "@bufbuild/protobuf";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { revisionHash, signerOf } from "#agreements/signature.ts";
import { DeltaSchema, ResourceKind, ResourceSchema } from "#proto/penstock/config/v1/snapshot_pb.ts";
import { AuditEntry } from "../../control-plane/database/entities/audit-entry.ts";
import { ConfigResource } from "../../control-plane/database/entities/config-resource.ts";
import { ConfigState } from "../../control-plane/database/entities/config-state.ts";
import { plainProvider } from "../../control-plane/database/entities/provider.ts";
import { Revision } from "../../control-plane/database/entities/revision.ts";
import { RevisionChange } from "../../control-plane/database/entities/revision-change.ts";
import { type ConfigurationChange, changeConfiguration } from "../../control-plane/operations/change-configuration.ts";
import { makeApiKey } from "../../control-plane/operations/make-api-key.ts";
import { compileResource } from "../../control-plane/snapshot/compile.ts";
import { columnsOfImage, imageOf } from "../../control-plane/snapshot/row-image.ts";
import { makeOrganisation, openTestServices, type TestServices } from "../harness/control-plane.ts";
import { type PostgresServer, startPostgres } from "../harness/postgres.ts";

let postgres: PostgresServer;
beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres.close());

describe.each(["PostgreSQL", "PGlite"])("a change of the configuration on %s", (database) => {
  let services: TestServices;
  let organisationId: string;
  let count = 0;

  beforeAll(async () => {
    services = await openTestServices(database === "PostgreSQL" ? await postgres.createDatabase() : undefined);
  });
  afterAll(() => services.close());
  beforeEach(async () => {
    organisationId = await makeOrganisation(services, `organisation-${++count}`);
  });

  const change = <T>(work: (change: ConfigurationChange) => Promise<T>) =>
    changeConfiguration(services, { actor: "test", organisationId }, { action: "test", summary: "a test" }, work);
  const state = () => services.database.system((em) => em.findOneOrFail(ConfigState, { singleton: true }));
  const makeBackend = async (key: string) =>
    (
      await change(async (made) => {
        const provider = made.create("provider", {
          key: `${key}-provider`,
          kind: "simulated",
          baseUrl: "http://127.0.0.1:1/v1",
          sealedCredential: "",
          privateAddressAllowed: true,
          ...plainProvider,
        });
        return made.create("backend", {
          key,
          providerId: provider.id,
          model: "m",
          prices: [],
          concurrentCallsMax: 0,
          capabilities: [],
        });
      })
    ).value;
  const makeRoute = (made: ConfigurationChange, name: string, backendId: string) =>
    made.create("route", {
      name,
      description: "",
      tiers: [{ targets: [{ backendId, weight: 1 }] }],
      timeouts: { queueMs: 0, connectMs: 0, firstByteMs: 0, idleMs: 0, writeStallMs: 0, totalMs: 0 },
      attemptsMax: 0,
      prompt: null,
      defaultParameters: { temperature: 0.5, b: { z: 1, a: [true] } },
      cache: "off",
    });

  it("is one signed link of a chain, with what changed before and after", async () => {
    const before = await state();
    const backend = await makeBackend("backend");
    const made = await state();
    expect(made.number).toBe(before.number + 1n);
    const { revision } = await change(async (edit) => {
      (await edit.edit("backend", backend.id)).model = "another";
    });
    const [row, changes, audit] = await services.database.tenant(
      organisationId,
      async (em) =>
        [
          await em.findOneOrFail(Revision, { number: revision.number }),
          await em.find(RevisionChange, { number: revision.number }),
          await em.findOneOrFail(AuditEntry, { revisionNumber: revision.number }),
        ] as const,
    );
    expect(Buffer.from(row.previousHash).equals(made.hash)).toBe(true);
    expect(Buffer.from(row.hash).equals(revisionHash(made.hash, row.payload))).toBe(true);
    expect(Buffer.from(revision.hash).equals(row.hash)).toBe(true);
    const delta = fromBinary(DeltaSchema, row.payload);
    expect(delta.upserted.map(({ resource }) => resource.case)).toEqual(["backend"]);
    expect(delta.removed).toEqual([]);
    expect(row.publishedAt).toBeNull();
    expect(changes).toHaveLength(1);
    expect([changes[0]?.before?.["model"], changes[0]?.after["model"], changes[0]?.after["revision"]]).toEqual(["m", "another", 2]);
    expect(audit.details).toMatchObject({ changes: [{ kind: "backend", operation: "update", columns: ["model"] }] });
  });

  it("is signed with the signing key, as a delta and as nothing else", async () => {
    await makeBackend("signed");
    const [row] = await services.database.tenant(organisationId, (em) => em.find(Revision, {}, { orderBy: { number: "desc" }, limit: 1 }));
    const verifier = signerOf(services.settings.signingKey);
    if (row === undefined) throw new Error("there is no revision");
    expect(verifier.keyId).toBe(row.keyId);
    expect(verifier.verify("delta", row.payload, row.signature)).toBe(true);
    expect(verifier.verify("snapshot", row.payload, row.signature)).toBe(false);
  });

  it("that changes nothing makes no revision", async () => {
    const backend = await makeBackend("same");
    const before = await state();
    await change(async (edit) => {
      (await edit.edit("backend", backend.id)).model = "m";
    });
    expect((await state()).number).toBe(before.number);
  });

  it("that throws, or is refused, leaves nothing behind", async () => {
    const before = await state();
    await expect(
      change(async (made) => {
        made.create("project", { key: "gone", name: "Gone" });
        throw new Error("on second thoughts");
      }),
    ).rejects.toThrow("on second thoughts");
    await expect(change(async (made) => void makeRoute(made, "lost", "01a1fb95-37ca-7388-b9cc-27c6410b4ebf"))).rejects.toMatchObject({
      issues: [{ path: "tiers[0].targets[0].backendId" }],
    });
    expect((await state()).number).toBe(before.number);
    const left = await services.database.tenant(organisationId, (em) => em.count(ConfigResource, {}));
    expect(left).toBe(1);
  });

  it("does not take away what is still used, and names the users", async () => {
    const backend = await makeBackend("used");
    const route = (await change(async (made) => makeRoute(made, "uses-it", backend.id))).value;
    const archive = () =>
      change(async (edit) => {
        (await edit.edit("backend", backend.id)).archivedAt = edit.at;
      });
    await expect(archive()).rejects.toThrow(/still used by route uses-it/);
    await change(async (edit) => {
      (await edit.edit("route", route.id)).archivedAt = edit.at;
    });
    const { revision } = await archive();
    const row = await services.database.tenant(organisationId, (em) => em.findOneOrFail(Revision, { number: revision.number }));
    expect(fromBinary(DeltaSchema, row.payload).removed).toMatchObject([{ kind: ResourceKind.BACKEND, id: backend.id }]);
  });

  it("compiles the same row to the same bytes, read back from the database too", async () => {
    const backend = await makeBackend("bytes");
    const route = (await change(async (made) => makeRoute(made, "bytes", backend.id))).value;
    const stored = await services.database.tenant(organisationId, (em) => em.findOneOrFail(ConfigResource, { id: route.id }));
    const reread = await change(async (edit) => {
      const row = await edit.edit("route", route.id);
      return compileResource("route", row)?.payload;
    });
    expect(Buffer.from(reread.value ?? []).equals(stored.payload)).toBe(true);
    expect(stored.referenceIds).toEqual([backend.id]);
    expect(fromBinary(ResourceSchema, stored.payload).resource.case).toBe("route");
  });

  it("keeps images that become the row again", async () => {
    const project = (await change(async (made) => made.create("project", { key: "p", name: "P" }))).value;
    const key = (
      await change((made) =>
        makeApiKey(made, services.settings.pepper, {
          projectId: project.id,
          name: "k",
          environment: "live",
          expiresAt: new Date("2099-01-01T00:00:00Z"),
          allowedRoutes: [],
          rotatedFromId: null,
        }),
      )
    ).value.row;
    const image = JSON.parse(JSON.stringify(imageOf(key)));
    const columns = columnsOfImage(image);
    expect(columns["expiresAt"]).toEqual(new Date("2099-01-01T00:00:00Z"));
    expect(Buffer.from(columns["hash"] as Uint8Array).equals(key.hash)).toBe(true);
  });

  it("stands in line: of twenty at once none is lost and the chain has no gap", async () => {
    const before = await state();
    const made = await Promise.all(
      Array.from({ length: 20 }, (_, index) => change(async (one) => one.create("project", { key: `at-once-${index}`, name: "x" }))),
    );
    const numbers = made.map(({ revision }) => revision.number).sort((a, b) => Number(a - b));
    expect(numbers).toEqual(Array.from({ length: 20 }, (_, index) => before.number + BigInt(index + 1)));
  });

  it("answers the slower of two who changed the same thing with a conflict", async () => {
    const backend = await makeBackend("contested");
    const edit = (model: string) =>
      change(async (one) => {
        (await one.edit("backend", backend.id, { expectedRevision: 1 })).model = model;
      });
    const outcomes = await Promise.allSettled([edit("one"), edit("other")]);
    expect(outcomes.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
    const refused = outcomes.find((outcome) => outcome.status === "rejected");
    expect(refused?.status === "rejected" ? refused.reason : undefined).toMatchObject({ name: "ConflictError", currentRevision: 2 });
  });

  it("tells those who publish, once for each commit", async () => {
    let told = 0;
    const forget = services.committed.onCommit(() => {
      told++;
    });
    await makeBackend("told");
    forget();
    await makeBackend("untold");
    expect(told).toBe(1);
  });

  it("costs what it changes and not what is there", async () => {
    const project = (await change(async (made) => made.create("project", { key: "many", name: "Many" }))).value;
    const keys = 20_000;
    // Straight into the tables: that it scales is the point, not how the keys came in.
    await services.database.tenant(organisationId, async (em) => {
      await em.execute(`set local statement_timeout = 60000`);
      await em.execute(
        `insert into config_resource (kind, id, organisation_id, payload, reference_ids)
         select 3, gen_random_uuid(), '${organisationId}', decode(repeat('00', 120), 'hex'), array['${project.id}'] from generate_series(1, ${keys})`,
      );
    });
    const started = performance.now();
    const rounds = 10;
    for (let round = 0; round < rounds; round++) {
      await change(async (edit) => {
        (await edit.edit("project", project.id)).name = `Many ${round}`;
      });
    }
    expect((performance.now() - started) / rounds).toBeLessThan(150);
  });
});
