/** An account or server that serves models. */
import { defineEntity, type InferEntity, p } from "@mikro-orm/core";
import { configColumns } from "./config-columns.ts";

export const providerKinds = ["openai", "anthropic", "gemini", "bedrock", "openai-compatible", "simulated"] as const;
/** Those that nodes have an adapter for; the others are names that are kept for theirs. */
export const servedProviderKinds = ["openai", "openai-compatible", "simulated"] as const satisfies readonly ProviderKind[];
export type ProviderKind = (typeof providerKinds)[number];

export const Provider = defineEntity({
  name: "Provider",
  tableName: "provider",
  properties: {
    ...configColumns(),
    key: p.text(),
    kind: p.text().$type<ProviderKind>(),
    /** Normalised by agreements/base-url.ts. */
    baseUrl: p.text(),
    /** See agreements/sealed-secret.ts. Empty: no credential. Never in any answer. */
    sealedCredential: p.text(),
    /** Found at save: the address is private and the operator's allow-list has it. */
    privateAddressAllowed: p.boolean(),
  },
});
export type Provider = InferEntity<typeof Provider>;
