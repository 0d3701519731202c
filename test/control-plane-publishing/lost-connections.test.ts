/** PostgreSQL may go away as often as it likes: the pool keeps its places, and closing does not wait for the dead. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { openDatabase } from "../../control-plane/database/orm.ts";
import { openLogger } from "../../control-plane/logger.ts";
import { type PostgresServer, startPostgres } from "../harness/postgres.ts";

let postgres: PostgresServer;
beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres.close());

it("works again after more lost connections than the pool has places, and closes at once", async () => {
  const database = await openDatabase({ databaseUrl: await postgres.createDatabase(), dataDir: "" }, openLogger("silent"));
  const work = () => database.system((em) => em.execute("select pg_sleep(0.2)"));
  for (let round = 0; round < 2; round++) {
    const inHand = Array.from({ length: 8 }, () =>
      work().then(
        () => "done",
        () => "lost",
      ),
    );
    await expect.poll(() => database.system((em) => em.execute("select 1")).then(() => true)).toBe(true);
    postgres.kill("SIGQUIT");
    expect(await Promise.all(inHand)).toContain("lost");
    // These die at BEGIN, where the ORM has no hold on the connection yet.
    await expect(work()).rejects.toMatchObject({ kind: "UNAVAILABLE" });
    await postgres.restart();
    await expect
      .poll(
        () =>
          work().then(
            () => true,
            () => false,
          ),
        { timeout: 5000 },
      )
      .toBe(true);
  }
  const startedAt = Date.now();
  await database.close();
  expect(Date.now() - startedAt).toBeLessThan(2000);
});
