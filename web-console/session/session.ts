/**
 * Who is signed in. The secret is in a cookie that no script can read; this asks the server whose it is. When a request
 * finds the session gone, everything that is open says so, and after signing in again the same page is shown.
 */
import { actingOrganisation } from "./organisation.ts";

export interface Viewer {
  readonly actor: string;
  readonly role: "admin" | "viewer";
  readonly installation: boolean;
  readonly organisation: { readonly id: string; readonly key: string; readonly name: string } | null;
}

export type Session =
  | { readonly state: "asking" }
  | { readonly state: "out"; readonly expired: boolean }
  | { readonly state: "in"; readonly viewer: Viewer };

let session: Session = { state: "asking" };
const listeners = new Set<() => void>();

function set(next: Session): void {
  session = next;
  for (const listener of listeners) listener();
}

export const currentSession = (): Session => session;
export const onSession = (listener: () => void): (() => void) => {
  listeners.add(listener);
  return () => listeners.delete(listener);
};

export function sessionEnded(): void {
  if (session.state === "in") set({ state: "out", expired: true });
}

const headers = (): Record<string, string> => {
  const organisation = actingOrganisation();
  return { "x-penstock-console": "1", ...(organisation === undefined ? {} : { "x-penstock-organisation": organisation }) };
};

/** @throws Error where the control plane does not answer. */
export async function askSession(): Promise<void> {
  const answer = await fetch("/session", { headers: headers(), credentials: "same-origin" });
  if (!answer.ok) throw new Error("The control plane does not answer.");
  const who = (await answer.json()) as { signedIn: boolean } & Viewer;
  set(who.signedIn ? { state: "in", viewer: who } : { state: "out", expired: false });
}

/** @throws Error that says why not. */
export async function signIn(given: { readonly token: string } | { readonly link: string }): Promise<void> {
  const answer = await fetch("/session", {
    method: "POST",
    credentials: "same-origin",
    headers: { "content-type": "application/json", "x-penstock-console": "1" },
    body: JSON.stringify(given),
  }).catch(() => undefined);
  if (answer === undefined) throw new Error("The control plane does not answer. Try again in a moment.");
  if (!answer.ok) throw new Error(((await answer.json()) as { error: string }).error);
  await askSession();
}

export async function signOut(): Promise<void> {
  await fetch("/session", { method: "DELETE", credentials: "same-origin", headers: { "x-penstock-console": "1" } });
  set({ state: "out", expired: false });
}
