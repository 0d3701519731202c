/** `penstock sign-in`: a link that signs a browser in to the console once, for whoever may read the credentials file. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Environment, SettingError, settingSource } from "../proto/agreements/setting-source.ts";

const answerMs = 5_000;

export async function printSignInLink(environment: Environment): Promise<void> {
  const source = settingSource(environment);
  const host = source.text("PENSTOCK_HOST") ?? "127.0.0.1";
  const url = `http://${host}:${source.port("PENSTOCK_CONTROL_PORT", 4000)}/`;
  const credentialsFile = join(source.text("PENSTOCK_DATA_DIR") ?? ".penstock", "credentials.json");
  if (!existsSync(credentialsFile))
    throw new SettingError(`there is no ${credentialsFile}; run this where the control plane was first started, or set PENSTOCK_DATA_DIR`);
  const link = await signInLink(url, credentialsFile);
  if (link === undefined)
    throw new SettingError(
      `${url} gave no link: the control plane does not run there, or the token in ${credentialsFile} is no longer good`,
    );
  process.stdout.write(`${link}\n`);
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
