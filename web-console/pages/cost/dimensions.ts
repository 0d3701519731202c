/** What money can be grouped by. A team is a project. */
export const dimensions = {
  ROUTE_NAME: "route",
  PROJECT: "project",
  API_KEY: "API key",
  BACKEND: "backend",
  PROVIDER: "provider",
  MODEL_SERVED: "model",
  TAG: "tag",
  PROMPT_VERSION: "prompt version",
  EXPERIMENT: "experiment",
  VARIANT: "variant of an experiment",
  PRICE_VERSION: "price version",
  END_USER: "end user (hash)",
  INGRESS: "way in",
  OUTCOME: "outcome",
} as const;
export type DimensionName = keyof typeof dimensions;
