/**
 * The kinds of configuration: which entity holds each and what it is called on the wire. A kind that is added here
 * fails to compile in snapshot/compile.ts until it has a row there.
 */
import { ResourceKind } from "#proto/penstock/config/v1/snapshot_pb.ts";
import { ApiKey } from "./entities/api-key.ts";
import { Backend } from "./entities/backend.ts";
import { Budget } from "./entities/budget.ts";
import { CatalogueModel } from "./entities/catalogue-model.ts";
import { Experiment } from "./entities/experiment.ts";
import { Organisation } from "./entities/organisation.ts";
import { Project } from "./entities/project.ts";
import { Prompt } from "./entities/prompt.ts";
import { PromptVersion } from "./entities/prompt-version.ts";
import { Provider } from "./entities/provider.ts";
import { Quota } from "./entities/quota.ts";
import { Route } from "./entities/route.ts";

export interface ConfigRows {
  organisation: Organisation;
  project: Project;
  api_key: ApiKey;
  provider: Provider;
  backend: Backend;
  route: Route;
  prompt: Prompt;
  prompt_version: PromptVersion;
  experiment: Experiment;
  quota: Quota;
  catalogue_model: CatalogueModel;
  budget: Budget;
}

export type ConfigKind = keyof ConfigRows;
export type ConfigRow = ConfigRows[ConfigKind];

export const configEntities = {
  organisation: Organisation,
  project: Project,
  api_key: ApiKey,
  provider: Provider,
  backend: Backend,
  route: Route,
  prompt: Prompt,
  prompt_version: PromptVersion,
  experiment: Experiment,
  quota: Quota,
  catalogue_model: CatalogueModel,
  budget: Budget,
} as const satisfies Record<ConfigKind, unknown>;

export const resourceKinds = {
  organisation: ResourceKind.ORGANISATION,
  project: ResourceKind.PROJECT,
  api_key: ResourceKind.API_KEY,
  provider: ResourceKind.PROVIDER,
  backend: ResourceKind.BACKEND,
  route: ResourceKind.ROUTE,
  prompt: ResourceKind.PROMPT,
  prompt_version: ResourceKind.PROMPT_VERSION,
  experiment: ResourceKind.EXPERIMENT,
  quota: ResourceKind.QUOTA,
  catalogue_model: ResourceKind.CATALOGUE_MODEL,
  budget: ResourceKind.BUDGET,
} as const satisfies Record<ConfigKind, ResourceKind>;

/** In the order of the wire's numbers. */
export const configKinds = Object.keys(resourceKinds) as readonly ConfigKind[];

/** For people: "API key", "prompt version". */
export const nameOfKind = (kind: ConfigKind): string => (kind === "api_key" ? "API key" : kind.replace("_", " "));

/** What PostgreSQL takes for a uuid; anything else would be an error of the database's where it is just an unknown id. */
export const isUuid = (text: string): boolean => /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text);
