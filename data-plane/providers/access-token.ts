/**
 * A token that a provider's calls carry: fetched when the first call needs it, kept until shortly before it ends, and fetched once
 * however many calls wait. While the old one still holds, calls go on with it and the new one is fetched beside them.
 */
import { GatewayError } from "../gateway-error.ts";

export interface FetchedToken {
  readonly token: string;
  /** From when it was asked for. */
  readonly lifetimeMs: number;
}

export interface AccessToken {
  /** @throws GatewayError UPSTREAM_UNAVAILABLE where none can be had. Another call tries again, after a second at the earliest. */
  get(): string | Promise<string>;
  /** The provider has refused this token: the next call fetches another. */
  refuse(token: string): void;
}

/** A new one is fetched this long before the old one ends, or at three quarters of a life that is shorter. */
const renewMs = 60_000;
/** After a failure nobody asks again for this long: a token server that is down is not helped by a call for each call. */
const pauseMs = 1000;

/** @param fetchToken must end by itself, well or not, within bounded time. */
export function accessToken(fetchToken: () => Promise<FetchedToken>, nowMs: () => number = Date.now): AccessToken {
  let held: { readonly token: string; readonly renewAtMs: number; readonly endsAtMs: number } | undefined;
  let fetching: Promise<string> | undefined;
  let failed: { readonly error: GatewayError; readonly atMs: number } | undefined;

  async function renew(): Promise<string> {
    const askedAtMs = nowMs();
    try {
      const { token, lifetimeMs } = await fetchToken();
      held = { token, renewAtMs: askedAtMs + Math.max(lifetimeMs - renewMs, lifetimeMs * 0.75), endsAtMs: askedAtMs + lifetimeMs };
      failed = undefined;
      return token;
    } catch (cause) {
      const error = new GatewayError(
        "UPSTREAM_UNAVAILABLE",
        "the gateway got no access token for the backend; an operator must look at the provider's authentication",
        { cause, anotherBackendMayHelp: true },
      );
      failed = { error, atMs: nowMs() };
      throw error;
    } finally {
      fetching = undefined;
    }
  }

  const renewed = (): Promise<string> => {
    fetching ??= renew();
    return fetching;
  };

  return {
    get() {
      const now = nowMs();
      const mayAsk = failed === undefined || now - failed.atMs >= pauseMs;
      if (held !== undefined && now < held.endsAtMs) {
        // Nobody waits for this one; where it fails, the token that is held serves on and a later call tries again.
        if (now >= held.renewAtMs && mayAsk) renewed().catch(() => {});
        return held.token;
      }
      if (!mayAsk && fetching === undefined && failed !== undefined) throw failed.error;
      return renewed();
    },
    refuse(token) {
      if (held?.token === token) held = undefined;
    },
  };
}
