/** `penstock sign-in`: a link that signs a browser in to the console once, for whoever may read the credentials file. */
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Environment, SettingError, settingSource } from "../proto/agreements/setting-source.ts";

const answerMs = 5_000;

export async function printSignInLink(environment: Environment): Promise<void> {
  const source = settingSource(environment);
  const host = source.text("PENSTOCK_HOST") ?? "127.0.0.1";
  const dataDirectory = source.text("PENSTOCK_DATA_DIR") ?? ".penstock";
  const url =
    (source.text("PENSTOCK_CONTROL_PORT") === undefined ? recordedAddress(dataDirectory) : undefined) ??
    `http://${host}:${source.port("PENSTOCK_CONTROL_PORT", 4000)}/`;
  const credentialsFile = join(dataDirectory, "credentials.json");
  if (!existsSync(credentialsFile))
    throw new SettingError(`there is no ${credentialsFile}; run this where the control plane was first started, or set PENSTOCK_DATA_DIR`);
  const link = await signInLink(url, credentialsFile);
  if (link === undefined)
    throw new SettingError(
      `${url} gave no link: the control plane does not run there, or the token in ${credentialsFile} is no longer good`,
    );
  process.stdout.write(`${link}\n`);
}

/** Where `penstock start` found its console listening, for other terminals, which were not told its ports. */
const addressFile = (dataDirectory: string): string => join(dataDirectory, "console-address");

export const recordAddress = (dataDirectory: string, url: string): void => writeFileSync(addressFile(dataDirectory), `${url}\n`);

export const forgetAddress = (dataDirectory: string): void => rmSync(addressFile(dataDirectory), { force: true });

/** Undefined: it does not run, or was not started by `penstock start`. */
function recordedAddress(dataDirectory: string): string | undefined {
  const file = addressFile(dataDirectory);
  return existsSync(file) ? readFileSync(file, "utf8").trim() : undefined;
}

/** @param console ends in "/". Undefined: it does not answer, or does not take the token. */
export async function signInLink(console: string, credentialsFile: string): Promise<string | undefined> {
  try {
    const { adminToken } = JSON.parse(readFileSync(credentialsFile, "utf8")) as { adminToken: string };
    const answer = await fetch(new URL("/session/link", console), {
      method: "POST",
      headers: { authorization: `Bearer ${adminToken}` },
      signal: AbortSignal.timeout(answerMs),
    });
    if (!answer.ok) return undefined;
    const { path } = (await answer.json()) as { path: string };
    return new URL(path, console).href;
  } catch {
    return undefined;
  }
}
