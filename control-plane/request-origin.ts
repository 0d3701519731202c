/** Where the request that is being answered comes from, for the audit log. Kept beside the work and not handed through it. */
import { AsyncLocalStorage } from "node:async_hooks";
import type { IncomingMessage } from "node:http";
import { type AddressRange, callerAddress } from "#agreements/caller-address.ts";

export interface RequestOrigin {
  /** Empty: not known. */
  readonly sourceAddress: string;
  readonly requestId: string;
  readonly via: "console" | "cli" | "graphql";
}

export const requestOrigins = new AsyncLocalStorage<RequestOrigin>();

const header = (request: IncomingMessage, name: string): string | undefined => {
  const value = request.headers[name];
  return Array.isArray(value) ? value.join(",") : value;
};

export const originOf = (request: IncomingMessage, requestId: string, trustedProxies: readonly AddressRange[]): RequestOrigin => ({
  sourceAddress: callerAddress(request.socket.remoteAddress ?? "", header(request, "x-forwarded-for"), trustedProxies),
  requestId,
  // The console has a cookie; whoever brings a token is a program, and ours says its name.
  via:
    header(request, "authorization") === undefined
      ? "console"
      : header(request, "user-agent")?.startsWith("penstock-cli") === true
        ? "cli"
        : "graphql",
});
