/** What is known of a model wherever it is served: an organisation's own copy, which no new release of ours changes. */
import { defineEntity, type InferEntity, p } from "@mikro-orm/core";
import { configColumns } from "./config-columns.ts";
import type { Price } from "./price.ts";

export const CatalogueModel = defineEntity({
  name: "CatalogueModel",
  tableName: "catalogue_model",
  properties: {
    ...configColumns(),
    /** "openai/gpt-4o". */
    key: p.text(),
    /** Who sells it: "openai". */
    vendor: p.text(),
    name: p.text(),
    /** Input and output together. Null: not known. */
    contextTokensMax: p.integer().nullable(),
    outputTokensMax: p.integer().nullable(),
    capabilities: p.array<string>(),
    /** In the order of time: the one in force and those that are to come. Empty: none is known. */
    prices: p.json<readonly Price[]>(),
    /** Where its facts are from. */
    source: p.text(),
    /** When they were true: 2027-01-31. */
    sourceDate: p.text(),
  },
});
export type CatalogueModel = InferEntity<typeof CatalogueModel>;
