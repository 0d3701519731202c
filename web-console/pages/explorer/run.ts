/** Sends what stands in the editor, as the console sends everything: with the session, and with whom one acts as. */
import { createClient } from "graphql-sse";
import { graphqlHeaders } from "../../graphql/client.ts";
import { endedBySilence } from "../../graphql/silence.ts";
import { fetchSignedIn } from "../../session/session.ts";
import type { Variables } from "./operations.ts";

export interface Sent {
  readonly query: string;
  readonly variables: Variables;
  /** Undefined: it has no name, and is the only one. */
  readonly operationName: string | undefined;
}

export interface Answer {
  /** As it is shown. */
  readonly text: string;
  /** HTTP's; undefined: none came. */
  readonly status: number | undefined;
  readonly ms: number;
  readonly bytes: number;
  readonly requestId: string | undefined;
  /** Of a subscription, how many came so far. */
  readonly events: number | undefined;
}

/** @throws DOMException AbortError where it was stopped. */
export async function ask(sent: Sent, signal: AbortSignal): Promise<Answer> {
  const startedAt = performance.now();
  const answer = await fetchSignedIn("/graphql", {
    method: "POST",
    credentials: "same-origin",
    headers: { ...graphqlHeaders(), "content-type": "application/json", accept: "application/graphql-response+json, application/json" },
    body: JSON.stringify(sent),
    signal,
  });
  const body = await answer.text();
  return {
    text: spread(body),
    status: answer.status,
    ms: performance.now() - startedAt,
    bytes: new TextEncoder().encode(body).length,
    requestId: answer.headers.get("x-request-id") ?? undefined,
    events: undefined,
  };
}

function spread(body: string): string {
  try {
    return JSON.stringify(JSON.parse(body), null, 2);
  } catch {
    // Something between here and the control plane answered.
    return body;
  }
}

/** The newest of a subscription's events that stay on the page. */
export const eventsShownMax = 50;

/** @param heard with each event. @returns when it ended, whichever side ended it. @throws unknown what the control plane or the network said. */
export function follow(sent: Sent, signal: AbortSignal, heard: (answer: Answer) => void): Promise<void> {
  const startedAt = performance.now();
  const shown: unknown[] = [];
  let status: number | undefined;
  let requestId: string | undefined;
  let events = 0;
  let bytes = 0;
  const client = createClient({
    url: "/graphql",
    credentials: "same-origin",
    headers: graphqlHeaders,
    retryAttempts: 0,
    fetchFn: async (input: RequestInfo, init?: RequestInit) => {
      const answer = await fetchSignedIn(input, init);
      status = answer.status;
      requestId = answer.headers.get("x-request-id") ?? undefined;
      return endedBySilence(answer);
    },
  });
  return new Promise((resolve, reject) => {
    const dispose = client.subscribe(
      { query: sent.query, variables: sent.variables, ...(sent.operationName !== undefined && { operationName: sent.operationName }) },
      {
        next: (event) => {
          events++;
          bytes += new TextEncoder().encode(JSON.stringify(event)).length;
          shown.unshift(event);
          shown.splice(eventsShownMax);
          heard({ text: JSON.stringify(shown, null, 2), status, ms: performance.now() - startedAt, bytes, requestId, events });
        },
        error: reject,
        complete: resolve,
      },
    );
    signal.addEventListener("abort", () => dispose(), { once: true });
  });
}
