/** What can be done to projects, admin tokens and organisations. */
import { change, problemFragment, publishedFragment } from "../../change/outcome.ts";
import { graphql } from "../../graphql/documents.ts";

const createProjectMutation = graphql(
  `
    mutation CreateProject($input: CreateProjectInput!) {
      createProject(input: $input, waitForPropagation: true) {
        ... on CreateProjectPayload {
          project {
            id
          }
        }
        ...Published
        ...Problem
      }
    }
  `,
  [publishedFragment, problemFragment],
);

const updateProjectMutation = graphql(
  `
    mutation UpdateProject($input: UpdateProjectInput!) {
      updateProject(input: $input, waitForPropagation: true) {
        ... on UpdateProjectPayload {
          project {
            id
          }
        }
        ...Published
        ...Problem
      }
    }
  `,
  [publishedFragment, problemFragment],
);

const archiveProjectMutation = graphql(
  `
    mutation ArchiveProject($input: ArchiveProjectInput!) {
      archiveProject(input: $input, waitForPropagation: true) {
        ... on ArchiveProjectPayload {
          project {
            id
          }
        }
        ...Published
        ...Problem
      }
    }
  `,
  [publishedFragment, problemFragment],
);

const createTokenMutation = graphql(
  `
    mutation CreateAdminToken($input: CreateAdminTokenInput!) {
      createAdminToken(input: $input) {
        ... on CreateAdminTokenPayload {
          credential
          adminToken {
            id
          }
        }
        ...Problem
      }
    }
  `,
  [problemFragment],
);
const revokeTokenMutation = graphql(
  `
    mutation RevokeAdminToken($input: RevokeAdminTokenInput!) {
      revokeAdminToken(input: $input) {
        ... on RevokeAdminTokenPayload {
          adminToken {
            id
          }
        }
        ...Problem
      }
    }
  `,
  [problemFragment],
);
const createOrganisationMutation = graphql(
  `
    mutation CreateOrganisation($input: CreateOrganisationInput!) {
      createOrganisation(input: $input, waitForPropagation: true) {
        ... on CreateOrganisationPayload {
          organisation {
            id
          }
        }
        ...Published
        ...Problem
      }
    }
  `,
  [publishedFragment, problemFragment],
);

export const saveProject = (id: string | undefined, values: { readonly key: string; readonly name: string }, expectedRevision: number) =>
  id === undefined
    ? change(createProjectMutation, { input: values })
    : change(updateProjectMutation, { input: { ...values, id, expectedRevision } });
export const archiveProject = (id: string, expectedRevision: number) => change(archiveProjectMutation, { input: { id, expectedRevision } });
export const createToken = (name: string, role: "ADMIN" | "VIEWER", expiresAt: string | null) =>
  change(createTokenMutation, { input: { name, role, expiresAt } });
export const revokeToken = (id: string) => change(revokeTokenMutation, { input: { id } });
export const createOrganisation = (key: string, name: string) => change(createOrganisationMutation, { input: { key, name } });
