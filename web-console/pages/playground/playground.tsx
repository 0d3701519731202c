/** Trying routes and prompt versions side by side, through the real data plane: what streams here is what callers get, quotas and all. */
import { Link } from "@tanstack/react-router";
import { graphql, type ResultOf } from "../../graphql/documents.ts";
import { usePageQuery } from "../../graphql/page-query.ts";
import { Empty, Result } from "../../graphql/result.tsx";
import { useRefusal } from "../../session/viewer.ts";
import { Page } from "../../shell/page.tsx";
import { flag, text, useUrlState } from "../../shell/url-state.ts";
import { Bench } from "./bench.tsx";
import { type Column, namedIn, readColumns, writeColumns } from "./columns.ts";

const promptNowFragment = graphql(`
  fragment PromptNow on PromptVersion {
    version
    variables
    inputs
    messages {
      template
    }
    prompt {
      id
      name
      labels {
        name
        version
      }
    }
  }
`);

const routeNowFragment = graphql(
  `
    fragment RouteNow on Route {
      id
      name
      prompt {
        promptId
        now {
          ...PromptNow
        }
      }
      tiers {
        targets {
          weight
          backend {
            key
            price {
              inputNanodollarsPerMillion
              outputNanodollarsPerMillion
            }
          }
        }
      }
    }
  `,
  [promptNowFragment],
);

const query = graphql(
  `
  query Playground($from: ID!, $withCall: Boolean!, $routes: [String!]!, $named: [PromptNamedInput!]!) {
    promptsNamed(named: $named) {
      ...PromptNow
    }
    callContent(callId: $from) @include(if: $withCall) {
      messages
      promptMessages
      answers
      request
      requestCut
    }
    usageEvent(callId: $from) @include(if: $withCall) {
      durationMs
      timeToFirstTokenMs
      inputTokens
      outputTokens
      costNanodollars
      modelServed
    }
    routesNamed(names: $routes) {
      ...RouteNow
    }
    routes(first: 1) {
      edges {
        node {
          ...RouteNow
        }
      }
    }
  }
`,
  [promptNowFragment, routeNowFragment],
);

export type PlaygroundData = ResultOf<typeof query>;

export const address = { m: text, from: text, diff: flag };

export function Playground() {
  const [url, setUrl] = useUrlState(address);
  // Each look at what was said is written down: one when the page opens, and none after it.
  const refusal = useRefusal("developer");
  const withCall = url.from !== undefined && refusal === undefined;
  const given = url.m === undefined ? [] : readColumns(url.m);
  const named = given.filter(({ prompt }) => prompt !== "").map(({ prompt }) => prompt);
  const routes = [...new Set(given.map(({ route }) => route))];
  const page = usePageQuery(
    query,
    { from: url.from ?? "", withCall, routes, named: named.map(namedIn) },
    // What was typed stays while another column is read.
    { follow: !withCall, hold: true },
  );
  return (
    <Page
      title="Playground"
      lead="Calls go through a node like anyone's: routes, quotas and the ledger hold for them, and they spend money where the backend does."
    >
      <Result of={page}>
        {(data) => {
          const [first] = data.routes.edges;
          if (first === undefined)
            return (
              <Empty
                title="Nothing to call yet"
                action={
                  <Link className="button" to="/routes">
                    To the routes
                  </Link>
                }
              >
                A route is what is called here. Make one first.
              </Empty>
            );
          const columns = given.length === 0 ? [{ route: first.node.name, prompt: "" }] : given;
          return (
            <Bench
              key={url.from ?? ""}
              data={data}
              loggedCall={url.from}
              columns={columns}
              prompts={columns.map((column) => promptOf(column, named, data))}
              compares={url.diff === true}
              onColumns={(next) => setUrl({ m: writeColumns(next) }, { replace: true })}
              onCompares={(on) => setUrl({ diff: on || undefined }, { replace: true })}
            />
          );
        }}
      </Result>
    </Page>
  );
}

export type PromptNow = ResultOf<typeof promptNowFragment>;

/**
 * What the column's prompt means now: the one that is named, or its route's own. Undefined: it has none, it is gone, or it was
 * just chosen and has yet to be read.
 */
function promptOf(column: Column, named: readonly string[], data: PlaygroundData): PromptNow | undefined {
  if (column.prompt === "") return routeOf(column, data)?.prompt?.now ?? undefined;
  const now = data.promptsNamed[named.indexOf(column.prompt)] ?? undefined;
  return now?.prompt?.name === namedIn(column.prompt).name ? now : undefined;
}

/** Undefined as with promptOf. */
export const routeOf = ({ route }: Column, { routesNamed, routes }: PlaygroundData) =>
  [...routesNamed, ...routes.edges.map(({ node }) => node)].find((one) => one?.name === route) ?? undefined;
