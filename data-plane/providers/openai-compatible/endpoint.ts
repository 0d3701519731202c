/** Where a call goes, below the provider's base URL. Pure. */
import type { CompiledBackend } from "../../snapshot/compiled-route.ts";
import { flavourNameOf } from "./flavour.ts";

/** The newest that is not a preview (learn.microsoft.com, Azure OpenAI API version lifecycle). */
const azureVersionDefault = "2024-10-21";

export const chatPath = (pathPrefix: string, backend: CompiledBackend): string => modelPath(pathPrefix, backend, "/chat/completions");

/** @param path of an endpoint that a model answers: "/embeddings". */
export function modelPath(pathPrefix: string, { model, provider }: CompiledBackend, path: string): string {
  return flavourNameOf(provider) === "azure" && !pathPrefix.endsWith("/v1")
    ? azurePath(pathPrefix, `/deployments/${encodeURIComponent(model)}${path}`, provider.apiVersion)
    : `${pathPrefix}${path}`;
}

/** @param path of an endpoint that is the provider's, with its query: "/files?limit=10". */
export function providerPath(pathPrefix: string, { provider }: CompiledBackend, path: string): string {
  return flavourNameOf(provider) === "azure" && !pathPrefix.endsWith("/v1")
    ? azurePath(pathPrefix, path, provider.apiVersion)
    : `${pathPrefix}${path}`;
}

/**
 * Azure names a deployment in the path, below `/openai` whether the base URL has that or not. Its newer API stands at `/openai/v1`
 * and is asked as OpenAI's own.
 */
function azurePath(pathPrefix: string, path: string, apiVersion: string): string {
  const prefix = pathPrefix.endsWith("/openai") ? pathPrefix : `${pathPrefix}/openai`;
  const version = encodeURIComponent(apiVersion === "" ? azureVersionDefault : apiVersion);
  return `${prefix}${path}${path.includes("?") ? "&" : "?"}api-version=${version}`;
}
