/** Making, changing and rotating a key. */
import { useState } from "react";
import { EditDialog } from "../../change/form.tsx";
import { CheckField, SelectField, TextField } from "../../ui/field.tsx";
import { Code } from "../../ui/marks.tsx";
import { SecretDialog } from "../../ui/secret.tsx";
import { curlSample } from "../developers/samples.ts";
import { createKey, type KeyDetails, type KeyValues, keyValues, rotateKey, updateKey } from "./changes.ts";

const names = {
  name: "Name",
  projectId: "Project",
  environment: "Environment",
  allowedRoutes: "Routes it may use",
  expires: "Last day",
} as const;

interface KeyDialogProps {
  readonly apiKey?: KeyDetails;
  readonly projects: readonly { readonly id: string; readonly name: string }[];
  readonly routes: readonly string[];
  readonly restUrl: string;
  readonly onClose: () => void;
}

export function KeyDialog({ apiKey, projects, routes, restUrl, onClose }: KeyDialogProps) {
  const [credential, setCredential] = useState<string>();
  if (credential !== undefined)
    return <NewSecret credential={credential} route={routes[0] ?? "demo-chat"} restUrl={restUrl} onClose={onClose} />;
  const isNew = apiKey === undefined;
  return (
    <EditDialog<KeyValues>
      title={isNew ? "New API key" : `Change ${apiKey.name}`}
      start={
        isNew ? { name: "", projectId: projects[0]?.id ?? "", environment: "live", allowedRoutes: [], expires: "" } : keyValues(apiKey)
      }
      {...(isNew ? {} : { revision: apiKey.revision })}
      names={names}
      submit={isNew ? "Make the key" : "Publish the change"}
      done={isNew ? "The key is there" : "The key is changed"}
      refuse={({ name }) => (name.trim() === "" ? "Give it a name" : undefined)}
      save={(values, revision) => (isNew ? createKey(values) : updateKey(apiKey.id, values, revision))}
      onClose={(outcome) => {
        if (isNew && outcome?.kind === "done") setCredential((outcome.payload as { credential: string }).credential);
        else onClose();
      }}
    >
      {({ values, set, problem }) => (
        <>
          <TextField
            label={names.name}
            value={values.name}
            onChange={(name) => set("name", name)}
            problem={problem("name")}
            hint="Who or what uses it"
          />
          {isNew && (
            <div className="field-grid">
              <SelectField
                label={names.projectId}
                value={values.projectId}
                onChange={(id) => set("projectId", id)}
                problem={problem("projectId")}
                choices={projects.map(({ id, name }) => ({ value: id, label: name }))}
              />
              <TextField
                label={names.environment}
                value={values.environment}
                onChange={(environment) => set("environment", environment)}
                problem={problem("environment")}
                hint="A part of the key, for people's eyes: 2 to 12 letters"
              />
            </div>
          )}
          <fieldset>
            <legend>{names.allowedRoutes}</legend>
            <p className="quiet">None chosen: all of the organisation, also those to come.</p>
            <div className="field-grid" style={{ gap: "0 1rem" }}>
              {routes.map((route) => (
                <CheckField
                  key={route}
                  label={route}
                  value={values.allowedRoutes.includes(route)}
                  onChange={(on) =>
                    set(
                      "allowedRoutes",
                      (on ? [...values.allowedRoutes, route] : values.allowedRoutes.filter((one) => one !== route)).sort(),
                    )
                  }
                />
              ))}
            </div>
          </fieldset>
          <TextField
            label={names.expires}
            type="date"
            value={values.expires}
            onChange={(day) => set("expires", day)}
            problem={problem("expiresAt")}
            hint="Empty: it does not expire"
          />
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
    <SecretDialog title="Your new API key" secret={credential} onClose={onClose}>
      <h3>Try it</h3>
      <Code wrap text={curlSample({ restUrl, route, key: credential })} label="A call with curl" />
    </SecretDialog>
  );
}
