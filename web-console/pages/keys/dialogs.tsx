/** Making, changing and rotating a key. */
import { useState } from "react";
import { ChooseField } from "../../change/choose-field.tsx";
import { EditDialog } from "../../change/form.tsx";
import { columnNames } from "../../change/words/column-names.ts";
import { SelectField, TextField } from "../../ui/field.tsx";
import { Code } from "../../ui/marks.tsx";
import { SecretDialog } from "../../ui/secret.tsx";
import { curlSample } from "../developers/samples.ts";
import { createKey, type KeyDetails, type KeyValues, keyValues, readKeyAgain, rotateKey, updateKey } from "./changes.ts";
import { ScopeFields } from "./scope-fields.tsx";

const names = {
  name: columnNames.API_KEY_NAME,
  owner: columnNames.API_KEY_OWNER,
  projectId: columnNames.API_KEY_PROJECT_ID,
  environment: columnNames.API_KEY_ENVIRONMENT,
  allowedRoutes: columnNames.API_KEY_ALLOWED_ROUTES,
  allowedMethods: columnNames.API_KEY_ALLOWED_METHODS,
  networks: columnNames.API_KEY_ALLOWED_NETWORKS,
  mayForceVariants: columnNames.API_KEY_MAY_FORCE_VARIANTS,
  expires: columnNames.API_KEY_EXPIRES_AT,
} as const;

const newKey: KeyValues = {
  name: "",
  owner: "",
  projectId: "",
  environment: "live",
  allowedRoutes: [],
  allowedMethods: [],
  networks: "",
  mayForceVariants: false,
  expires: "",
};

interface KeyDialogProps {
  readonly apiKey?: KeyDetails;
  /** Of a new key, until another is chosen. */
  readonly project?: { readonly id: string; readonly name: string } | undefined;
  /** For the sample. */
  readonly route: string;
  readonly restUrl: string;
  readonly onClose: () => void;
}

export function KeyDialog({ apiKey, project, route, restUrl, onClose }: KeyDialogProps) {
  const [made, setMade] = useState<{ readonly credential: string; readonly route: string }>();
  if (made !== undefined) return <NewSecret {...made} restUrl={restUrl} onClose={onClose} />;
  const isNew = apiKey === undefined;
  return (
    <EditDialog<KeyValues>
      title={isNew ? "New API key" : `Change ${apiKey.name}`}
      large
      start={isNew ? { ...newKey, projectId: project?.id ?? "" } : keyValues(apiKey)}
      {...(isNew ? {} : { revision: apiKey.revision, readAgain: () => readKeyAgain(apiKey.id) })}
      names={names}
      submit={isNew ? "Make the key" : "Publish the change"}
      done={isNew ? "The key is there" : "The key is changed"}
      refuse={({ name, projectId }) =>
        name.trim() === "" ? "Give it a name" : projectId === "" ? "Say which project it belongs to" : undefined
      }
      save={(values, revision) => (isNew ? createKey(values) : updateKey(apiKey.id, values, revision))}
      onClose={(outcome) => {
        if (!isNew || outcome?.kind !== "done") return onClose();
        // The mutation's payload, which the outcome of any change carries as it came.
        const { credential, apiKey: row } = outcome.payload as { credential: string; apiKey: { allowedRoutes: readonly string[] } };
        setMade({ credential, route: row.allowedRoutes[0] ?? route });
      }}
    >
      {(form) => (
        <>
          <div className="field-grid">
            <TextField
              label={names.name}
              value={form.values.name}
              onChange={(name) => form.set("name", name)}
              problem={form.problem("name")}
              hint="What uses it"
            />
            <TextField
              label={names.owner}
              value={form.values.owner}
              onChange={(owner) => form.set("owner", owner)}
              problem={form.problem("owner")}
              hint="Who answers for it: a person, a team"
            />
          </div>
          <div className="field-grid">
            {isNew && (
              <>
                <ChooseField
                  label={names.projectId}
                  of="projects"
                  value={form.values.projectId}
                  named={form.values.projectId === project?.id ? project.name : undefined}
                  onChange={({ id }) => form.set("projectId", id)}
                  problem={form.problem("projectId")}
                />
                <TextField
                  label={names.environment}
                  value={form.values.environment}
                  onChange={(environment) => form.set("environment", environment)}
                  problem={form.problem("environment")}
                  hint="A part of the key, for people's eyes: 2 to 12 letters"
                />
              </>
            )}
            <TextField
              label={names.expires}
              type="date"
              value={form.values.expires}
              onChange={(day) => form.set("expires", day)}
              problem={form.problem("expiresAt")}
              hint="Empty: it does not expire"
            />
          </div>
          <ScopeFields {...form} />
        </>
      )}
    </EditDialog>
  );
}

const overlaps = [
  { value: "0", label: "none: the old key stops at once" },
  { value: "3600", label: "1 hour" },
  { value: "86400", label: "1 day" },
  { value: "604800", label: "7 days" },
  { value: "2592000", label: "30 days" },
];

export function RotateDialog({
  apiKey,
  route,
  restUrl,
  onClose,
}: {
  readonly apiKey: KeyDetails;
  readonly route: string;
  readonly restUrl: string;
  readonly onClose: () => void;
}) {
  const [credential, setCredential] = useState<string>();
  if (credential !== undefined) return <NewSecret credential={credential} route={route} restUrl={restUrl} onClose={onClose} />;
  return (
    <EditDialog<{ overlap: string }>
      title={`Rotate ${apiKey.name}`}
      description="Makes a new key that may do what this one may; this one works on for the overlap and then ends by itself."
      start={{ overlap: "86400" }}
      names={{ overlap: "Overlap" }}
      submit="Rotate"
      done="The new key is there"
      save={({ overlap }) => rotateKey(apiKey.id, Number(overlap))}
      onClose={(outcome) => (outcome?.kind === "done" ? setCredential((outcome.payload as { credential: string }).credential) : onClose())}
    >
      {({ values, set }) => (
        <SelectField label="Overlap" value={values.overlap} onChange={(overlap) => set("overlap", overlap)} choices={overlaps} />
      )}
    </EditDialog>
  );
}

function NewSecret({
  credential,
  route,
  restUrl,
  onClose,
}: {
  readonly credential: string;
  readonly route: string;
  readonly restUrl: string;
  readonly onClose: () => void;
}) {
  return (
    <SecretDialog as="hash" title="Your new API key" secret={credential} onClose={onClose}>
      <h3>Try it</h3>
      <Code wrap text={curlSample({ restUrl, route, key: credential })} label="A call with curl" />
    </SecretDialog>
  );
}
