/**
 * `npm run bench`: sets the stage, plays the scenarios one after another, holds the gateway's metrics and ledger to what was
 * called, and writes results.json, RESULTS.md and the plots. README.md beside it says how each figure is obtained.
 *   --quick            under a minute; writes nothing; ends with 1 on gross loss only
 *   --only a,b         these scenarios; prints their tables and writes nothing
 *   --keep             with --only: writes them into the report beside what earlier runs measured of the others
 *   --soak             thirty minutes more of mixed calls (or --soak-minutes), with the slope of the memory
 *   --profile <dir>    the node writes a CPU profile there when it ends
 */
import { parseArgs } from "node:util";
import { startGateway } from "./gateway.ts";
import { nginxVersion, startNginx } from "./peers/nginx.ts";
import { portkeyHeaders, portkeyVersion, startPortkey } from "./peers/portkey.ts";
import { startLoad, startScript } from "./processes.ts";
import { budgetLine, tableText, writeReport } from "./report.ts";
import { isGrossLoss, type Scenario, type ScenarioReport } from "./scenario.ts";
import { scenarios } from "./scenarios.ts";
import { checkGateway, equals, type Peer, type Stage } from "./stage.ts";

const models = ["small", "large", "each-100", "burst-100", "paced-20-1000", "vectors-64-256", "messages-100"];
const ledgerMsMax = 300_000;
const soakName = "soak";

const { values: options } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    only: { type: "string" },
    keep: { type: "boolean", default: false },
    soak: { type: "boolean", default: false },
    "soak-minutes": { type: "string", default: "30" },
    profile: { type: "string" },
  },
});
const say = (text: string) => void process.stdout.write(`${text}\n`);

const chosen = choose();
const ending: (() => Promise<void>)[] = [];
const end = async () => {
  for (const close of ending.splice(0).reverse()) await close();
};
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => void end().finally(() => process.exit(1)));
// Whoever reads along may stop reading; what was started still has to end.
process.stdout.on("error", () => undefined);
try {
  const stage = await setStage();
  const played: { scenario: Scenario; report: ScenarioReport }[] = [];
  for (const scenario of chosen) {
    say(`${scenario.name}: ${scenario.title}`);
    played.push({ scenario, report: await scenario.run(stage) });
    await checkGateway(stage);
  }
  await equals("rows in the ledger", () => stage.gateway.callsRecorded(), stage.tally.calls + stage.tally.elsewhere, ledgerMsMax);
  say(`every answer was right; ${stage.tally.calls} calls were counted and are in the ledger`);
  const budgets = played.flatMap(({ report }) => report.budgets);
  for (const budget of budgets) say(budgetLine(budget));
  const partly = options.quick || options.only !== undefined;
  if (partly) for (const { report } of played) for (const table of report.tables) say(tableText(table));
  if (!partly || options.keep)
    await writeReport(
      stage,
      played,
      scenarios.map(({ name }) => name),
      partly,
    );
  const lost = budgets.filter(isGrossLoss);
  for (const { what } of lost) say(`gross loss: ${what}`);
  if (options.quick && lost.length > 0) process.exitCode = 1;
} finally {
  await end();
}
// The load and the backend hold channels to this process open.
process.exit();

function choose(): readonly Scenario[] {
  const names = options.only?.split(",");
  const unknown = names?.find((name) => !scenarios.some((scenario) => scenario.name === name));
  if (unknown !== undefined)
    throw new Error(`there is no scenario "${unknown}"; there are ${scenarios.map(({ name }) => name).join(", ")}`);
  return scenarios.filter(({ name, quick, onlyWhenAsked }) => {
    if (names !== undefined) return names.includes(name);
    if (onlyWhenAsked === true) return false;
    return name === soakName ? options.soak : quick || !options.quick;
  });
}

async function setStage(): Promise<Stage> {
  const backend = await startScript("fixture-backend.ts");
  ending.push(() => backend.close());
  const load = startLoad();
  ending.push(() => load.close());
  const gateway = await startGateway({ backendPort: backend.port, models, profileDirectory: options.profile });
  ending.push(gateway.close);
  const nodeProxy = await startScript("peers/node-proxy.ts", [`http://127.0.0.1:${backend.port}`]);
  ending.push(() => nodeProxy.close());
  const plain = { authorization: "Bearer not-checked" };
  const peers: Peer[] = [
    { name: "direct", pid: backend.pid, target: { port: backend.port, headers: plain, compare: "bytes" }, share: 1 },
    { name: "node proxy", pid: nodeProxy.pid, target: { port: nodeProxy.port, headers: plain, compare: "bytes" }, share: 1 },
  ];
  const absent: string[] = [];
  if (nginxVersion() === undefined) absent.push("nginx is not installed (apt-get install nginx-light)");
  else {
    const nginx = await startNginx(backend.port);
    ending.push(() => nginx.close());
    peers.push({ name: "nginx", pid: nginx.pid, target: { port: nginx.port, headers: plain, compare: "bytes" }, share: 1 });
  }
  const portkey = await startPortkey(!options.quick);
  if (portkey === undefined)
    absent.push(
      `Portkey's gateway ${portkeyVersion} ${options.quick ? "is not installed; a full run does" : "cannot be had from the npm registry"}`,
    );
  else {
    ending.push(() => portkey.close());
    const target = { port: portkey.port, headers: portkeyHeaders(backend.port), compare: "content" } as const;
    peers.push({ name: "Portkey", pid: portkey.pid, target, share: 0.1 });
  }
  const authorization = { authorization: `Bearer ${gateway.apiKey}` };
  peers.push({
    name: "Penstock",
    pid: gateway.pid,
    target: { port: gateway.restPort, headers: authorization, compare: "bytes" },
    share: 1,
  });
  return {
    quick: options.quick,
    soakMinutes: Number(options["soak-minutes"]),
    backend,
    gateway,
    load,
    peers,
    absent,
    grpcTarget: { port: gateway.grpcPort, headers: authorization, compare: "content" },
    tally: { calls: 0, elsewhere: 0 },
    say,
  };
}
