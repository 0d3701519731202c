/**
 * Posts one message to a receiver and says what came of it. The address of the connected socket is checked, not that of an
 * earlier look-up; redirects are not followed, because they lead where nobody has checked; of the answer only the status is
 * read. Whatever goes wrong is the result; it throws only where it is closed meanwhile.
 */
import { Socket } from "node:net";
import { Agent, buildConnector, request } from "undici";
import { hostOf, isPrivateAllowed, refusalOfAddress } from "#agreements/base-url.ts";
import type { DeliveryAttempt } from "../database/entities/webhook.ts";

const connectMs = 5_000;
const answerMs = 15_000;
const errorLengthMax = 300;

export interface WebhookTarget {
  readonly url: string;
  readonly privateAddressAllowed: boolean;
}

export interface PostedWebhook extends DeliveryAttempt {
  /** The receiver wants no more of these: 410. */
  readonly gone: boolean;
}

export interface WebhookPoster {
  post(target: WebhookTarget, body: string, headers: Readonly<Record<string, string>>): Promise<PostedWebhook>;
  close(): Promise<void>;
}

/** @param privateAddresses the operator's allow-list: a row that says it may is not enough. */
export function webhookPoster(privateAddresses: readonly string[]): WebhookPoster {
  const connector = buildConnector({ timeout: connectMs, allowH2: false });
  const agentFor = (target: WebhookTarget): Agent => {
    const host = hostOf(new URL(target.url));
    return new Agent({
      connect: (options, callback) =>
        connector(options, (error, socket) => {
          if (error !== null) return callback(error, null);
          const address = socket instanceof Socket ? (socket.remoteAddress ?? "") : "";
          const mayBePrivate = target.privateAddressAllowed && isPrivateAllowed(host, [address], privateAddresses);
          if (refusalOfAddress(address, mayBePrivate) === undefined) return callback(null, socket);
          socket.destroy();
          callback(new Error("the URL leads to an address that this gateway may not call"), null);
        }),
    });
  };
  const closing = new AbortController();
  return {
    post: async (target, body, headers) => {
      const at = new Date();
      const done = (httpStatus: number | null, error: string | null): PostedWebhook => ({
        at: at.toISOString(),
        durationMs: Date.now() - at.getTime(),
        httpStatus,
        error,
        gone: httpStatus === 410,
      });
      const agent = agentFor(target);
      try {
        const { statusCode, body: answer } = await request(target.url, {
          dispatcher: agent,
          method: "POST",
          headers: { "content-type": "application/json; charset=utf-8", "user-agent": "penstock-webhooks", ...headers },
          body,
          signal: AbortSignal.any([closing.signal, AbortSignal.timeout(answerMs)]),
        });
        answer.on("error", () => {}).destroy();
        if (statusCode >= 200 && statusCode < 300) return done(statusCode, null);
        return done(
          statusCode,
          statusCode >= 300 && statusCode < 400 ? "it redirects; give the URL that it leads to" : `status ${statusCode}`,
        );
      } catch (error) {
        // Not the receiver's fault, and no attempt of ours: whoever takes it next makes one.
        if (closing.signal.aborted) throw error;
        return done(null, reasonOf(error));
      } finally {
        void agent.destroy();
      }
    },
    close: async () => closing.abort(),
  };
}

function reasonOf(error: unknown): string {
  if (error instanceof Error && error.name === "TimeoutError") return `no answer within ${answerMs} ms`;
  return (error instanceof Error ? error.message : String(error)).slice(0, errorLengthMax);
}
