/** Making and changing a provider or a backend. */
import { EditDialog } from "../../change/form.tsx";
import { nanodollarsOf } from "../../format/numbers.ts";
import { SelectField, TextField } from "../../ui/field.tsx";
import {
  type BackendDetails,
  type BackendValues,
  backendValues,
  type ProviderDetails,
  type ProviderValues,
  providerValues,
  readBackendAgain,
  readProviderAgain,
  saveBackend,
  saveProvider,
} from "./changes.ts";

/** Kinds that the console has no name for are shown as they are. */
const kindNames: Readonly<Record<string, string>> = {
  OPENAI: "OpenAI",
  OPENAI_COMPATIBLE: "OpenAI-compatible (vLLM, Ollama, llama.cpp, …)",
  ANTHROPIC: "Anthropic",
  GEMINI: "Gemini",
  BEDROCK: "Bedrock",
  COHERE: "Cohere",
  SIMULATED: "Simulated",
};

export const kindName = (kind: string): string => kindNames[kind] ?? kind;

const usualUrls: Readonly<Record<string, string>> = {
  OPENAI: "https://api.openai.com/v1",
  ANTHROPIC: "https://api.anthropic.com",
  GEMINI: "https://generativelanguage.googleapis.com",
};

const providerNames = { key: "Name", kind: "Kind", baseUrl: "Base URL", credential: "Credential" } as const;

export function ProviderDialog({ provider, onClose }: { readonly provider?: ProviderDetails; readonly onClose: () => void }) {
  const isNew = provider === undefined;
  return (
    <EditDialog<ProviderValues>
      title={isNew ? "New provider" : `Change ${provider.key}`}
      description={isNew ? "An account or a server of your own that serves models." : undefined}
      start={isNew ? { key: "", kind: "OPENAI_COMPATIBLE", baseUrl: "", credential: "" } : providerValues(provider)}
      {...(isNew ? {} : { revision: provider.revision, readAgain: () => readProviderAgain(provider.id) })}
      names={providerNames}
      submit={isNew ? "Make the provider" : "Publish the change"}
      done={isNew ? "The provider is there" : "The provider is changed"}
      refuse={({ key, baseUrl }) => (key.trim() === "" ? "Give it a name" : baseUrl.trim() === "" ? "Say where it stands" : undefined)}
      save={(values, revision) => saveProvider(provider?.id, values, revision)}
      onClose={onClose}
    >
      {({ values, set, problem }) => (
        <>
          <TextField label={providerNames.key} value={values.key} onChange={(key) => set("key", key)} problem={problem("key")} />
          <SelectField
            label={providerNames.kind}
            value={values.kind}
            onChange={(kind) => {
              set("kind", kind as ProviderDetails["kind"]);
              if (values.baseUrl === "" || Object.values(usualUrls).includes(values.baseUrl))
                set("baseUrl", usualUrls[kind as ProviderDetails["kind"]] ?? "");
            }}
            problem={problem("kind")}
            choices={Object.entries(kindNames).map(([value, label]) => ({ value, label }))}
          />
          <TextField
            label={providerNames.baseUrl}
            value={values.baseUrl}
            onChange={(url) => set("baseUrl", url)}
            problem={problem("baseUrl")}
            placeholder="http://10.0.0.7:8000/v1"
            hint="With its path. A private address must be named in PENSTOCK_PRIVATE_ADDRESSES."
          />
          <TextField
            label={providerNames.credential}
            type="password"
            value={values.credential}
            onChange={(credential) => set("credential", credential)}
            problem={problem("credential")}
            hint={
              isNew
                ? "Sealed at once; nobody can read it again. Empty: the server asks for none."
                : "Empty: it stays as it is. Another base URL needs it again, because it goes to whoever stands there."
            }
          />
        </>
      )}
    </EditDialog>
  );
}

const backendNames = {
  key: "Name",
  providerId: "Provider",
  model: "Model",
  concurrentCallsMax: "Calls at once from one node",
  capabilities: "Capabilities",
  input: "Input",
  output: "Output",
  cacheRead: "Cached input, read",
  cacheWrite: "Cached input, written",
} as const;

interface BackendDialogProps {
  readonly backend?: BackendDetails;
  readonly providers: readonly { readonly id: string; readonly key: string }[];
  readonly onClose: () => void;
}

export function BackendDialog({ backend, providers, onClose }: BackendDialogProps) {
  const isNew = backend === undefined;
  const empty: BackendValues = {
    key: "",
    providerId: providers[0]?.id ?? "",
    model: "",
    concurrentCallsMax: 0,
    capabilities: "",
    input: "",
    output: "",
    cacheRead: "",
    cacheWrite: "",
  };
  return (
    <EditDialog<BackendValues>
      title={isNew ? "New backend" : `Change ${backend.key}`}
      description={isNew ? "One model at one provider: what a call is finally sent to." : undefined}
      start={isNew ? empty : backendValues(backend)}
      {...(isNew ? {} : { revision: backend.revision, readAgain: () => readBackendAgain(backend.id) })}
      names={backendNames}
      submit={isNew ? "Make the backend" : "Publish the change"}
      done={isNew ? "The backend is there" : "The backend is changed"}
      refuse={refusalOf}
      save={(values, revision) => saveBackend(backend?.id, values, revision)}
      onClose={onClose}
    >
      {({ values, set, problem }) => (
        <>
          <div className="field-grid">
            <TextField label={backendNames.key} value={values.key} onChange={(key) => set("key", key)} problem={problem("key")} />
            <SelectField
              label={backendNames.providerId}
              value={values.providerId}
              onChange={(id) => set("providerId", id)}
              problem={problem("providerId")}
              choices={providers.map(({ id, key }) => ({ value: id, label: key }))}
            />
            <TextField
              label={backendNames.model}
              value={values.model}
              onChange={(model) => set("model", model)}
              problem={problem("model")}
              hint="As the provider calls it"
            />
            <TextField
              label={backendNames.concurrentCallsMax}
              type="number"
              min={0}
              value={String(values.concurrentCallsMax)}
              onChange={(text) => set("concurrentCallsMax", Number(text))}
              problem={problem("concurrentCallsMax")}
              hint="0: 1024"
            />
          </div>
          <TextField
            label={backendNames.capabilities}
            value={values.capabilities}
            onChange={(text) => set("capabilities", text)}
            problem={problem("capabilities")}
            hint="Separated by commas, such as tools, vision, json_schema"
          />
          <fieldset>
            <legend>Price in dollars a million tokens</legend>
            <div className="field-grid">
              {(["input", "output", "cacheRead", "cacheWrite"] as const).map((name) => (
                <TextField
                  key={name}
                  label={backendNames[name]}
                  inputMode="decimal"
                  value={values[name]}
                  onChange={(text) => set(name, text)}
                  problem={problem(`price.${name}NanodollarsPerMillion`)}
                  {...(name.startsWith("cache") ? { hint: "Empty: as input" } : {})}
                />
              ))}
            </div>
            <p className="quiet">
              Without input and output the cost of calls is unknown, which is not the same as nothing. Calls keep the price they were made
              at.
            </p>
          </fieldset>
        </>
      )}
    </EditDialog>
  );
}

function refusalOf(values: BackendValues): string | undefined {
  if (values.key.trim() === "") return "Give it a name";
  if (values.model.trim() === "") return "Say which model";
  for (const name of ["input", "output", "cacheRead", "cacheWrite"] as const)
    if (values[name].trim() !== "" && nanodollarsOf(values[name]) === undefined) return "A price is written like 0.15";
  if ((values.input.trim() === "") !== (values.output.trim() === "")) return "Give both the input and the output price, or neither";
  return undefined;
}
