/**
 * `npm test`: brings what the tests need from Debian where it is missing and may be installed, runs `npm run check`, the quick
 * form of the bench, then every test.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";

const root = dirname(import.meta.dirname);
const bin = (name: string) => join(root, "node_modules", ".bin", name);

/** Debian package → how to tell that it is there. */
const programs: Readonly<Record<string, () => boolean>> = {
  "redis-server": () => spawnSync("redis-server", ["--version"]).status === 0,
  chromium: () => existsSync("/usr/bin/chromium"),
  postgresql: () => existsSync("/usr/lib/postgresql") && readdirSync("/usr/lib/postgresql").length > 0,
};

export async function runTests(args: readonly string[]): Promise<void> {
  installPrograms();
  if (args.length === 0) {
    if (!succeeds("cli/check.ts")) process.exit(1);
    // It reads CPU time from /proc, and comes before the tests, which would disturb it. A loss is believed when it comes twice.
    if (existsSync("/proc/self/stat") && !succeeds("bench/run.ts", "--quick") && !succeeds("bench/run.ts", "--quick")) process.exit(1);
  }
  const tests = spawnSync(
    bin("vitest"),
    ["run", "--reporter=default", `--reporter=${join(root, "test", "harness", "plain-count-reporter.ts")}`, ...args],
    { cwd: root, stdio: "inherit" },
  );
  process.exit(tests.status ?? 1);
}

const succeeds = (path: string, ...args: readonly string[]): boolean =>
  spawnSync(process.execPath, [join(root, path), ...args], { cwd: root, stdio: "inherit" }).status === 0;

function installPrograms(): void {
  const missing = Object.entries(programs).flatMap(([name, present]) => (present() ? [] : [name]));
  if (missing.length === 0) return;
  if (process.getuid?.() !== 0 || spawnSync("apt-get", ["--version"]).status !== 0) {
    process.stderr.write(
      `penstock: the tests need ${missing.join(" and ")}; install them, for example with: sudo apt-get install ${missing.join(" ")}\n`,
    );
    process.exit(1);
  }
  process.stderr.write(`penstock: installing ${missing.join(" and ")} (once) …\n`);
  const environment = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  spawnSync("apt-get", ["update", "-qq"], { stdio: ["ignore", "ignore", "inherit"], env: environment });
  const { status } = spawnSync("apt-get", ["install", "-y", "-qq", "--no-install-recommends", ...missing], {
    stdio: ["ignore", "ignore", "inherit"],
    env: environment,
  });
  if (status !== 0) process.exit(1);
}
