/** The news of calls between control planes: each writes a part of the ledger, and each has listeners of its own. */
import { randomUUID } from "node:crypto";
import { usageNewsChannel } from "#agreements/redis-names.ts";
import type { Logger } from "../logger.ts";
import { type CallFeed, idsMax, localCallFeed, type NewCalls } from "../usage/call-feed.ts";
import { closeRedis, connectRedis, isReady } from "./connect.ts";

const pingEveryMs = 1000;
/** A hundred ids have four thousand. */
const newsBytesMax = 16 * 1024;

export function openCallFeed(url: string, logger: Logger): CallFeed & { close(): void } {
  const sender = randomUUID();
  const publisher = connectRedis(url, "publish", logger);
  const subscriber = connectRedis(url, "subscribe", logger);
  const feed = localCallFeed((news) => {
    // Ours have it already; where Redis is away the others find it in the ledger.
    if (isReady(publisher)) publisher.publish(usageNewsChannel, JSON.stringify({ sender, ...news })).catch(noAnswer);
  });
  subscriber.on("ready", () => void subscriber.subscribe(usageNewsChannel).catch(() => subscriber.disconnect(true)));
  subscriber.on("message", (_channel: string, text: string) => {
    const news = newsOf(text);
    if (news !== undefined && news.sender !== sender) feed.deliver(news);
  });
  const ping = setInterval(() => {
    if (isReady(subscriber)) subscriber.ping().catch(noAnswer);
  }, pingEveryMs);
  return {
    ...feed,
    close: () => {
      clearInterval(ping);
      closeRedis(publisher);
      closeRedis(subscriber);
    },
  };
}

/** Undefined: not ours, whoever wrote it. */
function newsOf(text: string): (NewCalls & { readonly sender: string }) | undefined {
  if (text.length > newsBytesMax) return undefined;
  try {
    const { sender, organisationId, callIds, more } = JSON.parse(text) as Record<string, unknown>;
    if (typeof sender !== "string" || typeof organisationId !== "string" || typeof more !== "number" || !Array.isArray(callIds))
      return undefined;
    return { sender, organisationId, more, callIds: callIds.slice(0, idsMax).map(String) };
  } catch {
    return undefined;
  }
}

/** The connection's socket timeout destroys the link; the client logs that. */
const noAnswer = () => {};
