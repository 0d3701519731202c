/**
 * The built console (web-console/dist), read into memory once: its hashed files for ever, and its page, fresh each time, for
 * every other path, because the address is the console's own business. Nothing is loaded from another host, and no script
 * runs that did not come from a file of ours.
 */
import { randomBytes } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { extname, join } from "node:path";

export const consoleDirectory = join(import.meta.dirname, "..", "..", "web-console", "dist");

const types: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".woff2": "font/woff2",
  ".txt": "text/plain; charset=utf-8",
};

interface Asset {
  readonly type: string;
  readonly plain: Buffer;
  /** Undefined: it does not get smaller. */
  readonly brotli: Buffer | undefined;
}

export interface ConsoleAssets {
  /** False: not ours to answer. */
  answer(path: string, request: IncomingMessage, response: ServerResponse): boolean;
}

export function openConsoleAssets(directory: string = consoleDirectory): ConsoleAssets {
  const assets = existsSync(join(directory, "index.html")) ? readAssets(directory) : undefined;
  return {
    answer: (path, request, response) => {
      if (request.method !== "GET" && request.method !== "HEAD") return false;
      const asset = assets?.get(path);
      if (asset !== undefined && path !== "/index.html") {
        sendAsset(asset, path, request, response);
        return true;
      }
      // Its address is everybody's; any other is the console's only for those who ask for a page.
      if (path !== "/" && (extname(path) !== "" || !(request.headers.accept ?? "").includes("text/html"))) return false;
      sendPage(assets?.get("/index.html"), request, response);
      return true;
    },
  };
}

function readAssets(directory: string): ReadonlyMap<string, Asset> {
  const assets = new Map<string, Asset>();
  for (const entry of readdirSync(directory, { recursive: true, withFileTypes: true })) {
    const type = types[extname(entry.name)];
    if (!entry.isFile() || type === undefined) continue;
    const file = join(entry.parentPath, entry.name);
    const brotli = existsSync(`${file}.br`) ? readFileSync(`${file}.br`) : undefined;
    assets.set(file.slice(directory.length), { type, plain: readFileSync(file), brotli });
  }
  return assets;
}

const everywhere = {
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
} as const;

function sendAsset({ type, plain, brotli }: Asset, path: string, request: IncomingMessage, response: ServerResponse): void {
  const compressed = brotli !== undefined && /\bbr\b/.test(String(request.headers["accept-encoding"] ?? "")) ? brotli : undefined;
  response.writeHead(200, {
    ...everywhere,
    "content-type": type,
    "content-length": (compressed ?? plain).length,
    // A file under /assets has its content's hash in its name.
    "cache-control": path.startsWith("/assets/") ? "public, max-age=31536000, immutable" : "no-cache",
    vary: "accept-encoding",
    ...(compressed === undefined ? {} : { "content-encoding": "br" }),
  });
  response.end(request.method === "HEAD" ? undefined : (compressed ?? plain));
}

function sendPage(page: Asset | undefined, request: IncomingMessage, response: ServerResponse): void {
  const nonce = randomBytes(16).toString("base64");
  const html = page?.plain.toString("utf8").replaceAll("CSP_NONCE", nonce) ?? notBuilt;
  response.writeHead(page === undefined ? 503 : 200, {
    ...everywhere,
    "content-type": "text/html; charset=utf-8",
    "content-security-policy": [
      "default-src 'none'",
      "script-src 'self'",
      // The editor and the dialogs write a style element each, which carry the nonce.
      `style-src 'self' 'nonce-${nonce}'`,
      "img-src 'self' data:",
      "font-src 'self'",
      "connect-src 'self'",
      "base-uri 'none'",
      "form-action 'none'",
      "frame-ancestors 'none'",
    ].join("; "),
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
    "cache-control": "no-store",
  });
  response.end(request.method === "HEAD" ? undefined : html);
}

const notBuilt = `<!doctype html><html lang="en"><meta charset="utf-8"><title>Penstock</title>
<h1>The console is not built</h1><p>Run <code>npm run console</code>, then start again. GraphQL is at <a href="/graphql">/graphql</a>.</p></html>
`;
