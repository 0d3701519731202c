/** Making and changing a backend. */
import { ChooseField } from "../../change/choose-field.tsx";
import { EditDialog } from "../../change/form.tsx";
import { columnNames } from "../../change/words/column-names.ts";
import { TextField } from "../../ui/field.tsx";
import { PriceFields } from "../models/price-fields.tsx";
import { priceRefusal } from "../models/price-values.ts";
import { type BackendDetails, type BackendValues, backendValues, emptyBackend, readBackendAgain, saveBackend } from "./changes.ts";

const names = {
  key: columnNames.BACKEND_KEY,
  providerId: columnNames.BACKEND_PROVIDER_ID,
  model: columnNames.BACKEND_MODEL,
  catalogueModel: columnNames.BACKEND_CATALOGUE_MODEL_ID,
  concurrentCallsMax: columnNames.BACKEND_CONCURRENT_CALLS_MAX,
  capabilities: columnNames.BACKEND_CAPABILITIES,
  price: columnNames.BACKEND_PRICES,
} as const;

interface BackendDialogProps {
  readonly backend?: BackendDetails;
  readonly onClose: (madeId?: string) => void;
}

export function BackendDialog({ backend, onClose }: BackendDialogProps) {
  const isNew = backend === undefined;
  return (
    <EditDialog<BackendValues>
      title={isNew ? "New backend" : `Change ${backend.key}`}
      description={isNew ? "One model at one provider: what a call is finally sent to." : undefined}
      start={isNew ? emptyBackend : backendValues(backend)}
      {...(isNew ? {} : { revision: backend.revision, readAgain: () => readBackendAgain(backend.id) })}
      names={names}
      submit={isNew ? "Make the backend" : "Publish the change"}
      done={isNew ? "The backend is there" : "The backend is changed"}
      large
      refuse={refusalOf}
      save={(values, revision, start) => saveBackend(backend, values, revision, start)}
      onClose={(outcome) => onClose(outcome?.kind === "done" ? (outcome.payload as { backend?: { id: string } }).backend?.id : undefined)}
    >
      {({ values, set, problem }) => (
        <>
          <div className="field-grid">
            <TextField label={names.key} value={values.key} onChange={(key) => set("key", key)} problem={problem("key")} />
            <ChooseField
              label={names.providerId}
              of="providers"
              value={values.providerId}
              named={values.providerId === backend?.provider?.id ? backend.provider.key : undefined}
              onChange={({ id }) => set("providerId", id)}
              problem={problem("providerId")}
            />
            <TextField
              label={names.model}
              value={values.model}
              onChange={(model) => set("model", model)}
              problem={problem("model")}
              hint="As the provider calls it"
            />
            <TextField
              label={names.concurrentCallsMax}
              type="number"
              min={0}
              value={String(values.concurrentCallsMax)}
              onChange={(text) => set("concurrentCallsMax", Number(text))}
              problem={problem("concurrentCallsMax")}
              hint="0: 1024"
            />
          </div>
          <TextField
            label={names.capabilities}
            value={values.capabilities}
            onChange={(text) => set("capabilities", text)}
            problem={problem("capabilities")}
            hint="Separated by commas, such as tools, vision, json_schema"
          />
          <ChooseField
            label={names.catalogueModel}
            of="models"
            value={values.catalogueModel}
            named={values.catalogueModel}
            none="No model of the catalogue"
            onChange={({ id }) => set("catalogueModel", id)}
            problem={problem("catalogueModel")}
            hint="It costs what this model costs, unless it has a price of its own below"
          />
          <PriceFields values={values.price} onChange={(price) => set("price", price)} problem={problem} />
          <p className="quiet">
            Without a price of its own or a model's the cost of calls is unknown, which is not the same as nothing. Calls keep the price
            they were made at.
          </p>
        </>
      )}
    </EditDialog>
  );
}

function refusalOf(values: BackendValues): string | undefined {
  if (values.key.trim() === "") return "Give it a name";
  if (values.providerId === "") return "Choose a provider";
  if (values.model.trim() === "") return "Say which model";
  return priceRefusal(values.price);
}
