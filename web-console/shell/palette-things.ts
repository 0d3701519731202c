/** What the configuration holds under a name that is typed into the palette: a few of each kind that has a page of its own. */
import { FlaskConical, KeyRound, type LucideIcon, MessageSquareText, Server, Waypoints } from "lucide-react";
import { useQuery } from "urql";
import { graphql, type ResultOf } from "../graphql/documents.ts";
import { useSettled } from "../ui/settled.ts";
import { thingPath } from "./thing-path.ts";

const typedMin = 2;

const thingsQuery = graphql(`
  query ThingsCalled($search: String!) {
    routes(first: 5, search: $search) {
      edges {
        node {
          id
          name
        }
      }
    }
    backends(first: 5, search: $search) {
      edges {
        node {
          id
          name: key
        }
      }
    }
    prompts(first: 5, search: $search) {
      edges {
        node {
          id
          name
        }
      }
    }
    experiments(first: 5, search: $search) {
      edges {
        node {
          id
          name: key
        }
      }
    }
    apiKeys(first: 5, search: $search) {
      edges {
        node {
          id
          name
        }
      }
    }
  }
`);

export interface Thing {
  readonly name: string;
  /** What kind of thing it is, in words. */
  readonly kind: string;
  readonly icon: LucideIcon;
  /** Of its page. */
  readonly path: string;
}

export interface Things {
  /** Empty until the answer to what is typed now has come. */
  readonly found: readonly Thing[];
  /** The answer to what is typed now is still to come. */
  readonly looking: boolean;
  readonly failed: boolean;
}

/** Asks nothing before two characters are typed. */
export function useThings(typed: string): Things {
  const wanted = typed.trim();
  const search = useSettled(typed);
  const pause = wanted.length < typedMin || search.length < typedMin;
  const [{ data, error, fetching }] = useQuery({ query: thingsQuery, variables: { search }, pause });
  const looking = wanted.length >= typedMin && (fetching || wanted !== search);
  return {
    found: data === undefined || looking || pause ? [] : namedFirst(thingsIn(data), search),
    looking,
    failed: error !== undefined && !looking && !pause,
  };
}

function thingsIn({ routes, backends, prompts, experiments, apiKeys }: ResultOf<typeof thingsQuery>): readonly Thing[] {
  const kinds = [
    { of: "ROUTE", kind: "route", icon: Waypoints, page: routes },
    { of: "PROMPT", kind: "prompt", icon: MessageSquareText, page: prompts },
    { of: "BACKEND", kind: "backend", icon: Server, page: backends },
    { of: "EXPERIMENT", kind: "experiment", icon: FlaskConical, page: experiments },
    { of: "API_KEY", kind: "API key", icon: KeyRound, page: apiKeys },
  ] as const;
  return kinds.flatMap(({ of, kind, icon, page }) =>
    page.edges.map(({ node: { id, name } }) => ({ name, kind, icon, path: thingPath(of, id) })),
  );
}

/** A search also finds by descriptions and models: what has the text in its own name goes before. */
function namedFirst(things: readonly Thing[], text: string): readonly Thing[] {
  const named = ({ name }: Thing) => Number(name.toLowerCase().includes(text.toLowerCase()));
  return things.toSorted((one, other) => named(other) - named(one));
}
