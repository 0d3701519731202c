/** What came of an answer. */
interface Faults {
  readonly networkError?: Error | undefined;
  readonly graphQLErrors: readonly { readonly path?: readonly (string | number)[] | undefined }[];
}

/**
 * Whether what came beside errors may be shown: it is as the schema says, and no whole question of the page went unanswered, which
 * would look as if there were no such thing. Pure.
 */
export const isUsable = ({ networkError, graphQLErrors }: Faults): boolean =>
  networkError === undefined && graphQLErrors.length > 0 && graphQLErrors.every(({ path }) => path !== undefined && path.length > 1);
