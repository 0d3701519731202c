/** The dead letters as they stand in their Redis stream (usage-queue.ts puts them there). */
import type { Redis } from "ioredis";
import { usageDeadLetterKey, usageStreamKey } from "#agreements/redis-names.ts";
import { framesOf } from "#agreements/usage-frames.ts";
import { ControlError } from "../control-error.ts";
import type { Logger } from "../logger.ts";
import type { DeadLetter, DeadLetters } from "../usage/dead-letters.ts";
import { closeRedis, connectRedis, isReady } from "./connect.ts";

export function openDeadLetters(url: string, logger: Logger): DeadLetters & { close(): void } {
  const client = connectRedis(url, "dead-letters", logger);
  return {
    list: (limit, before) =>
      asked(client, async () => {
        const entries = await client.xrevrangeBuffer(usageDeadLetterKey, before === undefined ? "+" : `(${before}`, "-", "COUNT", limit);
        return entries.flatMap(([id, fields]) => letterOf(id, fields) ?? []);
      }),
    count: () => asked(client, () => client.xlen(usageDeadLetterKey)),
    retry: (ids) =>
      asked(client, async () => {
        let retried = 0;
        for (const id of ids) {
          const [entry] = await client.xrangeBuffer(usageDeadLetterKey, id, id);
          const letter = entry === undefined ? undefined : letterOf(...entry);
          if (letter === undefined) continue;
          const { bytes } = framesOf(BigInt(letter.sequence || "0"), [letter.record]);
          const exchange = client.multi().xadd(usageStreamKey, "*", "node", letter.log, "frames", bytes).xdel(usageDeadLetterKey, id);
          const answers = (await exchange.exec()) ?? [];
          if (answers[0]?.[0] === null) retried++;
        }
        return retried;
      }),
    discard: (ids) => asked(client, async () => (ids.length === 0 ? 0 : await client.xdel(usageDeadLetterKey, ...ids))),
    close: () => closeRedis(client),
  };
}

async function asked<T>(client: Redis, work: () => Promise<T>): Promise<T> {
  if (!isReady(client)) throw new ControlError("UNAVAILABLE", "Redis does not answer, and the dead letters are there; try again");
  return work();
}

function letterOf(id: Buffer, fields: readonly Buffer[]): DeadLetter | undefined {
  const named = new Map<string, Buffer>();
  for (let at = 0; at + 1 < fields.length; at += 2) {
    const [name, value] = [fields[at], fields[at + 1]];
    if (name !== undefined && value !== undefined) named.set(name.toString(), value);
  }
  const text = (name: string) => named.get(name)?.toString() ?? "";
  const record = named.get("record");
  if (record === undefined) return undefined;
  const sequence = /^\d{1,19}$/.test(text("sequence")) ? text("sequence") : "";
  return {
    id: id.toString(),
    buriedAt: new Date(Number(id.toString().split("-")[0])),
    log: text("node"),
    sequence,
    reason: text("reason"),
    record,
  };
}
