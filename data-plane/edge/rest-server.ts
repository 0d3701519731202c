/**
 * The REST edge: bare node:http (any framework between costs more than the pipeline), the table of endpoints, bodies with a
 * bound, one error shape. Endpoints that are not in the table answer 404 `unsupported_endpoint`, never a silent 200.
 */

import { isUtf8 } from "node:buffer";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { LiveCalls } from "../../proto/transport/live-calls.ts";
import { newCallId } from "../call-id.ts";
import { GatewayError } from "../gateway-error.ts";
import { type CallerHeader, peerHeader } from "../pipeline/key-scope.ts";
import { readCallerHeaders } from "./caller-headers.ts";
import { crossOrigin } from "./cross-origin.ts";
import { httpStatusOf, openaiErrorBody, retryHeaders } from "./openai-error-body.ts";

/** One request on its way through an endpoint. */
export interface RestCall {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly callId: string;
  readonly requestId: string;
  readonly receivedAtMs: number;
  readonly credential: string | undefined;
  readonly sessionId: string;
  readonly tags: Readonly<Record<string, string>>;
  /** By its name in lower case. */
  readonly header: CallerHeader;
  /** Aborts when the caller leaves or the node shuts down; the reason says which. */
  readonly signal: AbortSignal;
  /** Ends the call from within, for example when the caller stalls. */
  end(reason: GatewayError): void;
}

export type RestEndpoint = (call: RestCall, parameter: string) => Promise<void>;

/** `path` may end in `*`, for one last segment that becomes the endpoint's parameter. */
export type RestEndpoints = readonly {
  readonly method: string;
  readonly path: string;
  readonly serve: RestEndpoint;
  /** For endpoints whose errors have another shape than OpenAI's. */
  readonly sendError?: typeof sendError;
}[];

export interface RestServerOptions {
  readonly host: string;
  readonly port: number;
  /** All of a request must have come within this, in milliseconds. Default: 60000. */
  readonly requestMsMax?: number;
  /** Origins whose pages may call from a browser; "*": any. Default: none. */
  readonly allowedOrigins?: readonly string[];
  /** For failures that are ours, with the request id. */
  readonly logError: (error: GatewayError, requestId: string) => void;
}

export interface RestServer {
  readonly port: number;
  readonly callsInFlight: number;
  close(drainMs: number): Promise<void>;
}

export const bodyBytesMax = 10 * 1024 * 1024;

/** @throws Error naming the address, where it cannot be bound. */
export async function startRestServer(endpoints: RestEndpoints, options: RestServerOptions): Promise<RestServer> {
  const live = new LiveCalls<GatewayError>();
  const server = createServer({
    headersTimeout: Math.min(10_000, options.requestMsMax ?? requestMsMaxDefault),
    connectionsCheckingInterval: 1000,
    requestTimeout: options.requestMsMax ?? requestMsMaxDefault,
    keepAliveTimeout: 65_000,
    maxHeaderSize: 16 * 1024,
  });
  server.on("request", (request, response) => void serve(request, response, endpoints, options, live));
  server.on("clientError", (error: NodeJS.ErrnoException, socket) => {
    if (error.code === "ERR_HTTP_REQUEST_TIMEOUT" && uploading.has(socket)) return;
    if (socket.writable) socket.end(malformed(error.code));
    else socket.destroy();
  });
  const port = await listen(server, options);
  return {
    port,
    get callsInFlight() {
      return live.size;
    },
    close: (drainMs) =>
      new Promise((resolve) => {
        const timer = setTimeout(() => {
          live.endAll(new GatewayError("SHUTTING_DOWN", "the gateway is shutting down; try again", { retryAfterMs: 1000 }));
          setTimeout(() => server.closeAllConnections(), forcedAfterMs).unref();
        }, drainMs);
        server.close(() => {
          clearTimeout(timer);
          resolve();
        });
        server.closeIdleConnections();
      }),
  };
}

const requestMsMaxDefault = 60_000;

/** Sockets of requests that may take longer than others, because whoever reads them has a clock of its own. */
const uploading = new WeakSet<object>();

/** Returns what ends it. */
export function mayTakeLong({ socket }: IncomingMessage): () => void {
  uploading.add(socket);
  return () => void uploading.delete(socket);
}

/** What ended calls get to write their error in, in milliseconds. */
const forcedAfterMs = 1000;

async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  endpoints: RestEndpoints,
  options: RestServerOptions,
  live: LiveCalls<GatewayError>,
): Promise<void> {
  if (options.allowedOrigins !== undefined && crossOrigin(request, response, options.allowedOrigins)) return;
  const callId = newCallId();
  const header = (name: string) => (name === peerHeader ? request.socket.remoteAddress : single(request.headers[name]));
  const caller = readCallerHeaders(header);
  const requestId = caller.requestId ?? callId;
  const controller = new AbortController();
  const end = (reason: GatewayError) => {
    if (!controller.signal.aborted) controller.abort(reason);
  };
  const alive = live.add(end);
  // Of the response: a request's own "close" fires as soon as its body has been read.
  response.on("close", () => {
    if (!response.writableFinished) end(new GatewayError("CANCELLED", "the caller went away"));
  });
  let answerError = sendError;
  try {
    const { endpoint, parameter } = find(endpoints, request);
    answerError = endpoint.sendError ?? sendError;
    await endpoint.serve(
      {
        request,
        response,
        callId,
        requestId,
        receivedAtMs: Date.now(),
        credential: caller.credential,
        sessionId: caller.sessionId,
        tags: caller.tags,
        header,
        signal: controller.signal,
        end,
      },
      parameter,
    );
  } catch (reason) {
    const error = GatewayError.ending(controller.signal, reason);
    if (error.kind === "INTERNAL") options.logError(error, requestId);
    if (response.headersSent) response.destroy();
    else answerError({ response, requestId, callId }, error);
  } finally {
    live.delete(alive);
    if (!request.complete && !request.socket.destroyed) lingerThenClose(request, response);
  }
}

/**
 * For a body that was refused half-way. Closing at once would reset the connection, and the caller, still sending, would lose
 * the answer that says why; reading to the end would let it send without bound. So what comes is thrown away for a moment.
 */
function lingerThenClose(request: IncomingMessage, response: ServerResponse): void {
  request.removeAllListeners("data");
  request.resume();
  const timer = setTimeout(() => request.socket.destroy(), lingerMs);
  request.on("close", () => clearTimeout(timer));
  response.on("finish", () => request.complete && clearTimeout(timer));
}

const lingerMs = 1000;

function find(endpoints: RestEndpoints, request: IncomingMessage): { endpoint: RestEndpoints[number]; parameter: string } {
  const path = (request.url ?? "/").split("?", 1)[0]?.replace(/\/+$/, "") ?? "";
  for (const endpoint of endpoints) {
    const { method, path: pattern } = endpoint;
    if (method !== request.method) continue;
    if (pattern === path) return { endpoint, parameter: "" };
    if (pattern.endsWith("*") && path.startsWith(pattern.slice(0, -1)) && path.length >= pattern.length)
      return { endpoint, parameter: decoded(path.slice(pattern.length - 1)) };
  }
  throw new GatewayError(
    "UNSUPPORTED_ENDPOINT",
    `${request.method ?? ""} ${path.slice(0, 200)} is not served here; see GET /v1/models and POST /v1/chat/completions`,
  );
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    throw new GatewayError("INVALID_ARGUMENT", "the path is not well-formed");
  }
}

/** @throws GatewayError PAYLOAD_TOO_LARGE, INVALID_ARGUMENT: not announced as JSON, compressed, or not UTF-8. */
export async function readBody({ request, signal }: RestCall): Promise<string> {
  const type = request.headers["content-type"] ?? "";
  if (!/^application\/([\w.-]+\+)?json\b/i.test(type))
    throw new GatewayError("INVALID_ARGUMENT", "send the body with content-type: application/json");
  const encoding = request.headers["content-encoding"];
  if (encoding !== undefined && encoding !== "identity")
    throw new GatewayError("INVALID_ARGUMENT", "send the body without content-encoding");
  if (Number(request.headers["content-length"] ?? 0) > bodyBytesMax) throw tooLarge();
  const bytes = await new Promise<Buffer>((resolve, reject) => {
    const parts: Buffer[] = [];
    let size = 0;
    const onAbort = () => reject(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    request.on("data", (part: Buffer) => {
      size += part.length;
      if (size > bodyBytesMax) {
        request.pause();
        reject(tooLarge());
      } else parts.push(part);
    });
    request.on("end", () => {
      signal.removeEventListener("abort", onAbort);
      const [only] = parts;
      resolve(parts.length === 1 && only !== undefined ? only : Buffer.concat(parts, size));
    });
    request.on("error", (cause) => reject(new GatewayError("CANCELLED", "the caller went away", { cause })));
  });
  // Decoding would put U+FFFD in place of what is wrong, and the backend would answer another question.
  if (!isUtf8(bytes)) throw new GatewayError("INVALID_ARGUMENT", "the body is not UTF-8");
  return bytes.toString("utf8");
}

/** A header that was set before would send all of them the slow way, so the request id goes with the rest. */
export function sendJson(
  { response, requestId, callId }: Pick<RestCall, "response" | "requestId" | "callId">,
  status: number,
  body: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  const length = Buffer.byteLength(body);
  // As name and value in turn: an object of so many members would be built a second time, and read by name.
  const list: string[] = [];
  for (const name in headers) list.push(name, headers[name] ?? "");
  list.push("x-request-id", requestId, "x-penstock-call-id", callId, "content-type", "application/json", "content-length", String(length));
  response.writeHead(status, list);
  // As many bytes as characters: all of it is ASCII, which goes out without another look at each character.
  response.end(body, length === body.length ? "latin1" : "utf8");
}

export function sendError(call: Pick<RestCall, "response" | "requestId" | "callId">, error: GatewayError): void {
  const { response, requestId } = call;
  if (response.destroyed) return;
  sendJson(call, httpStatusOf(error.kind), openaiErrorBody(error, requestId), retryHeaders(error));
}

const tooLarge = () => new GatewayError("PAYLOAD_TOO_LARGE", `the body is larger than ${bodyBytesMax} bytes`);

function malformed(code: string | undefined): string {
  const body = JSON.stringify({
    error: { message: "the request is not well-formed HTTP", type: "invalid_request_error", param: null, code: "malformed_http" },
  });
  const status =
    code === "HPE_HEADER_OVERFLOW"
      ? "431 Request Header Fields Too Large"
      : code === "ERR_HTTP_REQUEST_TIMEOUT"
        ? "408 Request Timeout"
        : "400 Bad Request";
  return `HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
}

const listen = (server: Server, { host, port }: RestServerOptions): Promise<number> =>
  new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      server.off("error", reject);
      resolve((server.address() as AddressInfo).port);
    });
  });

const single = (value: string | string[] | undefined): string | undefined => (Array.isArray(value) ? value[0] : value);

/** Handed on to simulated providers alone. */
export function simulationHeaders({ request }: RestCall): Readonly<Record<string, string>> {
  let found: Record<string, string> | undefined;
  for (const name in request.headers) {
    const value = request.headers[name];
    if (!name.startsWith("x-sim-") || typeof value !== "string") continue;
    found ??= {};
    found[name] = value;
  }
  return found ?? none;
}

const none: Readonly<Record<string, string>> = {};
