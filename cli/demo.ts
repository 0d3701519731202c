/** `penstock demo remove`: takes the demo's week away, over the control plane that has it. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Environment, SettingError, settingSource } from "../proto/agreements/setting-source.ts";

const help = `penstock demo remove: takes the demo's project and its week of calls away; what you made stays

  Run it where the control plane was first started, or give PENSTOCK_DATA_DIR or PENSTOCK_ADMIN_TOKEN.
  PENSTOCK_DEMO=0 npm start starts without one. demo-chat and its simulator stay, for a first call.
`;

const mutation = `mutation { removeDemo(waitForPropagation: true) { __typename
  ... on RemoveDemoPayload { callsRemoved }
  ... on UserError { message }
  ... on ValidationError { issues { message } } } }`;

interface Removal {
  readonly __typename: string;
  readonly callsRemoved?: number;
  readonly message?: string;
  readonly issues?: readonly { readonly message: string }[];
}

export async function demo(args: readonly string[], environment: Environment): Promise<void> {
  if (args.length !== 1 || args[0] !== "remove") {
    process.stderr.write(help);
    process.exitCode = 2;
    return;
  }
  const source = settingSource(environment);
  const url = `http://${source.text("PENSTOCK_HOST") ?? "127.0.0.1"}:${source.port("PENSTOCK_CONTROL_PORT", 4000)}/graphql`;
  const token = source.secret("PENSTOCK_ADMIN_TOKEN") ?? tokenOf(source.text("PENSTOCK_DATA_DIR") ?? ".penstock");
  const response = await fetch(url, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json", "user-agent": "penstock-cli" },
    body: JSON.stringify({ query: mutation }),
  }).catch((error: unknown) => {
    throw new SettingError(`${url} does not answer: ${error instanceof Error ? error.message : String(error)}`);
  });
  const { data, errors } = (await response.json()) as {
    readonly data?: { readonly removeDemo?: Removal };
    readonly errors?: readonly { readonly message: string }[];
  };
  const removed = data?.removeDemo;
  if (removed?.callsRemoved === undefined) {
    const reasons = removed?.issues ?? (removed?.message === undefined ? errors : [{ message: removed.message }]) ?? [];
    throw new SettingError(`the demo stays: ${reasons.map(({ message }) => message).join("; ") || "no answer"}`);
  }
  process.stdout.write(`the demo is gone, and ${removed.callsRemoved} calls with it\n`);
}

function tokenOf(dataDirectory: string): string {
  const file = join(dataDirectory, "credentials.json");
  if (!existsSync(file)) throw new SettingError(`give an admin token in PENSTOCK_ADMIN_TOKEN; there is no ${file}`);
  return (JSON.parse(readFileSync(file, "utf8")) as { readonly adminToken: string }).adminToken;
}
