/**
 * The one way to the control plane. Answers are kept by document and variables: a page that was seen before is there at
 * once, and is asked for again behind it. A change drops what it touches.
 */
import { Client, type CombinedError, cacheExchange, fetchExchange, mapExchange } from "urql";
import { actingHeaders } from "../session/acting.ts";
import { fetchSignedIn } from "../session/session.ts";
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
  fetch: (input, init) => fetchSignedIn(input, init),
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
  const requestId = first?.extensions["requestId"];
  if (error.networkError !== undefined)
    return {
      message: "The control plane does not answer. Nodes go on serving; this page tries again by itself.",
      requestId: undefined,
      offline: true,
    };
  const message = first?.extensions["code"] === "UNAUTHENTICATED" ? "Your session has ended. Sign in again." : first?.message;
  return { message: message ?? error.message, requestId: typeof requestId === "string" ? requestId : undefined, offline: false };
}
