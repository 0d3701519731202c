/** The console, wired: the session decides between the door and the house. */

import { CSPProvider } from "@base-ui/react/csp-provider";
import { Tooltip } from "@base-ui/react/tooltip";
import { StrictMode, useEffect, useState, useSyncExternalStore } from "react";
import { createRoot } from "react-dom/client";
import { Provider } from "urql";
import { client } from "./graphql/client.ts";
import { Skeleton } from "./graphql/result.tsx";
import { Console } from "./router.tsx";
import { askSession, currentSession, onSession } from "./session/session.ts";
import { SignIn, SignInAgain } from "./session/sign-in.tsx";
import { Notice } from "./ui/marks.tsx";
import { Toasts } from "./ui/toasts.tsx";
import "./ui/styles.css";

const retryMs = 2_000;
const nonce = document.querySelector<HTMLMetaElement>('meta[name="csp-nonce"]')?.content ?? "";

function App() {
  const session = useSyncExternalStore(onSession, currentSession);
  const [unreachable, setUnreachable] = useState(false);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const ask = () => {
      askSession().then(
        () => setUnreachable(false),
        () => {
          setUnreachable(true);
          timer = setTimeout(ask, retryMs);
        },
      );
    };
    ask();
    return () => clearTimeout(timer);
  }, []);
  switch (session.state) {
    case "asking":
      return (
        <main className="sign-in">
          {unreachable ? (
            <Notice tone="warn">The control plane does not answer. This page tries again by itself.</Notice>
          ) : (
            <Skeleton lines={3} />
          )}
        </main>
      );
    case "out":
      return <SignIn />;
    case "in":
      return (
        <>
          <Console viewer={session.viewer} />
          {session.ended && <SignInAgain viewer={session.viewer} />}
        </>
      );
  }
}

const root = document.getElementById("root");
if (root !== null)
  createRoot(root).render(
    <StrictMode>
      <CSPProvider nonce={nonce}>
        <Provider value={client}>
          <Tooltip.Provider delay={300}>
            <App />
            <Toasts />
          </Tooltip.Provider>
        </Provider>
      </CSPProvider>
    </StrictMode>,
  );
