/**
 * /playground/v1/…: the console's calls, handed on to a live node as any caller's, so that routes, quotas, guards and the
 * ledger hold for them. A browser reaches no other host than this one, and no API key ever reaches the browser: each
 * person's calls go with a key of their own, which is made at the first call and expires within hours.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { request as send } from "undici";
import { ControlError, ForbiddenError } from "../control-error.ts";
import { mayAs } from "../database/entities/admin-role.ts";
import { Project } from "../database/entities/project.ts";
import { drained, readBody, sendJson } from "../http-exchange.ts";
import type { KnownToken } from "../operations/admin-tokens.ts";
import { changeConfiguration } from "../operations/change-configuration.ts";
import { makeApiKey } from "../operations/make-api-key.ts";
import type { Services } from "../services.ts";
import { principalBehind } from "./principal.ts";
import { consoleHeader } from "./session-endpoint.ts";

const prefix = "/playground";
const paths: ReadonlySet<string> = new Set(["/v1/chat/completions", "/v1/responses", "/v1/embeddings", "/v1/messages"]);
const keyMs = 6 * 3_600_000;
/** A key that expires within a call would fail it. */
const keyMarginMs = 1_800_000;
const keysMax = 1_000;
const propagationMs = 5_000;
const headersMs = 120_000;
const idleMs = 120_000;
/** What a node says of an answer, and nothing that would concern the console's own origin. */
const passedBack = /^(content-type|retry-after|retry-after-ms|x-request-id|x-penstock-.+|x-ratelimit-.+)$/;

interface PlaygroundKey {
  readonly credential: Promise<string>;
  readonly expiresAtMs: number;
}

export interface Playground {
  answer(path: string, request: IncomingMessage, response: ServerResponse): Promise<void>;
}

export function openPlayground(services: Services): Playground {
  const keys = new Map<string, PlaygroundKey>();

  const keyOf = (principal: KnownToken): Promise<string> => {
    const holder = `${principal.organisationId} ${principal.tokenId}`;
    const kept = keys.get(holder);
    if (kept !== undefined && kept.expiresAtMs > Date.now() + keyMarginMs) return kept.credential;
    if (keys.size >= keysMax) keys.clear();
    const expiresAtMs = Date.now() + keyMs;
    const credential = makeKey(services, principal, new Date(expiresAtMs));
    keys.set(holder, { credential, expiresAtMs });
    credential.catch(() => keys.delete(holder));
    return credential;
  };

  return {
    answer: async (path, request, response) => {
      const target = path.slice(prefix.length);
      if (request.method !== "POST" || !paths.has(target))
        return sendJson(response, 404, errorBody(`POST one of ${[...paths].join(", ")}`));
      // Not only for its meaning: another site's page cannot send it.
      if (request.headers[consoleHeader] === undefined) return sendJson(response, 403, errorBody(`send the header ${consoleHeader}`));
      const header = (name: string) => (typeof request.headers[name] === "string" ? request.headers[name] : undefined);
      const body = await readBody(request);
      if (body === "too large") return sendJson(response, 413, errorBody("the request is too large for the playground"));
      try {
        const principal = await principalBehind(services, header);
        if (principal === undefined) {
          // A node's own 401 has none of this: by it the console knows whether a session ended or a key was refused.
          response.setHeader("www-authenticate", "PenstockSession");
          return sendJson(response, 401, errorBody("sign in again"));
        }
        if (!mayAs(principal.role, "developer")) throw new ForbiddenError("the playground spends money, so it needs the role developer");
        const key = await keyOf(principal);
        await relay(`${await restUrl(services)}${target}`, body, { key, header }, response, () =>
          keys.delete(`${principal.organisationId} ${principal.tokenId}`),
        );
      } catch (error) {
        if (response.headersSent) return void response.destroy();
        if (error instanceof ControlError) return sendJson(response, error.kind === "FORBIDDEN" ? 403 : 503, errorBody(error.message));
        services.logger.warn({ err: error }, "a call from the playground failed");
        sendJson(response, 502, errorBody("no node answered; look at the page of nodes"));
      }
    },
  };
}

const errorBody = (message: string) => ({ error: { message, type: "console_error", param: null, code: null } });

async function makeKey(services: Services, principal: KnownToken, expiresAt: Date): Promise<string> {
  const { value, revision } = await changeConfiguration(
    services,
    principal,
    { action: "api_key.create", summary: `a playground key for ${principal.actor}` },
    async (change) => {
      const [project] = await change.em.find(Project, { archivedAt: null }, { orderBy: { createdAt: "asc" }, limit: 1 });
      if (project === undefined) throw new ControlError("UNAVAILABLE", "make a project first: the playground's calls belong to one");
      return makeApiKey(change, services.settings.pepper, {
        projectId: project.id,
        name: `playground of ${principal.actor}`.slice(0, 200),
        environment: "play",
        expiresAt,
        allowedRoutes: [],
        rotatedFromId: null,
      });
    },
  );
  await services.propagation.wait(revision, propagationMs);
  return value.credential;
}

/** @throws ControlError UNAVAILABLE where no node is there to answer. */
async function restUrl({ settings, propagation }: Services): Promise<string> {
  if (settings.restUrl !== undefined) return settings.restUrl;
  const ready = (await propagation.nodes()).find(({ live, status }) => live && status.state === "ready" && status.restAddress !== "");
  if (ready === undefined)
    throw new ControlError("UNAVAILABLE", "no node is ready to take a call; look at the page of nodes, or set PENSTOCK_REST_URL");
  return `http://${ready.status.restAddress.replace(/^0\.0\.0\.0:/, "127.0.0.1:").replace(/^\[?::\]?:/, "127.0.0.1:")}`;
}

async function relay(
  url: string,
  body: Buffer,
  { key, header }: { readonly key: string; readonly header: (name: string) => string | undefined },
  response: ServerResponse,
  onKeyRefused: () => void,
): Promise<void> {
  const left = new AbortController();
  response.on("close", () => left.abort());
  const answered = await send(url, {
    method: "POST",
    body,
    headers: { "content-type": header("content-type") ?? "application/json", authorization: `Bearer ${key}` },
    signal: left.signal,
    headersTimeout: headersMs,
    bodyTimeout: idleMs,
  });
  // Revoked by somebody: the next call makes another.
  if (answered.statusCode === 401) onKeyRefused();
  for (const [name, value] of Object.entries(answered.headers))
    if (value !== undefined && passedBack.test(name)) response.setHeader(name, value);
  response.setHeader("cache-control", "no-store");
  response.writeHead(answered.statusCode);
  for await (const chunk of answered.body) if (!response.write(chunk)) await drained(response);
  response.end();
}
