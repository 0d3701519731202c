/**
 * Who is signed in. The secret is in a cookie that no script can read; this asks the server whose it is. When a request
 * finds the session gone, everything that is open says so, and after signing in again the same page is shown.
 */
import { actAsOneself, actingHeaders, type Role } from "./acting.ts";

export interface Viewer {
  readonly actor: string;
  readonly role: Role;
  readonly installation: boolean;
  /** Whether the control plane serves its page to try GraphQL with. */
  readonly explorer: boolean;
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

const headers = (): Record<string, string> => ({ "x-penstock-console": "1", ...actingHeaders() });

/** @throws Error where the control plane does not answer. */
export async function askSession(): Promise<void> {
  const answer = await fetch("/session", { headers: headers(), credentials: "same-origin" });
  if (!answer.ok) throw new Error("The control plane does not answer.");
  const who = (await answer.json()) as { signedIn: boolean } & Viewer;
  set(who.signedIn ? { state: "in", viewer: who } : { state: "out", expired: false });
}

/**
 * @returns the token that an invitation gave, which is seen this once.
 * @throws Error that says why not.
 */
export async function signIn(
  given: { readonly token: string } | { readonly link: string } | { readonly invitation: string },
): Promise<string | undefined> {
  const answer = await fetch("/session", {
    method: "POST",
    credentials: "same-origin",
    headers: { "content-type": "application/json", "x-penstock-console": "1" },
    body: JSON.stringify(given),
  }).catch(() => undefined);
  if (answer === undefined) throw new Error("The control plane does not answer. Try again in a moment.");
  const said = (await answer.json()) as { readonly error?: string; readonly credential?: string };
  if (!answer.ok) throw new Error(said.error);
  actAsOneself();
  if (said.credential === undefined) await askSession();
  return said.credential;
}

export async function signOut(): Promise<void> {
  await fetch("/session", { method: "DELETE", credentials: "same-origin", headers: { "x-penstock-console": "1" } });
  set({ state: "out", expired: false });
}
