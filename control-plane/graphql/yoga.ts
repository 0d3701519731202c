/** GraphQL over HTTP as a function from Request to Response: the schema, who asks, what a document may ask, how errors look. */
import { AsyncLocalStorage } from "node:async_hooks";
import { blockFieldSuggestionsPlugin } from "@escape.tech/graphql-armor-block-field-suggestions";
import { maxTokensPlugin } from "@escape.tech/graphql-armor-max-tokens";
import { useCSRFPrevention } from "@graphql-yoga/plugin-csrf-prevention";
import { type DocumentNode, GraphQLError, Kind, NoSchemaIntrospectionCustomRule, OperationTypeNode } from "graphql";
import { createYoga, type Plugin } from "graphql-yoga";
import { principalBehind } from "../console/principal.ts";
import type { Services } from "../services.ts";
import { waitMsMax } from "./config-mutation.ts";
import type { GraphQLContext } from "./context.ts";
import { maskError } from "./error-mask.ts";
import { openLoaders } from "./loaders.ts";
import { queryLimits, queryLimitsRule } from "./query-limits.ts";
import { schema } from "./schema.ts";

export const graphqlPath = "/graphql";
const executionMsMax = 10_000;

/** @returns the answer to one request. Yoga's error mask is not told which request it masks for, so that is kept beside it. */
export function openYoga(services: Services): (url: URL, request: RequestInit, requestId: string) => Promise<Response> {
  const current = new AsyncLocalStorage<string>();
  const yoga = createYoga<{ readonly requestId: string }, GraphQLContext>({
    schema,
    graphqlEndpoint: graphqlPath,
    landingPage: false,
    batching: false,
    cors: false,
    // Its page needs a CDN; ours is a page of the console.
    graphiql: false,
    logging: false,
    maskedErrors: {
      maskError: (error) => maskError(error, services.logger, current.getStore() ?? ""),
    },
    context: async ({ request, requestId }) => {
      const principal = await principalBehind(services, (name) => request.headers.get(name) ?? undefined);
      return { services, requestId, principal, loaders: openLoaders(services.database, principal) };
    },
    plugins: [
      useCSRFPrevention({ requestHeaders: ["x-graphql-yoga-csrf", "authorization"] }),
      maxTokensPlugin({ n: queryLimits.tokensMax }),
      blockFieldSuggestionsPlugin(),
      limits(services.settings.graphqlIntrospection),
      executionClock,
    ],
  });
  return (url, request, requestId) => current.run(requestId, async () => yoga.fetch(url, request, { requestId }));
}

const limits = (introspection: boolean): Plugin => ({
  onValidate: ({ addValidationRule }) => {
    addValidationRule(queryLimitsRule);
    if (!introspection) addValidationRule(NoSchemaIntrospectionCustomRule);
  },
});

/** An answer in time, also where the work behind it hangs; the database's own clocks end that. */
const executionClock: Plugin = {
  onExecute: ({ args, executeFn, setExecuteFn }) => {
    const { document }: { document: DocumentNode } = args;
    const operations = document.definitions.filter((definition) => definition.kind === Kind.OPERATION_DEFINITION);
    const mutates = operations.some((definition) => definition.operation === OperationTypeNode.MUTATION);
    // A mutation may wait for the nodes on top of its own work.
    const limitMs = executionMsMax + (mutates ? waitMsMax : 0);
    setExecuteFn(async (executed) => {
      let clock: NodeJS.Timeout | undefined;
      const tooLate = new Promise<{ errors: GraphQLError[] }>((resolve) => {
        clock = setTimeout(
          () =>
            resolve({
              errors: [new GraphQLError(`not done within ${limitMs} ms; ask for less, or try again`, { extensions: { code: "TIMEOUT" } })],
            }),
          limitMs,
        );
      });
      try {
        return await Promise.race([executeFn(executed), tooLate]);
      } finally {
        clearTimeout(clock);
      }
    });
  },
};
