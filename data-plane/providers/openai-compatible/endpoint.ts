/** Where a chat call goes, below the provider's base URL. Pure. */
import type { CompiledBackend } from "../../snapshot/compiled-route.ts";
import { flavourNameOf } from "./flavour.ts";

/** The newest that is not a preview (learn.microsoft.com, Azure OpenAI API version lifecycle). */
const azureVersionDefault = "2024-10-21";

export function chatPath(pathPrefix: string, { model, provider }: CompiledBackend): string {
  return flavourNameOf(provider) === "azure" && !pathPrefix.endsWith("/v1")
    ? azurePath(pathPrefix, model, provider.apiVersion)
    : `${pathPrefix}/chat/completions`;
}

/**
 * Azure names a deployment in the path, below `/openai` whether the base URL has that or not. Its newer API stands at `/openai/v1`
 * and is asked as OpenAI's own.
 */
function azurePath(pathPrefix: string, deployment: string, apiVersion: string): string {
  const prefix = pathPrefix.endsWith("/openai") ? pathPrefix : `${pathPrefix}/openai`;
  const version = encodeURIComponent(apiVersion === "" ? azureVersionDefault : apiVersion);
  return `${prefix}/deployments/${encodeURIComponent(deployment)}/chat/completions?api-version=${version}`;
}
