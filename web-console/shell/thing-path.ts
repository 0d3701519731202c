/** The page of one thing, for links whose kind is known only when they are shown; all others name their page, and the router's types check them. */
const under = {
  PROJECT: "projects",
  API_KEY: "keys",
  ROUTE: "routes",
  BACKEND: "backends",
  EXPERIMENT: "experiments",
  PROMPT: "prompts",
} as const;

export type ThingKind = keyof typeof under;

export const thingPath = (kind: ThingKind, id: string): string => `/${under[kind]}/${id}`;
