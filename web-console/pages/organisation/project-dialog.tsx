/** Making and changing a project. */
import { CaptureFields } from "../../change/capture-fields.tsx";
import { type CaptureValues, captureFragment, captureInput, captureRefusal, captureValues } from "../../change/capture-values.ts";
import { EditDialog } from "../../change/form.tsx";
import { client } from "../../graphql/client.ts";
import { graphql, type ResultOf } from "../../graphql/documents.ts";
import { saveProject } from "./changes.ts";
import { NameFields, type NameValues, nameRefusal, names } from "./name-fields.tsx";

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

interface ProjectValues extends NameValues {
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
      names={{ ...names, capture: "What is said in calls" }}
      submit={project === undefined ? "Make the project" : "Publish the change"}
      done={project === undefined ? "The project is there" : "The project is changed"}
      refuse={(values) => nameRefusal(values) ?? captureRefusal(values.capture)}
      save={({ key, name, capture }, revision) => saveProject(project?.id, { key, name, contentCapture: captureInput(capture) }, revision)}
      onClose={onClose}
    >
      {(form) => (
        <>
          <NameFields {...form} />
          {project !== undefined && (
            <CaptureFields
              values={form.values.capture}
              onChange={(capture) => form.set("capture", capture)}
              above="As the organisation says"
              problem={form.problem("contentCapture")}
            />
          )}
        </>
      )}
    </EditDialog>
  );
}
