/**
 * /session: who is signed in (GET), sign in with an admin token, a one-time link or an invitation (POST), sign out (DELETE); and
 * /session/link, where the holder of an admin token gets such a link for a browser. Everything that changes something asks
 * for a header that another site's page cannot send.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { ForbiddenError } from "../control-error.ts";
import { Organisation } from "../database/entities/organisation.ts";
import { readBody, sendJson } from "../http-exchange.ts";
import { recogniseAdminToken } from "../operations/admin-tokens.ts";
import {
  closeConsoleSession,
  type OpenedSession,
  openConsoleSession,
  redeemInvitation,
  redeemLink,
} from "../operations/console-sessions.ts";
import type { Services } from "../services.ts";
import { principalBehind } from "./principal.ts";
import { sessionCookie, sessionSecretOf } from "./session-cookie.ts";

export const consoleHeader = "x-penstock-console";

type Given = { readonly token?: unknown; readonly link?: unknown; readonly invitation?: unknown };

export async function answerSession(path: string, request: IncomingMessage, response: ServerResponse, services: Services): Promise<void> {
  response.setHeader("cache-control", "no-store");
  const method = request.method ?? "GET";
  if (path === "/session/link" && method === "POST") return sendLink(request, response, services);
  if (path === "/session" && method === "GET") return sendWho(request, response, services);
  if (path !== "/session" || (method !== "POST" && method !== "DELETE"))
    return sendJson(response, 404, { error: "there is /session with GET, POST and DELETE, and /session/link with POST" });
  if (request.headers[consoleHeader] === undefined) return sendJson(response, 403, { error: `send the header ${consoleHeader}` });
  return method === "POST" ? signIn(request, response, services) : signOut(request, response, services);
}

const headerOf = (request: IncomingMessage) => (name: string) => {
  const value = request.headers[name];
  return typeof value === "string" ? value : undefined;
};

async function sendWho(request: IncomingMessage, response: ServerResponse, services: Services): Promise<void> {
  const principal = await principalBehind(services, headerOf(request)).catch((error: unknown) => {
    if (error instanceof ForbiddenError) return error;
    throw error;
  });
  if (principal === undefined) return sendJson(response, 200, { signedIn: false });
  if (principal instanceof ForbiddenError) return sendJson(response, 403, { error: principal.message });
  const organisation = await services.database.system((em) => em.findOne(Organisation, { id: principal.organisationId }));
  sendJson(response, 200, {
    signedIn: true,
    tokenId: principal.tokenId,
    actor: principal.actor,
    role: principal.role,
    installation: principal.installation,
    explorer: services.settings.graphqlExplorer,
    organisation: organisation === null ? null : { id: organisation.id, key: organisation.key, name: organisation.name },
  });
}

async function signIn(request: IncomingMessage, response: ServerResponse, services: Services): Promise<void> {
  const { database, settings } = services;
  const { token, link, invitation } = await givenIn(request);
  let opened: (OpenedSession & { readonly credential?: string }) | undefined;
  if (typeof invitation === "string") opened = await redeemInvitation(database, settings.pepper, invitation, settings.consoleSessionMs);
  else if (typeof link === "string") opened = await redeemLink(database, settings.pepper, link, settings.consoleSessionMs);
  else if (typeof token === "string") {
    const known = await recogniseAdminToken(database, settings.pepper, `Bearer ${token.trim()}`);
    if (known !== undefined) opened = await openConsoleSession(database, settings.pepper, known, "session", settings.consoleSessionMs);
  }
  if (opened === undefined)
    return sendJson(response, 401, {
      error:
        typeof invitation === "string"
          ? "this invitation has been taken up, or is older than a week; ask for another one"
          : typeof link === "string"
            ? "this link has been used, or is older than a quarter of an hour; make another one, or sign in with an admin token"
            : "this admin token is not known, or has expired or been revoked",
    });
  response.setHeader("set-cookie", sessionCookie(headerOf(request), opened.secret, Math.round(settings.consoleSessionMs / 1000)));
  sendJson(response, 200, { expiresAt: opened.expiresAt.toISOString(), ...(opened.credential && { credential: opened.credential }) });
}

async function signOut(request: IncomingMessage, response: ServerResponse, { database, settings }: Services): Promise<void> {
  const secret = sessionSecretOf(headerOf(request));
  if (secret !== undefined) await closeConsoleSession(database, settings.pepper, secret);
  response.setHeader("set-cookie", sessionCookie(headerOf(request), undefined, 0));
  sendJson(response, 200, { signedIn: false });
}

async function sendLink(request: IncomingMessage, response: ServerResponse, { database, settings }: Services): Promise<void> {
  const known = await recogniseAdminToken(database, settings.pepper, headerOf(request)("authorization"));
  if (known === undefined) return sendJson(response, 401, { error: "give an admin token: authorization: Bearer pat_…" });
  const { secret, expiresAt } = await openConsoleSession(database, settings.pepper, known, "link", settings.consoleSessionMs);
  // After the #: it reaches neither a server's log nor another site.
  sendJson(response, 200, { path: `/sign-in#link=${secret}`, expiresAt: expiresAt.toISOString() });
}

async function givenIn(request: IncomingMessage): Promise<Given> {
  const body = await readBody(request);
  if (body === "too large") return {};
  try {
    const given: unknown = JSON.parse(body.toString("utf8"));
    return typeof given === "object" && given !== null ? given : {};
  } catch {
    return {};
  }
}
