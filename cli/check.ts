/**
 * `npm run check`: all that can be said of the code without running it. Generated files are fresh, the contract keeps what was
 * published, the types hold, the lint rules hold. The arrows between folders are held by test/tidy.test.ts.
 */
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

const root = dirname(import.meta.dirname);
const bin = (name: string) => join(root, "node_modules", ".bin", name);
const published = join("proto", "published.binpb");

const steps: readonly { readonly what: string; readonly run: () => boolean }[] = [
  { what: "the contract follows buf's STANDARD rules", run: () => ran(bin("buf"), ["lint"]) },
  {
    what: "the contract keeps what was published (npm run publish-contract changes that on purpose)",
    run: () => ran(bin("buf"), ["breaking", "--against", published]),
  },
  { what: "proto/gen is what the contract generates (npm run generate)", run: generatedIsFresh },
  {
    what: "schema.graphql is what the builder prints (npm run generate)",
    run: () => ran(process.execPath, ["control-plane/graphql/print-schema.ts", "--check"]),
  },
  {
    what: "the console's types, and its documents against schema.graphql",
    run: () => ran(process.execPath, ["web-console/schema-types.ts", "--check-documents"]) && ran(bin("tsc"), ["-p", "web-console"]),
  },
  { what: "types", run: () => ran(bin("tsc"), ["-p", "."]) },
  {
    what: "format and lint (npm run format)",
    run: () => ran(bin("biome"), ["check", "--error-on-warnings", "--diagnostic-level=warn", "--max-diagnostics=10", "."]),
  },
  { what: "the arrows between folders", run: () => ran(bin("vitest"), ["run", "--reporter=dot", "test/tidy.test.ts"]) },
];

for (const { what, run } of steps) {
  const startedAt = performance.now();
  const passed = run();
  process.stdout.write(`${passed ? "ok    " : "FAILED"} ${what} (${((performance.now() - startedAt) / 1000).toFixed(1)} s)\n`);
  if (!passed) process.exit(1);
}

function ran(command: string, args: readonly string[]): boolean {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd: root, encoding: "utf8" });
  if (status !== 0) process.stderr.write(`${stdout}${stderr}`);
  return status === 0;
}

/** Generates into a copy and compares, so that checking never changes the work tree. */
function generatedIsFresh(): boolean {
  const copy = mkdtempSync(join(tmpdir(), "penstock-check-"));
  try {
    for (const name of ["proto", "buf.yaml", "buf.gen.yaml"]) cpSync(join(root, name), join(copy, name), { recursive: true });
    const path = `${join(root, "node_modules", ".bin")}:${process.env["PATH"] ?? ""}`;
    const { status, stderr } = spawnSync(bin("buf"), ["generate"], { cwd: copy, encoding: "utf8", env: { ...process.env, PATH: path } });
    if (status !== 0) {
      process.stderr.write(stderr);
      return false;
    }
    return ran("diff", ["-r", "-q", join(root, "proto", "gen"), join(copy, "proto", "gen")]);
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}
