/**
 * Responses that are made in the background: they go on when their caller's connection does not. Each runs on the node that took
 * it; what any node needs to know of it stands in the store: the response as it is, a sign of life, and whether it is to stop.
 *
 * A response whose node is gone would be in progress for ever; without a sign of life it is told as failed. On shutdown those that
 * run have as long as any call, and then fail.
 */
import { GatewayError } from "../../gateway-error.ts";
import { type ResponseStore, recordLengthMax } from "../../pipeline/response-store.ts";
import type { CallLifetime } from "../../pipeline/total-clock.ts";
import type { Json } from "./fields.ts";

/** At once on one node: each may hold a whole answer in memory. */
const runningMax = 256;
const signOfLifeMs = 5_000;
const aliveMsMax = 30_000;
/** How often a node asks whether another was told to stop what it makes. */
const stopAskedMs = 1_000;
/** How long a caller waits for another node to stop. */
const stopWaitMs = 5_000;
const stopPollMs = 200;
/** A response whose end cannot be kept is lost: so long a store may be away. */
const keepWaitMs = 30_000;
const keepAgainMs = 1_000;

export interface BackgroundRun {
  readonly owner: string;
  readonly id: string;
  /** The record to be kept now, and after each change. */
  record(): Json;
  /** Makes the response; `changed` has the record kept anew, without waiting for it. */
  make(lifetime: CallLifetime, changed: () => void): Promise<void>;
  /** What `make` threw: the response has come to no good end: what stopped it, and whether somebody wanted that. */
  failed(error: GatewayError, cancelled: boolean): void;
}

export interface BackgroundResponses {
  readonly size: number;
  /** Resolves when it is kept and runs; `over` when it runs no more. @throws GatewayError NOT_READY, OVERLOADED. */
  start(run: BackgroundRun): Promise<{ readonly over: Promise<void> }>;
  /** Resolves when it runs no more, or when nobody has answered for it in time. */
  stop(owner: string, id: string): Promise<void>;
  /** Whether the node that makes it has told of itself lately. */
  alive(owner: string, id: string): Promise<boolean>;
  close(drainMs: number): Promise<void>;
}

interface Running {
  readonly run: BackgroundRun;
  readonly over: Promise<void>;
  end(reason: GatewayError): void;
}

const stopped = new GatewayError("CANCELLED", "the response was cancelled");
const shuttingDown = new GatewayError("SHUTTING_DOWN", "the node that made the response was shut down; make it again");
const unkept = () => new GatewayError("NOT_READY", "responses cannot be kept right now, and one in the background would be lost");

export function backgroundResponses(store: ResponseStore): BackgroundResponses {
  const running: Running[] = [];
  let closing = false;
  const find = (owner: string, id: string) => running.find(({ run }) => run.owner === owner && run.id === id);

  /** What was deleted while it ran stays so. Where the store does not say, it is there. */
  const isDeleted = ({ owner, id }: BackgroundRun): Promise<boolean> =>
    store.get(owner, id).then(
      (record) => record === undefined,
      () => false,
    );

  /** Whether its end could be kept, as far as its length goes; a store that is away for a moment is waited for. */
  const keptAtLast = async (run: BackgroundRun): Promise<boolean> => {
    const record = JSON.stringify(run.record());
    for (const untilMs = Date.now() + keepWaitMs; record.length <= recordLengthMax; ) {
      if ((await store.put(run.owner, run.id, record)) || closing || Date.now() > untilMs) return true;
      await new Promise((resolve) => setTimeout(resolve, keepAgainMs));
    }
    return false;
  };

  const go = async (run: BackgroundRun, lifetime: CallLifetime): Promise<void> => {
    const keep = () => store.put(run.owner, run.id, JSON.stringify(run.record()));
    const watch = watched(store, run, lifetime);
    try {
      await run.make(lifetime, () => void isDeleted(run).then((deleted) => deleted || keep()));
    } catch (reason) {
      const error = GatewayError.from(lifetime.signal.aborted ? lifetime.signal.reason : reason);
      run.failed(error, error === stopped);
    } finally {
      watch.end();
    }
    if (!(await isDeleted(run)) && !(await keptAtLast(run))) {
      run.failed(new GatewayError("PAYLOAD_TOO_LARGE", "the response is longer than what is kept"), false);
      await keep();
    }
    for (const key of [lifeKey(run.id), stopKey(run.id)]) await store.delete(run.owner, key).catch(() => false);
  };

  return {
    get size() {
      return running.length;
    },

    async start(run) {
      if (running.length >= runningMax)
        throw new GatewayError("OVERLOADED", "this node makes as many responses in the background as it can; try again", {
          retryAfterMs: 1000,
        });
      if (!(await store.put(run.owner, lifeKey(run.id), String(Date.now())))) throw unkept();
      if (!(await store.put(run.owner, run.id, JSON.stringify(run.record())))) throw unkept();
      const controller = new AbortController();
      const end = (reason: GatewayError) => void (controller.signal.aborted || controller.abort(reason));
      const over = go(run, { signal: controller.signal, end }).finally(() => {
        running.splice(running.indexOf(entry), 1);
      });
      const entry: Running = { run, over, end };
      running.push(entry);
      return { over };
    },

    async stop(owner, id) {
      const here = find(owner, id);
      if (here !== undefined) {
        here.end(stopped);
        return here.over;
      }
      await store.put(owner, stopKey(id), "1");
      for (const untilMs = Date.now() + stopWaitMs; Date.now() < untilMs; ) {
        if ((await store.get(owner, stopKey(id))) === undefined) return;
        await new Promise((resolve) => setTimeout(resolve, stopPollMs));
      }
    },

    async alive(owner, id) {
      const atMs = Number(await store.get(owner, lifeKey(id)));
      return Date.now() - atMs < aliveMsMax;
    },

    async close(drainMs) {
      closing = true;
      const drained = Promise.all(running.map(({ over }) => over));
      const timer = setTimeout(() => {
        for (const { end } of [...running]) end(shuttingDown);
      }, drainMs);
      await drained;
      clearTimeout(timer);
    },
  };
}

const lifeKey = (id: string): string => `alive ${id}`;
const stopKey = (id: string): string => `stop ${id}`;

/** Tells that it is alive, and hears whether it is to stop. A store that does not answer stops nothing. */
function watched(store: ResponseStore, { owner, id }: BackgroundRun, lifetime: CallLifetime): { end(): void } {
  let toldAtMs = Date.now();
  let asking = false;
  const look = async () => {
    if (asking) return;
    asking = true;
    try {
      if ((await store.get(owner, stopKey(id))) !== undefined) lifetime.end(stopped);
      if (Date.now() - toldAtMs < signOfLifeMs) return;
      toldAtMs = Date.now();
      await store.put(owner, lifeKey(id), String(toldAtMs));
    } catch {
      // Asked again a second later.
    } finally {
      asking = false;
    }
  };
  const timer = setInterval(() => void look(), stopAskedMs);
  return { end: () => clearInterval(timer) };
}
