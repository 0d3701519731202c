/**
 * /playground/v1/…: the console's calls, handed on to a live node as any caller's, so that routes, quotas, guards and the
 * ledger hold for them. A browser reaches no other host than this one, and no API key ever reaches the browser: each
 * person's calls go with a key of their own, one for each project that they call in, which is made at the first call and expires
 * within hours. The header `x-penstock-project` says in which; without it in the oldest that is not the demo's.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { request as send } from "undici";
import { ControlError, type ControlErrorKind, ForbiddenError, NotFoundError } from "../control-error.ts";
import { isUuid } from "../database/config-kinds.ts";
import { mayAs } from "../database/entities/admin-role.ts";
import { Organisation } from "../database/entities/organisation.ts";
import { Project } from "../database/entities/project.ts";
import type { EntityManager } from "../database/orm.ts";
import { demoProjectId } from "../demo/find-demo.ts";
import { drained, readBody, sendJson } from "../http-exchange.ts";
import type { KnownToken } from "../operations/admin-tokens.ts";
import { changeConfiguration } from "../operations/change-configuration.ts";
import { makeApiKey } from "../operations/make-api-key.ts";
import type { Services } from "../services.ts";
import { principalBehind } from "./principal.ts";
import { consoleHeader } from "./session-endpoint.ts";

const prefix = "/playground";
const paths: ReadonlySet<string> = new Set(["/v1/chat/completions", "/v1/responses", "/v1/embeddings", "/v1/messages"]);
const projectHeader = "x-penstock-project";
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

  const keyOf = (principal: KnownToken, projectId: string | undefined): Promise<string> => {
    const holder = holderOf(principal, projectId);
    const kept = keys.get(holder);
    if (kept !== undefined && kept.expiresAtMs > Date.now() + keyMarginMs) return kept.credential;
    if (keys.size >= keysMax) keys.clear();
    const expiresAtMs = Date.now() + keyMs;
    const credential = makeKey(services, principal, projectId, new Date(expiresAtMs));
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
        const projectId = header(projectHeader);
        const key = await keyOf(principal, projectId);
        await relay(`${await restUrl(services)}${target}`, body, { key, header }, response, () =>
          keys.delete(holderOf(principal, projectId)),
        );
      } catch (error) {
        if (response.headersSent) return void response.destroy();
        if (error instanceof ControlError) return sendJson(response, statuses[error.kind] ?? 503, errorBody(error.message));
        services.logger.warn({ err: error }, "a call from the playground failed");
        sendJson(response, 502, errorBody("no node answered; look at the page of nodes"));
      }
    },
  };
}

const statuses: Partial<Record<ControlErrorKind, number>> = { FORBIDDEN: 403, NOT_FOUND: 404 };

const holderOf = ({ organisationId, tokenId }: KnownToken, projectId: string | undefined): string =>
  `${organisationId} ${tokenId} ${projectId ?? ""}`;

const errorBody = (message: string) => ({ error: { message, type: "console_error", param: null, code: null } });

async function makeKey(services: Services, principal: KnownToken, projectId: string | undefined, expiresAt: Date): Promise<string> {
  const { value, revision } = await changeConfiguration(
    services,
    principal,
    { action: "api_key.create", summary: `a playground key for ${principal.actor}` },
    async (change) => {
      const project = await projectFor(change.em, principal.organisationId, projectId);
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

/** @throws ControlError where there is none. */
async function projectFor(em: EntityManager, organisationId: string, projectId: string | undefined): Promise<Project> {
  if (projectId !== undefined) {
    const project = isUuid(projectId) ? await em.findOne(Project, { id: projectId, archivedAt: null }) : null;
    if (project === null) throw new NotFoundError("project", projectId);
    return project;
  }
  const organisation = await em.findOneOrFail(Organisation, { id: organisationId });
  // The demo is dated within its week, so that it is the oldest of a new installation; what is called here is no part of it.
  const oldest = await em.find(Project, { archivedAt: null }, { orderBy: { createdAt: "asc" }, limit: 2 });
  const project = oldest.find(({ id }) => id !== demoProjectId(organisation)) ?? oldest[0];
  if (project === undefined) throw new ControlError("UNAVAILABLE", "make a project first: the playground's calls belong to one");
  return project;
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
