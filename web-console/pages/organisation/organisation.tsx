/** The organisation: what it is and keeps, its projects, who may administer it and as what, and, for the installation's administrators, all others. */
import { captureFragment } from "../../change/capture-values.ts";
import { graphql, type ResultOf } from "../../graphql/documents.ts";
import { useKeyset } from "../../graphql/keyset.ts";
import { Result } from "../../graphql/result.tsx";
import { useViewer } from "../../session/viewer.ts";
import { Page } from "../../shell/page.tsx";
import { oneOf, useUrlState } from "../../shell/url-state.ts";
import { Tabs } from "../../ui/tabs.tsx";
import { organisationFragment } from "./details.ts";
import { Keeps } from "./keeps.tsx";
import { Members } from "./members.tsx";
import { Organisations } from "./organisations.tsx";
import { ProjectDialog } from "./project-dialog.tsx";
import { Projects } from "./projects.tsx";

const query = graphql(
  `
    query Organisation($after: String, $admin: Boolean!, $installation: Boolean!) {
      organisation {
        ...OrganisationDetails
      }
      projects(first: 100, after: $after) {
        edges {
          cursor
          node {
            id
            key
            name
            revision
            createdAt
            contentCapture {
              ...Capture
            }
          }
        }
        pageInfo {
          hasNextPage
          endCursor
        }
      }
      adminTokens(first: 100) @include(if: $admin) {
        edges {
          node {
            id
            name
            role
            publicId
            installation
            createdAt
            expiresAt
            revokedAt
            invitedUntil
          }
        }
      }
      organisations(first: 100) @include(if: $installation) {
        edges {
          node {
            id
            key
            name
            createdAt
          }
        }
      }
      providers(first: 100) @include(if: $installation) {
        edges {
          node {
            id
            key
          }
        }
      }
    }
  `,
  [captureFragment, organisationFragment],
);

export type OrganisationData = ResultOf<typeof query>;
export type Member = NonNullable<OrganisationData["adminTokens"]>["edges"][number]["node"];

const tabs = [
  ["projects", "Projects"],
  ["members", "Members"],
  ["keeps", "What it keeps and pays"],
] as const;

export const address = {
  tab: oneOf("projects", "members", "keeps", "all"),
  make: oneOf("project", "member", "invitation", "organisation"),
};

export function OrganisationPage() {
  const { installation, role } = useViewer();
  const [{ tab = "projects", make }, setUrl] = useUrlState(address);
  const { first, nodes, ...later } = useKeyset(query, { admin: role === "admin", installation }, (data) => data.projects);
  const close = () => setUrl({ make: undefined }, { replace: true });
  return (
    <Page
      title={first.data?.organisation?.name ?? "Organisation"}
      lead="Projects hold API keys and limits. Members are people and programs that look at this console and change things."
    >
      <Tabs label="Parts of this page" current={tab} tabs={installation ? [...tabs, ["all", "All organisations"] as const] : tabs} />
      <Result of={first}>
        {(data) => (
          <>
            {tab === "projects" && <Projects projects={nodes} later={later} onMake={() => setUrl({ make: "project" })} />}
            {tab === "members" && (
              <Members
                members={data.adminTokens?.edges.map(({ node }) => node)}
                making={make === "member" || make === "invitation" ? make : undefined}
                onMake={(kind) => setUrl({ make: kind })}
                onClose={close}
              />
            )}
            {tab === "keeps" && data.organisation !== null && (
              <Keeps organisation={data.organisation} providers={data.providers?.edges.map(({ node }) => node)} projects={nodes.length} />
            )}
            {tab === "all" && (
              <Organisations data={data} making={make === "organisation"} onMake={() => setUrl({ make: "organisation" })} onClose={close} />
            )}
            {make === "project" && <ProjectDialog onClose={close} />}
          </>
        )}
      </Result>
    </Page>
  );
}
