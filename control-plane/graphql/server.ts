/**
 * The control plane's HTTP server: /graphql, /healthz, /readyz, and the console with what it needs. Bodies are read to a bound before GraphQL sees them, and an
 * answer is written no faster than it is read; a caller who leaves ends what it asked for, subscriptions included.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { v7 } from "uuid";
import { answerExport, exportPath } from "../chargeback/export-endpoint.ts";
import { openConsoleAssets } from "../console/assets.ts";
import { openPlayground } from "../console/playground.ts";
import { answerSession } from "../console/session-endpoint.ts";
import { ControlError } from "../control-error.ts";
import { bodyBytesMax, drained, readBody, sendJson } from "../http-exchange.ts";
import { originOf, requestOrigins } from "../request-origin.ts";
import type { Services } from "../services.ts";
import { graphqlPath, openYoga } from "./yoga.ts";

const readyMs = 2_000;
const headersMs = 10_000;
const receiveMs = 30_000;
const drainMs = 5_000;
const connectionsMax = 2_000;
/** What GraphQL is read from. Forms are among it for the check against other sites' forms, which then refuses them by its own name. */
const bodyTypes =
  /^(application\/(json|graphql|graphql\+json|graphql-response\+json|x-www-form-urlencoded)|multipart\/form-data)\s*(;|,|$)/i;
const requestIdPattern = /^[A-Za-z0-9._-]{1,64}$/;

export interface GraphqlServer {
  readonly port: number;
  close(): Promise<void>;
}

/** @throws ControlError START naming the address, where it cannot be bound. */
export async function startGraphqlServer(services: Services): Promise<GraphqlServer> {
  const yoga = openYoga(services);
  const assets = openConsoleAssets();
  const playground = openPlayground(services);
  const server = createServer({ headersTimeout: headersMs, requestTimeout: receiveMs, keepAliveTimeout: 65_000 }, (request, response) => {
    answer(request, response).catch((error: unknown) => {
      if (hasLeft(response, error)) return;
      services.logger.error({ err: error }, "an unexpected error in the GraphQL server");
      if (!response.headersSent) sendJson(response, 500, { error: "internal error" });
      response.destroy();
    });
  });
  server.maxConnections = connectionsMax;

  const answer = (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const requestId = requestIdOf(request);
    response.setHeader("x-request-id", requestId);
    return requestOrigins.run(originOf(request, requestId, services.settings.trustedProxies), () => answerIn(request, response, requestId));
  };

  const answerIn = async (request: IncomingMessage, response: ServerResponse, requestId: string): Promise<void> => {
    const path = (request.url ?? "/").split("?", 1)[0] ?? "/";
    if (path === "/healthz") return sendJson(response, 200, { healthy: true });
    if (path === "/readyz") return sendReadiness(response, services);
    if (services.settings.graphqlExplorer && asksForPage(request, path)) return leadToExplorer(response);
    if (path === graphqlPath) return answerGraphql(request, response, requestId, yoga);
    if (path === exportPath) return answerExport(request, response, services);
    if (path === "/session" || path.startsWith("/session/")) return answerSession(path, request, response, services);
    if (path.startsWith("/playground/v1/")) return playground.answer(path, request, response);
    if (assets.answer(path, request, response)) return;
    sendJson(response, 404, { error: `there is nothing here; the console is at / and GraphQL at ${graphqlPath}` });
  };

  const port = await listen(server, services.settings.host, services.settings.graphqlPort);
  return {
    port,
    close: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeIdleConnections();
      const clock = setTimeout(() => server.closeAllConnections(), drainMs);
      await closed;
      clearTimeout(clock);
    },
  };
}

/** A caller who leaves ends what it asked for: that is no error of anybody's. */
const hasLeft = (response: ServerResponse, error: unknown): boolean =>
  response.destroyed && error instanceof Error && error.name === "AbortError";

/** A person with a browser. */
const asksForPage = (request: IncomingMessage, path: string): boolean =>
  request.method === "GET" &&
  path === graphqlPath &&
  !(request.url ?? "").includes("?") &&
  (request.headers.accept ?? "").includes("text/html");

/** A page of the console. What stands after the # in the old address, which no server sees, browsers take along. */
function leadToExplorer(response: ServerResponse): void {
  response.writeHead(302, { location: "/explorer", "cache-control": "no-store" });
  response.end();
}

function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", (cause: NodeJS.ErrnoException) => {
      const why =
        cause.code === "EADDRINUSE"
          ? "is in use; stop what listens there, or set PENSTOCK_CONTROL_PORT"
          : `cannot be bound (${cause.code})`;
      reject(new ControlError("START", `the address ${host}:${port} for GraphQL ${why}`, cause));
    });
    // A TCP server's address is never the path of a pipe.
    server.listen(port, host, () => resolve((server.address() as AddressInfo).port));
  });
}

function requestIdOf(request: IncomingMessage): string {
  const given = request.headers["x-request-id"];
  return typeof given === "string" && requestIdPattern.test(given) ? given : v7();
}

async function answerGraphql(
  request: IncomingMessage,
  response: ServerResponse,
  requestId: string,
  yoga: ReturnType<typeof openYoga>,
): Promise<void> {
  if (request.method === "POST" && !bodyTypes.test(request.headers["content-type"] ?? "")) {
    // The body is not read, so the connection cannot be used again.
    response.setHeader("connection", "close");
    return sendJson(response, 415, {
      errors: [
        {
          message: 'send content-type: application/json with a body like {"query": "{ viewer { actor } }", "variables": {}}',
          extensions: { code: "UNSUPPORTED_MEDIA_TYPE", requestId },
        },
      ],
    });
  }
  const body = request.method === "POST" ? await readBody(request) : undefined;
  if (body === "too large") {
    response.setHeader("connection", "close");
    return sendJson(response, 413, {
      errors: [{ message: `a request may have ${bodyBytesMax} bytes`, extensions: { code: "PAYLOAD_TOO_LARGE", requestId } }],
    });
  }
  const left = new AbortController();
  response.on("close", () => left.abort());
  const headers = Object.entries(request.headers).flatMap(([name, value]) =>
    typeof value === "string" ? [[name, value] as [string, string]] : [],
  );
  const answered = await yoga(
    new URL(request.url ?? graphqlPath, "http://penstock.local"),
    { method: request.method ?? "GET", headers, signal: left.signal, ...(body === undefined ? {} : { body: new Uint8Array(body) }) },
    requestId,
  );
  answered.headers.forEach((value, name) => {
    response.setHeader(name, value);
  });
  response.writeHead(answered.status);
  await writeBody(answered.body, response);
}

async function writeBody(body: ReadableStream<Uint8Array> | null, response: ServerResponse): Promise<void> {
  if (body === null) {
    response.end();
    return;
  }
  const reader = body.getReader();
  // Cancelling is what returns a subscription's iterator, and with it its listener.
  const cancel = () => void reader.cancel().catch(() => undefined);
  response.once("close", cancel);
  for (;;) {
    const { done, value } = await reader.read();
    if (done || response.destroyed) break;
    if (!response.write(value)) await drained(response);
  }
  response.off("close", cancel);
  response.end();
}

async function sendReadiness(response: ServerResponse, services: Services): Promise<void> {
  let clock: NodeJS.Timeout | undefined;
  const tooLate = new Promise<string>((resolve) => {
    clock = setTimeout(() => resolve(`the database did not answer within ${readyMs} ms`), readyMs);
  });
  const asked = services.database
    .system((em) => em.execute("select 1"))
    .then(
      () => "",
      (error: unknown) => (error instanceof ControlError ? error.message : "the database does not answer"),
    );
  const reason = await Promise.race([asked, tooLate]);
  clearTimeout(clock);
  sendJson(response, reason === "" ? 200 : 503, reason === "" ? { ready: true } : { ready: false, reason });
}
