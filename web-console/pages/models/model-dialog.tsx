/** Making a model of one's own, and changing what is known of one. */
import { EditDialog } from "../../change/form.tsx";
import { columnNames } from "../../change/words/column-names.ts";
import { TextField } from "../../ui/field.tsx";
import { type ModelValues, modelValues, readModelAgain, saveModel } from "./changes.ts";
import { type Model, priceOf } from "./models.tsx";
import { PriceFields } from "./price-fields.tsx";
import { priceRefusal } from "./price-values.ts";

const names = {
  key: columnNames.CATALOGUE_MODEL_KEY,
  name: columnNames.CATALOGUE_MODEL_NAME,
  capabilities: columnNames.CATALOGUE_MODEL_CAPABILITIES,
  price: columnNames.CATALOGUE_MODEL_PRICES,
  contextTokensMax: columnNames.CATALOGUE_MODEL_CONTEXT_TOKENS_MAX,
  outputTokensMax: columnNames.CATALOGUE_MODEL_OUTPUT_TOKENS_MAX,
} as const;

const nothing = { key: "", name: "", capabilities: [], price: null, contextTokensMax: null, outputTokensMax: null };

/** @param model undefined: one that the catalogue does not have. */
export function ModelDialog({ model, onClose }: { readonly model?: Model; readonly onClose: (key?: string) => void }) {
  const own = model?.own ?? undefined;
  const before = model === undefined ? null : priceOf(model);
  return (
    <EditDialog<ModelValues>
      title={model === undefined ? "New model" : `${own === undefined ? "Your own" : "Change"} ${model.key}`}
      description="Calls that were made keep the price that they were made at."
      start={modelValues(own ?? model ?? nothing)}
      {...(own === undefined ? {} : { revision: own.revision, readAgain: () => readModelAgain(own.id) })}
      names={names}
      submit={model === undefined ? "Make the model" : "Publish the change"}
      done={model === undefined ? "The model is there" : "The model is changed"}
      large
      refuse={refusalOf}
      save={(values, revision, start) => saveModel(own, before, values, revision, start)}
      onClose={(outcome) => onClose(outcome?.kind === "done" ? model?.key : undefined)}
    >
      {({ values, set, problem }) => (
        <>
          <div className="field-grid">
            {model === undefined && (
              <TextField
                label={names.key}
                value={values.key}
                onChange={(key) => set("key", key)}
                problem={problem("key")}
                hint="Vendor and model, such as acme/acme-large. It never changes."
              />
            )}
            <TextField label={names.name} value={values.name} onChange={(name) => set("name", name)} problem={problem("name")} />
            {(["contextTokensMax", "outputTokensMax"] as const).map((field) => (
              <TextField
                key={field}
                label={names[field]}
                inputMode="numeric"
                value={values[field]}
                onChange={(next) => set(field, next)}
                problem={problem(field)}
                hint="Empty: not known"
              />
            ))}
          </div>
          <TextField
            label={names.capabilities}
            value={values.capabilities}
            onChange={(text) => set("capabilities", text)}
            problem={problem("capabilities")}
            hint="Separated by commas, such as tools, vision, json_schema"
          />
          <PriceFields values={values.price} onChange={(price) => set("price", price)} problem={problem} />
        </>
      )}
    </EditDialog>
  );
}

function refusalOf({ key, price, contextTokensMax, outputTokensMax }: ModelValues): string | undefined {
  if (!/^[^/\s]+\/\S+$/.test(key)) return "A key is vendor and model, such as acme/acme-large";
  if (![contextTokensMax, outputTokensMax].every((tokens) => /^\d*$/.test(tokens))) return "Tokens are a whole number";
  return priceRefusal(price);
}
