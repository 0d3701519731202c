/**
 * Gives connections back to the pool that died in somebody's hands. Kysely (0.29) forgets a connection whose BEGIN, COMMIT
 * or ROLLBACK fails, as each does when PostgreSQL goes away; after as many of them as the pool has places, nothing would
 * get a connection again, and closing would wait for ever.
 */
import type { EventEmitter } from "node:events";

/** What is needed of a client of `pg`, which brings no types. The pool sets `release` anew each time it hands it out. */
interface PooledClient extends EventEmitter {
  release: (destroy?: boolean) => void;
}

/** For MikroORM's `onPoolCreated`. */
export function releaseLostConnections(pool: EventEmitter): void {
  const held = new Set<PooledClient>();
  pool.on("acquire", (client: PooledClient) => held.add(client));
  pool.on("release", (_error: unknown, client: PooledClient) => held.delete(client));
  pool.on("connect", (client: PooledClient) => {
    client.once("end", () => {
      if (!held.has(client)) return;
      const { release } = client;
      // Whoever holds it may still come with his own release, and the pool refuses a second one.
      client.release = () => {};
      release(true);
    });
  });
}
