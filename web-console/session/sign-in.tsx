/** The door: an admin token, a link that the terminal printed, or an invitation. Where an identity provider signs people in, its button stands here. */
import { type FormEvent, useEffect, useRef, useState } from "react";
import { Button } from "../ui/button.tsx";
import { TextField } from "../ui/field.tsx";
import { Code, Notice } from "../ui/marks.tsx";
import { askSession, signIn } from "./session.ts";

export function SignIn({ expired }: { readonly expired: boolean }) {
  const [token, setToken] = useState("");
  const [problem, setProblem] = useState<string>();
  const [busy, setBusy] = useState(false);
  const [taken, setTaken] = useState<string>();
  const tried = useRef(false);

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
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void enter({ token });
  };
  return (
    <main className="sign-in">
      <form className="card stack" onSubmit={submit}>
        <div className="brand">
          <img src="/icon.svg" alt="" /> Penstock
        </div>
        <h1>Sign in</h1>
        {expired && <Notice tone="warn">Your session has ended. Sign in again and this page is shown as it was.</Notice>}
        <TextField
          label="Admin token"
          type="password"
          autoFocus
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
    </main>
  );
}
