/** What stands in the editor: which operations, of which kind, whether the variables fit them, and what may be kept of it. Pure. */
import {
  type DocumentNode,
  GraphQLError,
  type GraphQLSchema,
  getVariableValues,
  Kind,
  type OperationDefinitionNode,
  parse,
  print,
  validate,
  visit,
} from "graphql";
import type { Ask } from "./link.ts";

export type Variables = Readonly<Record<string, unknown>>;

/** @returns none where the text is empty or no GraphQL; the editor marks what is wrong with it. */
export function operationsIn(text: string): readonly OperationDefinitionNode[] {
  return (parsed(text)?.definitions ?? []).filter((definition) => definition.kind === Kind.OPERATION_DEFINITION);
}

function parsed(text: string): DocumentNode | undefined {
  try {
    return parse(text);
  } catch (error) {
    if (error instanceof GraphQLError) return undefined;
    throw error;
  }
}

const faultsMax = 3;

/** What is wrong with the text: that it is no GraphQL, or against the schema where that is known. Nothing at all is no fault. */
export function queryProblem(schema: GraphQLSchema | undefined, text: string): string | undefined {
  if (text.trim() === "") return undefined;
  try {
    const document = parse(text);
    const faults = schema === undefined ? [] : validate(schema, document, undefined, { maxErrors: faultsMax });
    return faults.length === 0 ? undefined : faults.map(inWords).join(" ");
  } catch (error) {
    if (error instanceof GraphQLError) return inWords(error);
    throw error;
  }
}

const inWords = ({ message, locations }: GraphQLError): string =>
  locations?.[0] === undefined ? message : `Line ${locations[0].line}: ${message}`;

/** The one of that name, or the first. */
export const chosenOf = (operations: readonly OperationDefinitionNode[], name: string): OperationDefinitionNode | undefined =>
  operations.find((one) => one.name?.value === name) ?? operations[0];

/** The one around the cursor is meant. @param at letters from the start. @returns undefined: none has a name there. */
export const nameAt = (text: string, at: number): string | undefined =>
  operationsIn(text).find(({ loc }) => loc !== undefined && loc.start <= at && at <= loc.end)?.name?.value;

/** Empty text is no variables. @returns undefined where it is no JSON object. */
export function variablesIn(text: string): Variables | undefined {
  if (text.trim() === "") return {};
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Variables) : undefined;
  } catch {
    return undefined;
  }
}

/** What is wrong with the variables. @param schema undefined: it is not known, so only their form is looked at. */
export function variablesProblem(
  schema: GraphQLSchema | undefined,
  operation: OperationDefinitionNode | undefined,
  text: string,
): string | undefined {
  const variables = variablesIn(text);
  if (variables === undefined) return 'Variables are a JSON object, such as {"first": 10}.';
  if (schema === undefined || operation === undefined) return undefined;
  const { errors } = getVariableValues(schema, operation.variableDefinitions ?? [], variables, { maxErrors: faultsMax });
  return errors === undefined ? undefined : errors.map(({ message }) => message).join(" ");
}

/**
 * What a tab may remember. A change may carry a credential, in a variable or in the text: of it stay the question's form and the
 * names of the variables, and every text in it is emptied.
 */
export function withoutSecrets({ query, variables }: Ask): Ask {
  const document = parsed(query);
  if (document === undefined || !operationsIn(query).some(({ operation }) => operation === "mutation")) return { query, variables };
  const names = Object.keys(variablesIn(variables) ?? {});
  return {
    query: print(visit(document, { enter: (node) => (node.kind === Kind.STRING ? { ...node, value: "" } : undefined) })),
    variables: JSON.stringify(Object.fromEntries(names.map((name) => [name, null])), null, 2),
  };
}

export const rememberedMax = 20;

/** The last first, each once. */
export function remembered(before: readonly Ask[], asked: Ask): readonly Ask[] {
  const kept = withoutSecrets(asked);
  const others = before.filter(({ query, variables }) => query !== kept.query || variables !== kept.variables);
  return [kept, ...others].slice(0, rememberedMax);
}
