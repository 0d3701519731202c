/** Making and changing a project. */
import { CaptureFields } from "../../change/capture-fields.tsx";
import { type CaptureValues, captureFragment, captureInput, captureRefusal, captureValues } from "../../change/capture-values.ts";
import { EditDialog } from "../../change/form.tsx";
import { client } from "../../graphql/client.ts";
import { graphql, type ResultOf } from "../../graphql/documents.ts";
import { TextField } from "../../ui/field.tsx";
import { saveProject } from "./changes.ts";

export const projectFragment = graphql(
  `
    fragment ProjectDetails on Project {
      id
      key
      name
      revision
      contentCapture {
        ...Capture
      }
    }
  `,
  [captureFragment],
);

export type Project = ResultOf<typeof projectFragment>;

const readProject = graphql(
  `
    query ReadProject($id: ID!) {
      project(id: $id) {
        ...ProjectDetails
      }
    }
  `,
  [projectFragment],
);

interface ProjectValues extends Readonly<Record<string, unknown>> {
  readonly key: string;
  readonly name: string;
  readonly capture: CaptureValues;
}

const valuesOf = (project: Project | undefined): ProjectValues => ({
  key: project?.key ?? "",
  name: project?.name ?? "",
  capture: captureValues(project?.contentCapture),
});

async function readAgain(id: string) {
  const { data } = await client.query(readProject, { id }, { requestPolicy: "network-only" }).toPromise();
  return data?.project == null ? undefined : { values: valuesOf(data.project), revision: data.project.revision };
}

export function ProjectDialog({ project, onClose }: { readonly project?: Project; readonly onClose: () => void }) {
  return (
    <EditDialog<ProjectValues>
      title={project === undefined ? "New project" : `Change ${project.name}`}
      start={valuesOf(project)}
      {...(project === undefined ? {} : { revision: project.revision, readAgain: () => readAgain(project.id) })}
      names={{ key: "Key", name: "Name", capture: "What is said in calls" }}
      submit={project === undefined ? "Make the project" : "Publish the change"}
      done={project === undefined ? "The project is there" : "The project is changed"}
      refuse={({ key, name, capture }) => (key === "" || name === "" ? "Give it a key and a name" : captureRefusal(capture))}
      save={({ key, name, capture }, revision) => saveProject(project?.id, { key, name, contentCapture: captureInput(capture) }, revision)}
      onClose={onClose}
    >
      {({ values, set, problem }) => (
        <>
          <div className="field-grid">
            <TextField label="Key" value={values.key} onChange={(key) => set("key", key)} problem={problem("key")} hint="For machines" />
            <TextField
              label="Name"
              value={values.name}
              onChange={(name) => set("name", name)}
              problem={problem("name")}
              hint="For people"
            />
          </div>
          {project !== undefined && (
            <CaptureFields
              values={values.capture}
              onChange={(capture) => set("capture", capture)}
              above="As the organisation says"
              problem={problem("contentCapture")}
            />
          )}
        </>
      )}
    </EditDialog>
  );
}
