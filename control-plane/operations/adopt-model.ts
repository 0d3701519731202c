/** An organisation's own copy of a model in the catalogue: made the first time that it is named. */
import { builtInModel } from "../catalogue/built-in-models.ts";
import { ValidationError } from "../control-error.ts";
import { CatalogueModel } from "../database/entities/catalogue-model.ts";
import type { ConfigurationChange } from "./change-configuration.ts";
import { setPrice } from "./set-price.ts";

/** @throws ValidationError where neither the organisation nor the catalogue that comes with Penstock has it. */
export async function adoptModel(change: ConfigurationChange, key: string): Promise<CatalogueModel> {
  const own = await change.em.findOne(CatalogueModel, { key, archivedAt: null });
  if (own !== null) return own;
  const builtIn = builtInModel(key);
  if (builtIn === undefined)
    throw new ValidationError([
      { path: "catalogueModel", message: `there is no model "${key}" in the catalogue; see the query modelCatalogue, or make it` },
    ]);
  const { terms, capabilities, ...facts } = builtIn;
  const row = change.create("catalogue_model", { ...facts, capabilities: [...capabilities], prices: [] });
  if (terms !== undefined) await setPrice(change, "catalogue_model", row, terms, null);
  return row;
}
