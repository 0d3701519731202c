/**
 * `node bench/profile.ts <file.cpuprofile>`: where a node's CPU time went, from a profile that `--profile` made. Self time by
 * package and by function, whose shares add up to one; and the whole time under each file of ours, which is what a stage costs
 * with everything that it calls. Samples of an idle process are left out.
 */
import { readFileSync } from "node:fs";

interface ProfileNode {
  readonly id: number;
  readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
  readonly children?: readonly number[];
}

const file = process.argv[2];
if (file === undefined) throw new Error("say which profile: node bench/profile.ts <file.cpuprofile>");
const shown = 40;
const notWork = new Set(["(idle)", "(program)", "(root)"]);

const { nodes, samples, timeDeltas } = JSON.parse(readFileSync(file, "utf8")) as {
  nodes: ProfileNode[];
  samples: number[];
  timeDeltas: number[];
};
const byId = new Map(nodes.map((node) => [node.id, node]));
const parents = new Map(nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id] as const)));
const functions = new Map<string, number>();
const packages = new Map<string, number>();
const whole = new Map<string, number>();
let busy = 0;
for (const [index, id] of samples.entries()) {
  const node = byId.get(id);
  if (node === undefined || notWork.has(node.callFrame.functionName)) continue;
  const micros = timeDeltas[index] ?? 0;
  busy += micros;
  const { functionName, url, lineNumber } = node.callFrame;
  add(packages, functionName === "(garbage collector)" ? functionName : packageOf(url), micros);
  add(functions, `${functionName === "" ? "(anonymous)" : functionName} ${shortOf(url)}:${lineNumber + 1}`, micros);
  const above = new Set<string>();
  for (let at: number | undefined = id; at !== undefined; at = parents.get(at)) above.add(shortOf(byId.get(at)?.callFrame.url ?? ""));
  for (const place of above) if (place !== "" && !place.startsWith("node:")) add(whole, place, micros);
}
for (const [title, sums] of [
  ["self time by package", packages],
  ["self time by function", functions],
  ["whole time by file", whole],
] as const) {
  process.stdout.write(`${title}\n`);
  for (const [name, micros] of [...sums].sort((a, b) => b[1] - a[1]).slice(0, shown))
    process.stdout.write(`${((micros / busy) * 100).toFixed(1).padStart(6)} %  ${name}\n`);
}

function add(sums: Map<string, number>, name: string, micros: number): void {
  sums.set(name, (sums.get(name) ?? 0) + micros);
}

function shortOf(url: string): string {
  return url.replace(/^file:.*\/(?=(?:data-plane|proto|node_modules|cli)\/)/, "");
}

function packageOf(url: string): string {
  const packaged = /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url)?.[1];
  if (packaged !== undefined) return packaged;
  const own = /\/((?:data-plane|proto)\/[^/]+)/.exec(url)?.[1];
  return own ?? (url.startsWith("node:") ? url.replace(/^node:(internal\/)?([^/]+).*$/, "node:$2") : "native");
}
