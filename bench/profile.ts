/**
 * `node bench/profile.ts <file.cpuprofile>`: where a node's CPU time went, by function and by part of the code, from a profile
 * that `--profile` made. Samples of the idle process are left out; self time, so that the shares add up to one.
 */
import { readFileSync } from "node:fs";

interface ProfileNode {
  readonly id: number;
  readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
}

const file = process.argv[2];
if (file === undefined) throw new Error("say which profile: node bench/profile.ts <file.cpuprofile>");
const shown = 45;

const { nodes, samples, timeDeltas } = JSON.parse(readFileSync(file, "utf8")) as {
  nodes: ProfileNode[];
  samples: number[];
  timeDeltas: number[];
};
const byId = new Map(nodes.map((node) => [node.id, node]));
const functions = new Map<string, number>();
const places = new Map<string, number>();
let busy = 0;
for (const [index, id] of samples.entries()) {
  const { functionName, url, lineNumber } = byId.get(id)?.callFrame ?? { functionName: "", url: "", lineNumber: 0 };
  if (functionName === "(idle)" || functionName === "(program)" || functionName === "(root)") continue;
  const micros = timeDeltas[index] ?? 0;
  busy += micros;
  const place = placeOf(url, functionName);
  add(places, place, micros);
  add(
    functions,
    `${functionName === "" ? "(anonymous)" : functionName} ${url.replace(/^.*\/(?=(data-plane|proto|node_modules)\/)/, "")}:${lineNumber + 1}`,
    micros,
  );
}
for (const [title, sums] of [
  ["by part", places],
  ["by function", functions],
] as const) {
  process.stdout.write(`${title}\n`);
  for (const [name, micros] of [...sums].sort((a, b) => b[1] - a[1]).slice(0, shown))
    process.stdout.write(`${((micros / busy) * 100).toFixed(1).padStart(6)} %  ${name}\n`);
}

function add(sums: Map<string, number>, name: string, micros: number): void {
  sums.set(name, (sums.get(name) ?? 0) + micros);
}

function placeOf(url: string, functionName: string): string {
  if (functionName === "(garbage collector)") return functionName;
  const own = /\/((?:data-plane|proto)\/[^/]+)/.exec(url)?.[1];
  const packaged = /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url)?.[1];
  return packaged ?? own ?? (url.startsWith("node:") ? url.replace(/^node:(internal\/)?([^/]+).*$/, "node:$2") : "native");
}
