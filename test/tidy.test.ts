/**
 * Checks the code about the code. The arrows between folders are the architecture; when one must change, change it here, in the
 * same commit, and say why. The rest holds what a reviewer would have to see by eye.
 */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { describe, expect, it } from "vitest";

const root = resolve(import.meta.dirname, "..");

/** Folder → the folders it may import besides itself; the most specific folder first. "wires" may import anything of its plane. */
const arrows: readonly (readonly [from: string, to: readonly string[]])[] = [
  ["proto/gen", []],
  ["proto/agreements", []],
  ["proto/transport", []],
  ["data-plane/edge", ["data-plane/pipeline", "data-plane/snapshot", "data-plane/gateway-error.ts", "data-plane/call-id.ts", "proto"]],
  ["data-plane/pipeline", ["data-plane/providers/provider.ts", "data-plane/snapshot", "data-plane/gateway-error.ts", "proto"]],
  ["data-plane/providers", ["data-plane/pipeline", "data-plane/snapshot", "data-plane/gateway-error.ts", "proto"]],
  // The compiled route speaks of quotas in the words of the port that counts them.
  [
    "data-plane/snapshot",
    [
      "data-plane/pipeline/quota-ledger.ts",
      "data-plane/gateway-error.ts",
      "data-plane/checked-record.ts",
      "data-plane/back-off.ts",
      "proto",
    ],
  ],
  // How nodes share quotas, whatever the counters stand in: redis and memory are its stores.
  ["data-plane/quota", ["data-plane/pipeline/quota-ledger.ts", "proto"]],
  ["data-plane/usage", ["data-plane/checked-record.ts", "data-plane/back-off.ts", "proto"]],
  ["data-plane/redis", ["data-plane/pipeline", "data-plane/quota", "data-plane/snapshot", "data-plane/usage", "proto"]],
  ["data-plane/memory", ["data-plane/pipeline", "data-plane/quota", "data-plane/snapshot", "data-plane/usage", "proto"]],
  [
    "data-plane/control-plane-client",
    ["data-plane/quota/quota-store.ts", "data-plane/snapshot", "data-plane/usage", "data-plane/back-off.ts", "proto"],
  ],
  ["data-plane/simulator", []],
  ["data-plane", ["data-plane", "proto"]],
  ["control-plane/database", ["control-plane", "proto"]],
  ["control-plane", ["control-plane", "proto"]],
  // It knows the printed schema, which is no import.
  ["web-console", []],
  ["cli", ["data-plane", "control-plane", "proto"]],
];

const sources = ["proto", "data-plane", "control-plane", "web-console", "cli"].flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => /\.tsx?$/.test(name) && !name.endsWith(".d.ts"))
    .map((name) => join(folder, name)),
);
const written = sources.filter((file) => !file.startsWith("proto/gen/"));

const within = (path: string, folder: string): boolean => path === folder || path.startsWith(`${folder}/`);
const text = (file: string): string => readFileSync(join(root, file), "utf8");

/** The files of ours that a file imports, statically or not. */
function importsOf(file: string): string[] {
  return [...text(file).matchAll(/(?:from|import)\s*\(?\s*"([^"]+)"/g)].flatMap(([, target = ""]) => {
    if (target.startsWith("#proto/")) return [target.replace("#proto/", "proto/gen/")];
    if (target.startsWith("#agreements/")) return [target.replace("#agreements/", "proto/agreements/")];
    return target.startsWith(".") ? [relative(root, resolve(root, dirname(file), target))] : [];
  });
}

it.each(written)("%s imports only along the arrows", (file) => {
  const [from, to] = arrows.find(([folder]) => within(file, folder)) ?? ["", []];
  const astray = importsOf(file).filter(
    (target) =>
      !within(target, from) && !to.some((folder) => within(target, folder)) && !(from.startsWith("proto/") && within(target, "proto")),
  );
  expect(astray).toEqual([]);
});

describe("the source", () => {
  it("has no drawer: no utils, common, shared, lib, helpers, and no barrels", () => {
    const drawers = written.filter(
      (file) => /(^|\/)(utils?|common|shared|lib|helpers?|misc)(\/|\.ts$)/.test(file) || file.endsWith("/index.ts"),
    );
    expect(drawers).toEqual([]);
  });

  it("imports nothing that is not there, and holds nothing that nobody imports", () => {
    const entries = new Set([
      "cli/main.ts",
      "cli/check.ts",
      "cli/start.ts",
      "control-plane/graphql/print-schema.ts",
      "control-plane/database/embedded-worker.ts",
      "control-plane/database/prepare-database.ts",
      "data-plane/pipeline/tokenizer-table.ts",
      "web-console/build.ts",
      "web-console/main.tsx",
    ]);
    const imported = new Set<string>();
    for (const file of [...sources, ...testFiles()]) for (const target of importsOf(file)) imported.add(target);
    for (const target of imported) expect(() => statSync(join(root, target)), target).not.toThrow();
    const dead = written.filter((file) => !imported.has(file) && !entries.has(file) && !file.includes("/migrations/"));
    expect(dead).toEqual([]);
  });

  it("begins each file with what the file alone knows", () => {
    const silent = written.filter((file) => !/^(#!.*\n)?\/(\*\*|\/ )/.test(text(file)));
    expect(silent).toEqual([]);
  });

  // V8 makes a map (a hidden class) in its old space for each object literal with an accessor, and the map holds the closure:
  // whatever such an object of one call reaches then outlives the young collections. It doubled the CPU time of a call.
  it("makes no accessors for each call", () => {
    const perCall = written.filter((file) => /^data-plane\/(pipeline|providers)\//.test(file));
    expect(perCall.filter((file) => /^\s+(get|set) \w+\(/m.test(text(file)))).toEqual([]);
  });

  it("has no default exports", () => {
    expect(written.filter((file) => /^export default/m.test(text(file)))).toEqual([]);
  });
});

const testFiles = (): string[] =>
  ["test", "bench"].flatMap((folder) => {
    try {
      return readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
        .filter((name) => name.endsWith(".ts"))
        .map((name) => join(folder, name));
    } catch {
      return [];
    }
  });
