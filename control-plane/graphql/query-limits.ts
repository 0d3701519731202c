/**
 * What one document may ask for: depth, aliases, directives and cost, counted with fragments spread out, before anything
 * runs. One walk with one rule for all names: nothing is left uncounted because of what it is called (that is how
 * GHSA-733v-p3h5-qpq7 went round another counter). The walk itself is bounded by the cost it counts.
 */
import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  GraphQLError,
  Kind,
  type SelectionSetNode,
  type ValidationRule,
} from "graphql";
import { pageSizeMax } from "./keyset-page.ts";

export const queryLimits = {
  /** Levels of fields. A connection takes three. */
  depthMax: 10,
  /** The introspection query that tools send is deeper; what it can reach is the schema alone. */
  introspectionDepthMax: 16,
  aliasesMax: 15,
  directivesMax: 20,
  /** Tokens in the text; more are not parsed. */
  tokensMax: 2_000,
  /** One for each field; what stands in a list counts as often as the list may be long. */
  costMax: 25_000,
} as const;

/** A list without a page size, such as a route's tiers. */
const listLength = 5;

export const queryLimitsRule: ValidationRule = (context) => ({
  Document: (document) => {
    const wrong = excessOf(document);
    if (wrong !== undefined) context.reportError(new GraphQLError(wrong, { extensions: { code: "QUERY_TOO_LARGE" } }));
  },
});

/** Undefined: within all limits. */
export function excessOf(document: DocumentNode): string | undefined {
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const definition of document.definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition);
  }
  let aliases = 0;
  let directives = 0;
  let cost = 0;
  let excess: string | undefined;

  const walk = (set: SelectionSetNode, depth: number, times: number, depthMax: number, spread: readonly string[]): void => {
    for (const selection of set.selections) {
      if (excess !== undefined) return;
      directives += selection.directives?.length ?? 0;
      cost += times;
      if (directives > queryLimits.directivesMax) excess = `at most ${queryLimits.directivesMax} directives are allowed`;
      else if (cost > queryLimits.costMax)
        excess = `the query may cost ${queryLimits.costMax}; ask for fewer fields or smaller pages (first: …)`;
      else if (selection.kind === Kind.FIELD) walkField(selection, depth, times, depthMax, spread);
      else if (selection.kind === Kind.INLINE_FRAGMENT) walk(selection.selectionSet, depth, times, depthMax, spread);
      else {
        const name = selection.name.value;
        const fragment = fragments.get(name);
        // A fragment in itself is refused by another rule; here it only must not go round for ever.
        if (fragment !== undefined && !spread.includes(name)) walk(fragment.selectionSet, depth, times, depthMax, [...spread, name]);
      }
    }
  };
  const walkField = (field: FieldNode, depth: number, times: number, depthMax: number, spread: readonly string[]): void => {
    if (field.alias !== undefined) aliases++;
    if (aliases > queryLimits.aliasesMax) excess = `at most ${queryLimits.aliasesMax} aliases are allowed`;
    else if (depth > depthMax) excess = `fields may be nested ${depthMax} levels deep`;
    else if (field.selectionSet !== undefined) {
      const introspects = depth === 1 && (field.name.value === "__schema" || field.name.value === "__type");
      const inside = introspects ? queryLimits.introspectionDepthMax : depthMax;
      walk(field.selectionSet, depth + 1, times * lengthOf(field), inside, spread);
    }
  };

  for (const definition of document.definitions) {
    if (definition.kind !== Kind.OPERATION_DEFINITION) continue;
    directives += definition.directives?.length ?? 0;
    walk(definition.selectionSet, 1, 1, queryLimits.depthMax, []);
  }
  return excess;
}

/** How many things a field may stand for: its page size; the largest where a variable says it; a guess for other lists. */
function lengthOf(field: FieldNode): number {
  const size = field.arguments?.find(({ name }) => name.value === "first" || name.value === "last")?.value;
  if (size?.kind === Kind.INT) return Math.min(Math.max(1, Number(size.value)), pageSizeMax);
  if (size !== undefined) return pageSizeMax;
  // `edges` and `node` are the inside of a page that has been counted.
  const isPage = field.selectionSet?.selections.some(
    (inner) => inner.kind === Kind.FIELD && (inner.name.value === "edges" || inner.name.value === "nodes"),
  );
  if (isPage) return 50;
  return pluralFields.has(field.name.value) ? listLength : 1;
}

const pluralFields: ReadonlySet<string> = new Set([
  "tiers",
  "targets",
  "variants",
  "versions",
  "messages",
  "labels",
  "changes",
  "attempts",
  "issues",
]);
