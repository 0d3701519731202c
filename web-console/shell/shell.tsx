/** The frame around every page: navigation, search, who is signed in, whether what one sees is live. */
import { Dialog } from "@base-ui/react/dialog";
import { Link, Outlet, useNavigate } from "@tanstack/react-router";
import { Code2, Keyboard, LogOut, Menu as MenuIcon, Moon, Search, Sun, UserRound } from "lucide-react";
import { lazy, Suspense, useCallback, useEffect, useState, useSyncExternalStore } from "react";
import { counted } from "../format/numbers.ts";
import { actorName, setUtc, useUtc, zoneName } from "../format/time.ts";
import { followLive } from "../graphql/live.ts";
import { Skeleton } from "../graphql/result.tsx";
import { act, actingRole } from "../session/acting.ts";
import { currentSession, onSession, signOut, type Viewer } from "../session/session.ts";
import { countUnsaved } from "../session/unsaved.ts";
import { useViewer } from "../session/viewer.ts";
import { Button } from "../ui/button.tsx";
import { Dialog as Window } from "../ui/dialog.tsx";
import { Menu } from "../ui/menu.tsx";
import { AlertMark, useAlertToasts } from "./alert-news.tsx";
import { keyMap, useGlobalKeys } from "./keys.ts";
import { LiveMark } from "./live-mark.tsx";
import { placeGroupsFor, placesFor } from "./navigation.ts";
import { chooseTheme, isDark, useDark } from "./theme.ts";

const Palette = lazy(async () => ({ default: (await import("./palette.tsx")).Palette }));
const BehindDialog = lazy(async () => ({ default: (await import("./behind-dialog.tsx")).BehindDialog }));

export function Shell({ viewer }: { readonly viewer: Viewer }) {
  const navigate = useNavigate();
  const [layer, setLayer] = useState<"palette" | "help" | "behind" | "navigation" | "leaving">();
  const dark = useDark();
  const session = useSyncExternalStore(onSession, currentSession);
  const ended = session.state === "in" && session.ended;
  useEffect(() => (ended ? undefined : followLive()), [ended]);
  useAlertToasts();
  const close = useCallback(() => setLayer(undefined), []);
  const theme = useCallback(() => chooseTheme(isDark() ? "light" : "dark"), []);
  useGlobalKeys({
    palette: useCallback(() => setLayer("palette"), []),
    help: useCallback(() => setLayer("help"), []),
    theme,
    go: useCallback(
      (letter: string) => {
        const place = placesFor(viewer).find(({ key }) => key === letter);
        if (place !== undefined) void navigate({ to: place.to });
      },
      [navigate, viewer],
    ),
  });
  return (
    <div className="shell">
      <a className="skip button primary" href="#main">
        To the content
      </a>
      <aside className="sidebar">
        <Navigation />
      </aside>
      <div>
        <header className="topbar">
          <Button look="plain" icon className="menu-button" aria-label="Navigation" onClick={() => setLayer("navigation")}>
            <MenuIcon size={18} aria-hidden />
          </Button>
          <button type="button" className="search-button" onClick={() => setLayer("palette")}>
            <Search size={15} aria-hidden />
            <span>Search and commands</span>
            <kbd>Ctrl K</kbd>
          </button>
          <div className="wide" />
          <LiveMark />
          <ZoneButton />
          <Button look="plain" icon aria-label={dark ? "Light theme (t)" : "Dark theme (t)"} onClick={theme}>
            {dark ? <Sun size={17} aria-hidden /> : <Moon size={17} aria-hidden />}
          </Button>
          <Menu
            trigger={
              <button type="button" className="button plain icon" aria-label="You and this page">
                <UserRound size={17} aria-hidden />
              </button>
            }
            note={
              <>
                <strong>{actorName(viewer.actor)}</strong>
                <br />
                as {viewer.role} of {viewer.organisation?.name ?? "no organisation"}
              </>
            }
            entries={[
              { label: "GraphQL behind this page", icon: <Code2 size={15} aria-hidden />, act: () => setLayer("behind") },
              { label: "Keys", icon: <Keyboard size={15} aria-hidden />, act: () => setLayer("help") },
              {
                label: "Sign out",
                icon: <LogOut size={15} aria-hidden />,
                act: () => (countUnsaved() === 0 ? void signOut() : setLayer("leaving")),
              },
            ]}
          />
        </header>
        {actingRole() !== undefined && (
          <div className="acting" role="status">
            <span>You see the console as its {viewer.role}s do. What they may not do is refused to you too.</span>
            <Button small onClick={() => act("role", undefined)}>
              Be yourself again
            </Button>
          </div>
        )}
        <main id="main" className="main" tabIndex={-1}>
          <Suspense fallback={<Skeleton />}>
            <Outlet />
          </Suspense>
        </main>
      </div>
      <Suspense fallback={null}>
        {layer === "palette" && <Palette open onClose={close} onTheme={theme} onBehind={() => setLayer("behind")} />}
        {layer === "behind" && <BehindDialog onClose={close} />}
      </Suspense>
      {layer === "help" && (
        <Window open onClose={close} title="Keys">
          <dl className="facts">
            {keyMap.map(({ keys, does }) => (
              <div key={keys} style={{ display: "contents" }}>
                <dt>
                  <kbd>{keys}</kbd>
                </dt>
                <dd>{does}</dd>
              </div>
            ))}
          </dl>
        </Window>
      )}
      {layer === "leaving" && (
        <Window
          open
          onClose={close}
          title="Sign out?"
          description={`${counted(countUnsaved(), "draft")} that you have not saved ${countUnsaved() === 1 ? "goes" : "go"} with it.`}
        >
          <div className="dialog-foot">
            <Button onClick={close}>Stay</Button>
            <Button look="danger solid" onClick={() => void signOut()}>
              Sign out
            </Button>
          </div>
        </Window>
      )}
      <Dialog.Root open={layer === "navigation"} onOpenChange={(next) => next || close()}>
        <Dialog.Portal>
          <Dialog.Backdrop className="backdrop" />
          <Dialog.Popup
            className="drawer left"
            aria-label="Navigation"
            onClick={(event) => event.target instanceof Element && event.target.closest("a") && close()}
          >
            <Navigation />
            <Dialog.Close className="visually-hidden">Close</Dialog.Close>
          </Dialog.Popup>
        </Dialog.Portal>
      </Dialog.Root>
    </div>
  );
}

/** In which zone times are shown; a click shows them in the other one. */
function ZoneButton() {
  const utc = useUtc();
  const zone = zoneName(utc);
  if (zoneName(false) === "UTC") return <span className="zone quiet">UTC</span>;
  return (
    <Button
      look="plain"
      small
      className="zone"
      onClick={() => setUtc(!utc)}
      aria-label={`Times are in ${zone}. Show them in ${zoneName(!utc)}`}
    >
      {zone}
    </Button>
  );
}

function Navigation() {
  const viewer = useViewer();
  return (
    <>
      <Link to="/" className="brand">
        <img src="/icon.svg" alt="" /> Penstock
      </Link>
      <nav aria-label="Pages" className="stack tight">
        {placeGroupsFor(viewer).map((group) => (
          <div key={group.name} className="nav-group">
            <p>{group.name}</p>
            <ul>
              {group.places.map(({ to, name, icon: Icon }) => (
                <li key={to}>
                  <Link to={to} activeOptions={{ exact: to === "/", includeSearch: false }}>
                    <Icon size={16} aria-hidden /> {name}
                    {to === "/alerts" && <AlertMark />}
                  </Link>
                </li>
              ))}
            </ul>
          </div>
        ))}
      </nav>
    </>
  );
}
