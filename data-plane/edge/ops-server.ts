/** Health and metrics, on a port of their own, so that they answer while the callers' port is full and are not open to callers. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

export interface OpsSources {
  readonly ready: () => { readonly ready: boolean; readonly reason: string; readonly details: Readonly<Record<string, unknown>> };
  readonly metrics: () => Promise<{ readonly contentType: string; readonly text: string }>;
}

/** @throws Error naming the address, where it cannot be bound. */
export async function startOpsServer(
  address: { host: string; port: number },
  sources: OpsSources,
): Promise<{ port: number; close(): Promise<void> }> {
  const server = createServer({ headersTimeout: 10_000, requestTimeout: 10_000 }, async (request, response) => {
    const send = (status: number, contentType: string, text: string) => {
      response.writeHead(status, { "content-type": contentType, "content-length": Buffer.byteLength(text) });
      response.end(text);
    };
    const json = (status: number, value: unknown) => send(status, "application/json", JSON.stringify(value));
    try {
      switch (request.url?.split("?", 1)[0]) {
        case "/healthz":
          return json(200, { status: "alive" });
        case "/readyz": {
          const { ready, reason, details } = sources.ready();
          return json(ready ? 200 : 503, { status: ready ? "ready" : "not ready", reason, ...details });
        }
        case "/metrics": {
          const { contentType, text } = await sources.metrics();
          return send(200, contentType, text);
        }
        default:
          return json(404, { error: "there are /healthz, /readyz and /metrics here" });
      }
    } catch {
      if (!response.headersSent) json(500, { error: "internal error" });
    }
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(address.port, address.host, () => {
      server.off("error", reject);
      resolve();
    });
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
