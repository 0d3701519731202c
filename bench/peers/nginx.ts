/** nginx as a proxy of the same shape: one worker, kept connections to the backend, no buffering, no logs. */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort, type Part, startProgram } from "../processes.ts";

/** undefined: nginx is not installed. */
export function nginxVersion(): string | undefined {
  const { stderr, status } = spawnSync("nginx", ["-v"], { encoding: "utf8" });
  return status === 0 ? stderr.trim().replace("nginx version: ", "") : undefined;
}

export async function startNginx(backendPort: number): Promise<Part> {
  const directory = mkdtempSync(join(tmpdir(), "penstock-bench-nginx-"));
  const port = await freePort();
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
  for (const name of temporary) mkdirSync(join(directory, name));
  const file = join(directory, "nginx.conf");
  const user = process.getuid?.() === 0 ? "user root;" : "";
  writeFileSync(
    file,
    `${user}
worker_processes 1;
worker_rlimit_nofile 20000;
daemon off;
pid ${join(directory, "pid")};
error_log ${join(directory, "error.log")};
events { worker_connections 20000; }
http {
  access_log off;
  keepalive_requests 1000000000;
  ${temporary.map((name) => `${name}_temp_path ${join(directory, name)};`).join("\n  ")}
  upstream backend { server 127.0.0.1:${backendPort}; keepalive 512; keepalive_requests 1000000000; }
  server {
    listen 127.0.0.1:${port} backlog=4096;
    client_body_buffer_size 1m;
    client_max_body_size 16m;
    location / {
      proxy_pass http://backend;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_buffering off;
    }
  }
}
`,
  );
  const part = await startProgram("nginx", ["-c", file, "-p", directory], port);
  return {
    ...part,
    close: async () => {
      // Asked politely: a killed master leaves its worker behind.
      await part.close("SIGTERM");
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
