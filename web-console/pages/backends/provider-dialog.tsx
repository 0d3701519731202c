/** Making and changing a provider. */
import { EditDialog, type Form } from "../../change/form.tsx";
import { columnNames } from "../../change/words/column-names.ts";
import { CheckField, LongField, SelectField, TextField } from "../../ui/field.tsx";
import { emptyProvider, type ProviderDetails, type ProviderValues, providerValues, readProviderAgain, saveProvider } from "./changes.ts";
import { flavourNames, kindNames, methodNames } from "./provider-words.tsx";

const usualUrls: Readonly<Record<string, string>> = {
  OPENAI: "https://api.openai.com/v1",
  ANTHROPIC: "https://api.anthropic.com",
  GEMINI: "https://generativelanguage.googleapis.com",
};

const names = {
  key: columnNames.PROVIDER_KEY,
  kind: columnNames.PROVIDER_KIND,
  flavour: columnNames.PROVIDER_FLAVOUR,
  baseUrl: columnNames.PROVIDER_BASE_URL,
  apiVersion: columnNames.PROVIDER_API_VERSION,
  method: columnNames.PROVIDER_AUTHENTICATION,
  tokenUrl: "Where tokens are fetched",
  clientId: "Client id",
  scope: "Scope",
  audience: "Audience",
  clientAuthentication: "The secret stands in",
  accessKeyId: "Access key id",
  region: "Region",
  credential: columnNames.PROVIDER_SEALED_CREDENTIAL,
  withoutCredential: "Without the credential",
  headers: columnNames.PROVIDER_SEALED_HEADERS,
  withoutHeaders: "Without the headers",
} as const;

const credentialNames: Readonly<Record<ProviderValues["method"], string>> = {
  API_KEY: "Credential",
  BEARER: "Credential: the token",
  OAUTH_CLIENT_CREDENTIALS: "Credential: the client's secret",
  AWS_KEYS: "Credential: the secret access key",
  GOOGLE_SERVICE_ACCOUNT: "Credential: the account's key file, as JSON",
};

interface ProviderDialogProps {
  readonly provider?: ProviderDetails;
  readonly onClose: (done: boolean) => void;
}

export function ProviderDialog({ provider, onClose }: ProviderDialogProps) {
  const isNew = provider === undefined;
  return (
    <EditDialog<ProviderValues>
      title={isNew ? "New provider" : `Change ${provider.key}`}
      description={isNew ? "An account or a server of your own that serves models." : undefined}
      start={isNew ? emptyProvider : providerValues(provider)}
      {...(isNew ? {} : { revision: provider.revision, readAgain: () => readProviderAgain(provider.id) })}
      names={names}
      secrets={["credential", "headers"]}
      submit={isNew ? "Make the provider" : "Publish the change"}
      done={isNew ? "The provider is there" : "The provider is changed"}
      refuse={({ key, baseUrl }) => (key.trim() === "" ? "Give it a name" : baseUrl.trim() === "" ? "Say where it stands" : undefined)}
      save={(values, revision, start) => saveProvider(provider?.id, values, revision, start)}
      onClose={(outcome) => onClose(outcome?.kind === "done")}
    >
      {(form) => (
        <>
          <PlaceFields form={form} />
          <CredentialFields form={form} provider={provider} />
          <HeaderFields form={form} provider={provider} />
        </>
      )}
    </EditDialog>
  );
}

interface PartProps {
  readonly form: Form<ProviderValues>;
  readonly provider?: ProviderDetails | undefined;
}

const choicesOf = (names: Readonly<Record<string, string>>) => Object.entries(names).map(([value, label]) => ({ value, label }));

function PlaceFields({ form: { values, set, problem } }: PartProps) {
  return (
    <>
      <TextField label={names.key} value={values.key} onChange={(key) => set("key", key)} problem={problem("key")} />
      <SelectField
        label={names.kind}
        value={values.kind}
        onChange={(kind) => {
          set("kind", kind as ProviderDetails["kind"]);
          if (values.baseUrl === "" || Object.values(usualUrls).includes(values.baseUrl)) set("baseUrl", usualUrls[kind] ?? "");
        }}
        problem={problem("kind")}
        choices={choicesOf(kindNames)}
      />
      {(values.kind === "OPENAI_COMPATIBLE" || values.kind === "OPENAI") && (
        <SelectField
          label={names.flavour}
          value={values.flavour}
          onChange={(flavour) => set("flavour", flavour as ProviderDetails["flavour"])}
          problem={problem("flavour")}
          choices={choicesOf(flavourNames)}
        />
      )}
      <TextField
        label={names.baseUrl}
        value={values.baseUrl}
        onChange={(url) => set("baseUrl", url)}
        problem={problem("baseUrl")}
        placeholder="http://10.0.0.7:8000/v1"
        hint="With its path. A private address must be named in PENSTOCK_PRIVATE_ADDRESSES."
      />
      {values.flavour === "AZURE" && (
        <TextField
          label={names.apiVersion}
          value={values.apiVersion}
          onChange={(version) => set("apiVersion", version)}
          problem={problem("apiVersion")}
          hint="Empty: the node's default"
        />
      )}
    </>
  );
}

function CredentialFields({ form: { values, set, problem }, provider }: PartProps) {
  const text = (name: "tokenUrl" | "clientId" | "scope" | "audience" | "accessKeyId" | "region", hint?: string) => (
    <TextField
      key={name}
      label={names[name]}
      value={values[name]}
      onChange={(value) => set(name, value)}
      problem={problem(`authentication.${name}`)}
      {...(hint === undefined ? {} : { hint })}
    />
  );
  const Secret = values.method === "GOOGLE_SERVICE_ACCOUNT" ? LongField : TextField;
  return (
    <fieldset className="stack">
      <legend>Whose calls they are</legend>
      <SelectField
        label={names.method}
        value={values.method}
        onChange={(method) => set("method", method as ProviderValues["method"])}
        problem={problem("authentication.method")}
        choices={choicesOf(methodNames)}
      />
      {values.method === "OAUTH_CLIENT_CREDENTIALS" && (
        <div className="field-grid">
          {text("tokenUrl")}
          {text("clientId")}
          {text("scope", "Where the server wants one")}
          {text("audience", "Where the server wants one")}
          <SelectField
            label={names.clientAuthentication}
            value={values.clientAuthentication}
            onChange={(place) => set("clientAuthentication", place as ProviderValues["clientAuthentication"])}
            choices={[
              { value: "BASIC", label: "a header" },
              { value: "POST", label: "the body" },
            ]}
          />
        </div>
      )}
      {values.method === "AWS_KEYS" && (
        <div className="field-grid">
          {text("accessKeyId")}
          {text("region", "That calls are signed for")}
        </div>
      )}
      {!values.withoutCredential && (
        <Secret
          label={credentialNames[values.method]}
          {...(Secret === TextField ? { type: "password" } : {})}
          value={values.credential}
          onChange={(credential) => set("credential", credential)}
          problem={problem("credential")}
          hint={
            provider === undefined
              ? "Sealed at once; nobody can read it again. Empty: the server asks for none."
              : "Empty: it stays as it is. Another base URL or another method needs it again, because it goes to whoever stands there."
          }
        />
      )}
      {provider?.hasCredential === true && (
        <CheckField
          label="Take the credential away"
          value={values.withoutCredential}
          onChange={(without) => set("withoutCredential", without)}
        />
      )}
    </fieldset>
  );
}

function HeaderFields({ form: { values, set, problem }, provider }: PartProps) {
  const there = provider?.headerNames ?? [];
  return (
    <details open={there.length > 0}>
      <summary>{names.headers}</summary>
      <div className="stack" style={{ marginTop: "0.75rem" }}>
        {there.length > 0 && (
          <>
            <p className="quiet">
              Sealed: <code>{there.join(", ")}</code>
            </p>
            <CheckField
              label="Take all of them away"
              value={values.withoutHeaders}
              onChange={(without) => set("withoutHeaders", without)}
            />
          </>
        )}
        {!values.withoutHeaders && (
          <LongField
            label="Headers, one a line"
            mono
            rows={3}
            value={values.headers}
            onChange={(headers) => set("headers", headers)}
            problem={problem("headers")}
            hint={
              there.length > 0
                ? "As x-team: search. Empty: they stay as they are. What is written takes the place of all of them."
                : "As x-team: search. Sealed at once, as the credential is."
            }
          />
        )}
      </div>
    </details>
  );
}
