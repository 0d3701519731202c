/**
 * Calls that a browser makes from a page of another origin, where the operator lets that origin (CORS; the Fetch standard, 3.2).
 * A key in a page is everybody's who opens it, so no origin is let by itself.
 */
import type { IncomingMessage, ServerResponse } from "node:http";

const methods = "GET, POST, DELETE";
const preflightSecondsMax = "600";

/** Says what the browser must hear. Returns whether that was all: a preflight is answered by it. @param allowed origins, or "*". */
export function crossOrigin(request: IncomingMessage, response: ServerResponse, allowed: readonly string[]): boolean {
  const { origin } = request.headers;
  if (origin === undefined || !(allowed.includes(origin) || allowed.includes("*"))) return false;
  response.setHeader("access-control-allow-origin", origin);
  response.setHeader("vary", "origin");
  // Which call it was, what is left of its limits, what it cost. A wildcard covers no call with a key.
  response.setHeader("access-control-expose-headers", exposed);
  const asked = request.headers["access-control-request-method"];
  if (request.method !== "OPTIONS" || asked === undefined) return false;
  const headers = request.headers["access-control-request-headers"];
  response.writeHead(204, {
    "access-control-allow-methods": methods,
    ...(headers === undefined ? {} : { "access-control-allow-headers": headers }),
    "access-control-max-age": preflightSecondsMax,
  });
  response.end();
  return true;
}

const exposed = [
  "x-request-id request-id retry-after retry-after-ms x-should-retry openai-processing-ms",
  "x-penstock-call-id x-penstock-revision x-penstock-route x-penstock-backend x-penstock-attempts x-penstock-variant x-penstock-prompt",
  "x-penstock-cache x-penstock-dropped x-penstock-cost-usd x-penstock-estimated",
  ...["requests", "tokens"].flatMap((what) => ["limit", "remaining", "reset"].map((which) => `x-ratelimit-${which}-${what}`)),
]
  .flatMap((line) => line.split(" "))
  .join(", ");
