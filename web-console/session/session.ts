/**
 * Who is signed in. The secret is in a cookie that no script can read; this asks the server whose it is. When a request finds the
 * session gone, the page stays as it stands behind a panel to sign in again, and goes on where the same person does so. Another
 * person gets a page of their own. What happens in one tab is told to the browser's others, which share the cookie.
 */
import { actAsOneself, actingHeaders, type Role } from "./acting.ts";
import { forgetUnsavedOfOthers } from "./unsaved.ts";

export interface Viewer {
  /** Of whom signed in: names are not unique. */
  readonly tokenId: string;
  readonly actor: string;
  readonly role: Role;
  readonly installation: boolean;
  /** Whether the control plane serves its page to try GraphQL with. */
  readonly explorer: boolean;
  readonly organisation: { readonly id: string; readonly key: string; readonly name: string } | null;
}

export type Session =
  | { readonly state: "asking" }
  | { readonly state: "out" }
  /** @property ended: it must be renewed before anything else is asked. */
  | { readonly state: "in"; readonly viewer: Viewer; readonly ended: boolean };

let session: Session = { state: "asking" };
/** How often somebody has signed in here: what was asked before that says nothing of now. */
let era = 0;
const listeners = new Set<() => void>();
const otherTabs = new BroadcastChannel("penstock-session");

function set(next: Session): void {
  session = next;
  for (const listener of listeners) listener();
}

export const currentSession = (): Session => session;
export const onSession = (listener: () => void): (() => void) => {
  listeners.add(listener);
  return () => listeners.delete(listener);
};

otherTabs.onmessage = ({ data }: MessageEvent<"in" | "out">) => {
  if (data === "out") {
    forgetUnsavedOfOthers(undefined);
    endSession();
  } else void askSession().catch(() => undefined);
};

function endSession(): void {
  if (session.state === "in" && !session.ended) set({ ...session, ended: true });
}

/**
 * `fetch`, and where it is refused because the session has ended: once more, when the same person has signed in again. What was
 * refused for that was not carried out, whatever it was.
 *
 * @param refused whether the control plane says so by this answer.
 */
export async function fetchSignedIn(
  input: RequestInfo | URL,
  init: RequestInit | undefined,
  refused: (answer: Response) => boolean = ({ status }) => status === 401,
): Promise<Response> {
  const asked = era;
  const answer = await fetch(input, init);
  if (!refused(answer)) return answer;
  if (asked === era) endSession();
  await signedIn(init?.signal);
  return fetch(input, init);
}

/** @throws DOMException AbortError where whoever asks has left. */
function signedIn(signal: AbortSignal | null | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const look = () => {
      if (session.state === "in" && session.ended) return;
      stop();
      resolve();
    };
    const leave = () => {
      stop();
      reject(signal?.reason);
    };
    const stop = () => {
      listeners.delete(look);
      signal?.removeEventListener("abort", leave);
    };
    listeners.add(look);
    signal?.addEventListener("abort", leave);
    if (signal?.aborted) leave();
    else look();
  });
}

const headers = (): Record<string, string> => ({ "x-penstock-console": "1", ...actingHeaders() });

/** @throws Error where the control plane does not answer. */
export async function askSession(): Promise<void> {
  const answer = await fetch("/session", { headers: headers(), credentials: "same-origin" });
  // What this tab chose to act as is not theirs to be, or not any more.
  if (answer.status === 403) return beginAfresh();
  if (!answer.ok) throw new Error("The control plane does not answer.");
  const who = (await answer.json()) as { signedIn: boolean } & Viewer;
  if (session.state === "in") return meet(who.signedIn ? who : undefined, session.viewer);
  if (!who.signedIn) return set({ state: "out" });
  forgetUnsavedOfOthers(who.tokenId);
  set({ state: "in", viewer: who, ended: false });
}

function meet(who: Viewer | undefined, before: Viewer): void {
  if (who === undefined) endSession();
  else if (isSame(who, before)) {
    era++;
    set({ state: "in", viewer: who, ended: false });
  } else beginAfresh();
}

const isSame = (one: Viewer, other: Viewer): boolean =>
  one.tokenId === other.tokenId && one.role === other.role && one.organisation?.id === other.organisation?.id;

/** Nothing of what another person saw, typed or looked for may stay. */
function beginAfresh(): void {
  forgetUnsavedOfOthers(undefined);
  actAsOneself();
  location.replace("/");
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
  // Whoever comes in by the door begins as themselves; whoever renews a session goes on as what they were.
  if (session.state !== "in") actAsOneself();
  otherTabs.postMessage("in");
  if (said.credential === undefined) await askSession();
  return said.credential;
}

export async function signOut(): Promise<void> {
  await fetch("/session", { method: "DELETE", credentials: "same-origin", headers: { "x-penstock-console": "1" } });
  forgetUnsavedOfOthers(undefined);
  otherTabs.postMessage("out");
  set({ state: "out" });
}
