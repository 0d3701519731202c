/**
 * The floor for a gateway on Node: node:http in, undici out, and nothing between. No authentication, no metering, no checks;
 * pieces are passed on as they come. Takes the backend's origin as its argument and prints its port as a line of JSON.
 */
import { createServer } from "node:http";
import { Pool } from "undici";

const pool = new Pool(process.argv[2] ?? "", { pipelining: 1, allowH2: false });

const server = createServer((request, response) => {
  const pieces: Buffer[] = [];
  request.on("data", (piece: Buffer) => void pieces.push(piece));
  request.on("end", () => {
    const headers = ["content-type", "application/json", "authorization", request.headers.authorization ?? ""];
    const [only] = pieces;
    const body = pieces.length === 1 && only !== undefined ? only : Buffer.concat(pieces);
    pool.dispatch(
      { method: "POST", path: request.url ?? "/", headers, body },
      {
        onRequestStart: () => {},
        onResponseStart: (_, status, responseHeaders) => {
          const length = responseHeaders["content-length"];
          response.writeHead(status, {
            "content-type": String(responseHeaders["content-type"]),
            ...(length === undefined ? {} : { "content-length": Number(length) }),
          });
        },
        onResponseData: (_, piece) => void response.write(piece),
        onResponseEnd: () => void response.end(),
        onResponseError: () => void response.destroy(),
      },
    );
  });
});
server.keepAliveTimeout = 60_000;
server.listen({ port: 0, host: "127.0.0.1", backlog: 4096 }, () => {
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  process.stdout.write(`${JSON.stringify({ event: "ready", port })}\n`);
});
process.on("disconnect", () => process.exit(0));
