/** The door: an admin token, a link that the terminal printed, or an invitation. Where an identity provider signs people in, its button stands here. */
import { type FormEvent, type ReactNode, useEffect, useLayoutEffect, useRef, useState } from "react";
import { createPortal } from "react-dom";
import { actorName } from "../format/time.ts";
import { Button } from "../ui/button.tsx";
import { TextField } from "../ui/field.tsx";
import { Code } from "../ui/marks.tsx";
import { askSession, signIn, type Viewer } from "./session.ts";

export function SignIn() {
  const { taken, ...door } = useDoor();
  const { enter } = door;
  const tried = useRef(false);
  useEffect(() => {
    document.title = "Sign in · Penstock";
    const [, kind, secret] = /^#(link|invitation)=([\w-]+)$/.exec(location.hash) ?? [];
    if (secret === undefined || tried.current) return;
    // It is good once: a second try, as React's development mode makes, would find it used.
    tried.current = true;
    history.replaceState(null, "", location.pathname === "/sign-in" ? "/" : location.pathname);
    void enter(kind === "link" ? { link: secret } : { invitation: secret });
  });
  if (taken !== undefined)
    return (
      <main className="sign-in">
        <div className="card stack">
          <h1>Welcome</h1>
          <p>This is your admin token. Nobody else has seen it, and it is shown here and never again: sign in with it from now on.</p>
          <Code text={taken} wrap label="Your admin token" />
          <Button look="primary" onClick={() => void askSession()}>
            I have it
          </Button>
        </div>
      </main>
    );
  return (
    <main className="sign-in">
      <div className="card">
        <SignInForm {...door} autoFocus>
          <div className="brand">
            <img src="/icon.svg" alt="" /> Penstock
          </div>
          <h1>Sign in</h1>
        </SignInForm>
      </div>
    </main>
  );
}

/**
 * Over a page whose session has ended. In the browser's own top layer, because it must lie over whatever dialog is open and leave
 * it as it is: all beneath is inert, and what had the focus has it again afterwards.
 */
export function SignInAgain({ viewer }: { readonly viewer: Viewer }) {
  const door = useDoor();
  const layer = useRef<HTMLDialogElement>(null);
  useLayoutEffect(() => {
    const dialog = layer.current;
    const before = document.activeElement;
    dialog?.showModal();
    dialog?.querySelector("input")?.focus();
    return () => {
      dialog?.close();
      if (before instanceof HTMLElement) before.focus();
    };
  }, []);
  return createPortal(
    <dialog
      ref={layer}
      className="dialog sign-in-again"
      aria-labelledby="sign-in-again"
      onCancel={(event) => event.preventDefault()}
      onKeyDown={(event) => event.key === "Escape" && event.preventDefault()}
    >
      <SignInForm {...door}>
        <h2 id="sign-in-again">Sign in again</h2>
        <p>
          The session of {actorName(viewer.actor)} has ended. Sign in with the same admin token, and this page goes on as it stands: nothing
          on it is lost. With another token it begins anew.
        </p>
      </SignInForm>
    </dialog>,
    document.body,
  );
}

type Door = Omit<ReturnType<typeof useDoor>, "taken">;

function useDoor() {
  const [problem, setProblem] = useState<string>();
  const [busy, setBusy] = useState(false);
  const [taken, setTaken] = useState<string>();
  const enter = async (given: Parameters<typeof signIn>[0]) => {
    setBusy(true);
    setProblem(undefined);
    try {
      setTaken(await signIn(given));
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
    }
    setBusy(false);
  };
  return { enter, problem, busy, taken };
}

function SignInForm({
  enter,
  problem,
  busy,
  autoFocus = false,
  children,
}: Door & { readonly autoFocus?: boolean; readonly children: ReactNode }) {
  const [token, setToken] = useState("");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void enter({ token });
  };
  return (
    <form className="stack" onSubmit={submit}>
      {children}
      <TextField
        label="Admin token"
        type="password"
        autoFocus={autoFocus}
        value={token}
        onChange={setToken}
        hint={
          <>
            It begins with <code>pat_</code>. At the first start it was written to <code>credentials.json</code> in the data directory.
          </>
        }
        problem={problem}
      />
      <Button type="submit" look="primary" disabled={busy || token.trim() === ""}>
        {busy ? "Signing in …" : "Sign in"}
      </Button>
      <p className="quiet">
        Or let the terminal open the door: <code>npx penstock sign-in</code> prints a link that works once.
      </p>
    </form>
  );
}
