/**
 * `penstock export`: a period's usage for whoever pays, from the control plane to a file or standard output, and then held
 * against the ledger's own sum. Only a whole and right export ends with 0; a file that is neither is taken away again.
 */
import { createWriteStream, existsSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { parseArgs } from "node:util";
import { request } from "undici";
import { type Environment, SettingError, settingSource } from "../proto/agreements/setting-source.ts";

const help = `penstock export --period <period>: usage and cost of a closing period, as the ledger has them

  --period      2026, 2026-Q4, 2026-10 or 2026-10-31
  --time-zone   whose calendar, such as Europe/Berlin (default UTC)
  --detail      calls: a row for each call; days: for each day, project, key, route, backend, model and price (default calls)
  --format      csv or jsonl (default csv)
  --output      a file (default: standard output)
  --url         the control plane (default http://127.0.0.1:4000)
  --organisation   the id of another organisation, for a token of the installation

The admin token is PENSTOCK_ADMIN_TOKEN, or a file named by PENSTOCK_ADMIN_TOKEN_FILE, or that of the data directory.
Columns: docs/chargeback.md
`;

interface Sums {
  readonly calls: string;
  readonly cost: string;
}

export async function exportChargeback(args: string[], environment: Environment): Promise<void> {
  const option = { type: "string" } as const;
  const { values } = parseArgs({
    args,
    options: {
      period: option,
      "time-zone": { ...option, default: "UTC" },
      detail: { ...option, default: "calls" },
      format: { ...option, default: "csv" },
      output: option,
      url: option,
      organisation: option,
      help: { type: "boolean", default: false },
    },
  });
  if (values.help || values.period === undefined) {
    (values.help ? process.stdout : process.stderr).write(help);
    process.exitCode = values.help ? 0 : 2;
    return;
  }
  const source = settingSource(environment);
  const url = values.url ?? `http://${source.text("PENSTOCK_HOST") ?? "127.0.0.1"}:${source.port("PENSTOCK_CONTROL_PORT", 4000)}`;
  const headers = {
    "user-agent": "penstock-cli",
    authorization: `Bearer ${source.secret("PENSTOCK_ADMIN_TOKEN") ?? tokenOf(source.text("PENSTOCK_DATA_DIR") ?? ".penstock")}`,
    ...(values.organisation === undefined ? {} : { "x-penstock-organisation": values.organisation }),
  };
  const { period, detail, format, output } = values;
  const query = new URLSearchParams({ period, timeZone: values["time-zone"], detail, format });
  const { rows, ...exported } = await download(new URL(`/export/chargeback?${query}`, url), headers, output);
  const ledger = await askLedger(new URL("/graphql", url), headers, period, values["time-zone"]);
  const summary = `${rows} rows, ${exported.calls} calls, ${dollars(exported.cost)}`;
  if (ledger.calls !== exported.calls || ledger.cost !== exported.cost)
    throw new SettingError(
      `${summary}, and the ledger has ${ledger.calls} calls, ${dollars(ledger.cost)}: calls came in meanwhile; export the period again`,
    );
  process.stderr.write(`penstock: ${summary}; the ledger says the same\n`);
}

/** Beside its name first: a file of that name is whole. */
async function download(url: URL, headers: Record<string, string>, output: string | undefined): Promise<Sums & { readonly rows: string }> {
  const { statusCode, body, trailers } = await request(url, { headers }).catch((error: unknown) => {
    throw new SettingError(`${url.origin} does not answer: ${error instanceof Error ? error.message : String(error)}`);
  });
  if (statusCode !== 200) throw new SettingError(`the control plane refused: ${(await body.text()).trim()}`);
  const draft = output === undefined ? undefined : `${output}.part`;
  try {
    if (draft === undefined) await pipeline(body, process.stdout, { end: false });
    else await pipeline(body, createWriteStream(draft, { mode: 0o600 }));
    const said = (name: string): string => {
      const value = trailers[`x-penstock-${name}`];
      if (typeof value !== "string") throw new Error("it ended before its end");
      return value;
    };
    const sums = { rows: said("rows"), calls: said("calls"), cost: said("cost-nanodollars") };
    if (draft !== undefined && output !== undefined) renameSync(draft, output);
    return sums;
  } catch (error) {
    if (draft !== undefined) rmSync(draft, { force: true });
    throw new SettingError(`the export broke off: ${error instanceof Error ? error.message : String(error)}`);
  }
}

async function askLedger(url: URL, headers: Record<string, string>, period: string, timeZone: string): Promise<Sums> {
  const text = `query($period: String!, $timeZone: String) { reconciliation(period: $period, timeZone: $timeZone) {
    ... on Reconciliation { ledger { calls costNanodollars } } } }`;
  const { body } = await request(url, {
    method: "POST",
    headers: { ...headers, "content-type": "application/json" },
    body: JSON.stringify({ query: text, variables: { period, timeZone } }),
  });
  const answer = (await body.json()) as {
    readonly data?: { readonly reconciliation?: { readonly ledger?: { readonly calls: string; readonly costNanodollars: string } } };
    readonly errors?: readonly { readonly message: string }[];
  };
  const ledger = answer.data?.reconciliation?.ledger;
  if (ledger === undefined) throw new SettingError(`the ledger could not be asked: ${answer.errors?.[0]?.message ?? "no answer"}`);
  return { calls: ledger.calls, cost: ledger.costNanodollars };
}

function tokenOf(dataDirectory: string): string {
  const file = join(dataDirectory, "credentials.json");
  if (!existsSync(file)) throw new SettingError(`give an admin token in PENSTOCK_ADMIN_TOKEN; there is no ${file}`);
  return (JSON.parse(readFileSync(file, "utf8")) as { readonly adminToken: string }).adminToken;
}

/** Exactly: nano-dollars have nine decimal places. */
function dollars(nanodollars: string): string {
  const digits = nanodollars.padStart(10, "0");
  return `$${digits.slice(0, -9)}.${digits.slice(-9)}`;
}
