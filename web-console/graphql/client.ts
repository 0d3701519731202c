/**
 * The one way to the control plane. Answers are kept by document and variables: a page that was seen before is there at
 * once, and is asked for again behind it. A change drops what it touches.
 */
import { Client, type CombinedError, cacheExchange, fetchExchange, mapExchange } from "urql";
import { actingHeaders } from "../session/acting.ts";
import { sessionEnded } from "../session/session.ts";
import { heard } from "./unanswered.ts";

/** Its presence tells the server that no other site's page sent the request. */
const siteHeader = { "x-graphql-yoga-csrf": "1" };

export const graphqlHeaders = (): Record<string, string> => ({ ...siteHeader, ...actingHeaders() });

export const client = new Client({
  url: "/graphql",
  exchanges: [
    cacheExchange,
    mapExchange({ onResult: ({ error }) => heard(error?.networkError === undefined ? "answer" : "no answer") }),
    fetchExchange,
  ],
  requestPolicy: "cache-and-network",
  preferGetMethod: false,
  fetch: async (input, init) => {
    const answer = await fetch(input, init);
    if (answer.status === 401) sessionEnded();
    return answer;
  },
  fetchOptions: () => ({ headers: graphqlHeaders(), credentials: "same-origin" }),
});

export interface Failure {
  readonly message: string;
  /** For whoever looks into the server's log. */
  readonly requestId: string | undefined;
  readonly offline: boolean;
}

export function failureOf(error: CombinedError): Failure {
  const [first] = error.graphQLErrors;
  if (first?.extensions["code"] === "UNAUTHENTICATED") sessionEnded();
  const requestId = first?.extensions["requestId"];
  if (error.networkError !== undefined)
    return {
      message: "The control plane does not answer. Nodes go on serving; this page tries again by itself.",
      requestId: undefined,
      offline: true,
    };
  return { message: first?.message ?? error.message, requestId: typeof requestId === "string" ? requestId : undefined, offline: false };
}
