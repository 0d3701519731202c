/** An account or server that serves models. */
import { defineEntity, type InferEntity, p } from "@mikro-orm/core";
import { configColumns } from "./config-columns.ts";

/** Nodes have an adapter for each. */
export const providerKinds = ["openai", "anthropic", "gemini", "bedrock", "cohere", "openai-compatible", "simulated"] as const;
export type ProviderKind = (typeof providerKinds)[number];

/** Whose server it is, where servers that speak the OpenAI chat API differ. */
export const providerFlavours = [
  "generic",
  "openai",
  "azure",
  "vllm",
  "ollama",
  "llama-cpp",
  "tgi",
  "mistral",
  "deepseek",
  "groq",
  "openrouter",
] as const;
export type ProviderFlavour = (typeof providerFlavours)[number];

export const authenticationMethods = ["api-key", "bearer", "oauth-client-credentials", "aws-keys", "google-service-account"] as const;
export type AuthenticationMethod = (typeof authenticationMethods)[number];
export const clientAuthentications = ["basic", "post"] as const;

/** How a node proves to the provider whose call it is. The secret of each method is the sealed credential. */
export type ProviderAuthentication =
  /** The provider's key, sent as its kind wants it. */
  | { readonly method: "api-key" }
  /** A token, sent as `authorization: Bearer`. */
  | { readonly method: "bearer" }
  | OauthClientCredentials
  | { readonly method: "aws-keys"; readonly accessKeyId: string; readonly region: string }
  /** The secret is the account's key file. */
  | { readonly method: "google-service-account"; readonly clientEmail: string; readonly tokenUrl: string };

/** RFC 6749, section 4.4. */
export interface OauthClientCredentials {
  readonly method: "oauth-client-credentials";
  readonly tokenUrl: string;
  readonly clientId: string;
  /** Empty: not said. */
  readonly scope: string;
  readonly audience: string;
  readonly clientAuthentication: (typeof clientAuthentications)[number];
}

export interface SealedHeader {
  /** Lower case. */
  readonly name: string;
  readonly sealedValue: string;
}

/** A provider that is like others of its kind and has a key or none. */
export const plainProvider = { flavour: "generic", apiVersion: "", authentication: { method: "api-key" }, sealedHeaders: [] } as const;

/** Where the provider's OAuth tokens are fetched. Empty: nowhere. */
export const tokenUrlOf = (authentication: ProviderAuthentication): string => ("tokenUrl" in authentication ? authentication.tokenUrl : "");

export const Provider = defineEntity({
  name: "Provider",
  tableName: "provider",
  properties: {
    ...configColumns(),
    key: p.text(),
    kind: p.text().$type<ProviderKind>(),
    /** Normalised by agreements/base-url.ts. */
    baseUrl: p.text(),
    /** See agreements/provider-secrets.ts. Empty: no credential. Never in any answer. */
    sealedCredential: p.text(),
    /** Found at save: the address is private and the operator's allow-list has it. */
    privateAddressAllowed: p.boolean(),
    flavour: p.text().$type<ProviderFlavour>(),
    /** Azure's. Empty: the node's default. */
    apiVersion: p.text(),
    authentication: p.json<ProviderAuthentication>(),
    /** Sorted by name. The values never in any answer. */
    sealedHeaders: p.json<readonly SealedHeader[]>(),
  },
});
export type Provider = InferEntity<typeof Provider>;
