/** The addresses of the console: its table of contents. Each page comes in a file of its own when it is first asked for. */
import {
  createRootRoute,
  createRoute,
  createRouter,
  type ErrorComponentProps,
  Link,
  lazyRouteComponent,
  RouterProvider,
} from "@tanstack/react-router";
import { Empty } from "./graphql/result.tsx";
import type { Viewer } from "./session/session.ts";
import { useViewer, ViewerContext } from "./session/viewer.ts";
import { Page } from "./shell/page.tsx";
import { Shell } from "./shell/shell.tsx";
import type { Shape, StateOf } from "./shell/url-state.ts";
import { Button } from "./ui/button.tsx";
import { Code } from "./ui/marks.tsx";

const root = createRootRoute({ component: () => <Shell viewer={useViewer()} />, notFoundComponent: NotFound, errorComponent: Broken });

/** A page's script comes from the control plane too. Under its own name, or the router would load the whole console anew, from nobody. */
class PageUnreachable extends Error {
  override readonly name = "PageUnreachable";
}
const unreachable = (cause: unknown): never => {
  throw new PageUnreachable("the page's script could not be loaded", { cause });
};

/** What a page's module says of its address, with which links to it are checked. */
type AddressOf<Module> = Module extends { readonly address: infer Known extends Shape } ? StateOf<Known> : Record<never, never>;

const page = <Path extends string, Module extends Record<string, unknown>>(
  path: Path,
  load: () => Promise<Module>,
  name: keyof Module & string,
) =>
  createRoute({
    getParentRoute: () => root,
    path,
    // The module is loaded for the page alone, so its own `useUrlState` reads the words, and refuses those it does not know.
    validateSearch: (given: Record<string, unknown>) => given as AddressOf<Module>,
    component: lazyRouteComponent(() => load().catch(unreachable), name),
  });

const router = createRouter({
  routeTree: root.addChildren([
    page("/", () => import("./pages/overview/overview.tsx"), "Overview"),
    page("/live", () => import("./pages/live/live.tsx"), "LivePage"),
    page("/calls", () => import("./pages/calls/calls.tsx"), "Calls"),
    page("/calls/$callId", () => import("./pages/calls/call-page.tsx"), "CallPage"),
    page("/cost", () => import("./pages/cost/cost.tsx"), "Cost"),
    page("/playground", () => import("./pages/playground/playground.tsx"), "Playground"),
    page("/prompts", () => import("./pages/prompts/prompts.tsx"), "Prompts"),
    page("/prompts/$promptId", () => import("./pages/prompts/prompt-page.tsx"), "PromptPage"),
    page("/experiments", () => import("./pages/experiments/experiments.tsx"), "Experiments"),
    page("/experiments/$experimentId", () => import("./pages/experiments/experiment-page.tsx"), "ExperimentPage"),
    page("/replays", () => import("./pages/replays/replays.tsx"), "Replays"),
    page("/replays/$replayId", () => import("./pages/replays/replay-page.tsx"), "ReplayPage"),
    page("/datasets/$datasetId", () => import("./pages/datasets/dataset-page.tsx"), "DatasetPage"),
    page("/developers", () => import("./pages/developers/developers.tsx"), "Developers"),
    page("/explorer", () => import("./pages/explorer/explorer.tsx"), "ExplorerPage"),
    page("/routes", () => import("./pages/routes/routes.tsx"), "Routes"),
    page("/routes/$routeId", () => import("./pages/routes/route-page.tsx"), "RoutePage"),
    page("/backends", () => import("./pages/backends/backends.tsx"), "Backends"),
    page("/backends/$backendId", () => import("./pages/backends/backend-page.tsx"), "BackendPage"),
    page("/models", () => import("./pages/models/models.tsx"), "Models"),
    page("/quotas", () => import("./pages/quotas/quotas.tsx"), "Quotas"),
    page("/budgets", () => import("./pages/budgets/budgets.tsx"), "Budgets"),
    page("/alerts", () => import("./pages/alerts/alerts.tsx"), "Alerts"),
    page("/keys", () => import("./pages/keys/keys.tsx"), "Keys"),
    page("/keys/$keyId", () => import("./pages/keys/key-page.tsx"), "KeyPage"),
    page("/nodes", () => import("./pages/nodes/nodes.tsx"), "Nodes"),
    page("/revisions", () => import("./pages/revisions/revisions.tsx"), "Revisions"),
    page("/revisions/$number", () => import("./pages/revisions/revision-page.tsx"), "RevisionPage"),
    page("/audit", () => import("./pages/audit/audit.tsx"), "Audit"),
    page("/organisation", () => import("./pages/organisation/organisation.tsx"), "OrganisationPage"),
    page("/projects/$projectId", () => import("./pages/projects/project-page.tsx"), "ProjectPage"),
    page("/settings", () => import("./pages/settings/settings.tsx"), "SettingsPage"),
  ]),
  // Of a page alone: the frame around it stays, to go elsewhere with.
  defaultErrorComponent: Broken,
  defaultPreload: "intent",
  defaultPendingMs: 300,
  scrollRestoration: true,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}

export const Console = ({ viewer }: { readonly viewer: Viewer }) => (
  <ViewerContext value={viewer}>
    <RouterProvider router={router} />
  </ViewerContext>
);

function NotFound() {
  return (
    <Page title="Not here">
      <Empty
        title="There is no such page"
        action={
          <Link to="/" className="button">
            To the overview
          </Link>
        }
      >
        The address may be mistyped, or what it named is gone. Press Ctrl K to look for something.
      </Empty>
    </Page>
  );
}

function Broken({ error }: ErrorComponentProps) {
  if (error instanceof PageUnreachable)
    return (
      <Page title="Not loaded">
        <div className="card stack">
          <p>
            The control plane does not answer, or it was upgraded while this was open. Pages that you have seen still show what they knew.
          </p>
          <div>
            <Button look="primary" onClick={() => location.reload()}>
              Load again
            </Button>
          </div>
        </div>
      </Page>
    );
  return (
    <Page title="This page failed">
      <div className="card stack">
        <p>The fault is ours. Loading the page again often helps; what follows is for whoever mends it.</p>
        <Code wrap text={error instanceof Error ? (error.stack ?? error.message) : String(error)} />
        <div>
          <Button look="primary" onClick={() => location.reload()}>
            Load again
          </Button>
        </div>
      </div>
    </Page>
  );
}
