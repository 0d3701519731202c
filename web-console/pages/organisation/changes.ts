/** What can be done to projects, admin tokens and organisations. */
import type { captureInput } from "../../change/capture-values.ts";
import { change, problemFragment, publishedFragment } from "../../change/outcome.ts";
import { graphql, type VariablesOf } from "../../graphql/documents.ts";

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

const inviteMemberMutation = graphql(
  `
    mutation InviteMember($input: CreateAdminTokenInput!) {
      inviteMember(input: $input) {
        ... on InviteMemberPayload {
          path
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
const updateOrganisationMutation = graphql(
  `
    mutation UpdateOrganisation($input: UpdateOrganisationInput!) {
      updateOrganisation(input: $input, waitForPropagation: true) {
        ... on UpdateOrganisationPayload {
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
const archiveOrganisationMutation = graphql(
  `
    mutation ArchiveOrganisation($input: ArchiveOrganisationInput!) {
      archiveOrganisation(input: $input, waitForPropagation: true) {
        ... on ArchiveOrganisationPayload {
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
const setDiscountsMutation = graphql(
  `
    mutation SetDiscounts($input: SetDiscountsInput!) {
      setDiscounts(input: $input, waitForPropagation: true) {
        ... on SetDiscountsPayload {
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

export interface MemberValues extends Readonly<Record<string, unknown>> {
  readonly name: string;
  readonly role: "VIEWER" | "DEVELOPER" | "OPERATOR" | "ADMIN";
  /** A day; empty: never. */
  readonly expires: string;
}

type CaptureInput = ReturnType<typeof captureInput>;
interface Named {
  readonly key: string;
  readonly name: string;
  readonly contentCapture: CaptureInput;
}

const memberInput = ({ name, role, expires }: MemberValues) => ({ name, role, expiresAt: expires === "" ? null : `${expires}T23:59:59Z` });

/** A new one keeps what the organisation says. */
export const saveProject = (id: string | undefined, { key, name, contentCapture }: Named, expectedRevision: number) =>
  id === undefined
    ? change(createProjectMutation, { input: { key, name } })
    : change(updateProjectMutation, { input: { key, name, contentCapture, id, expectedRevision } });
export const archiveProject = (id: string, expectedRevision: number) => change(archiveProjectMutation, { input: { id, expectedRevision } });
export const createToken = (values: MemberValues) => change(createTokenMutation, { input: memberInput(values) });
export const inviteMember = (values: MemberValues) => change(inviteMemberMutation, { input: memberInput(values) });
export const revokeToken = (id: string) => change(revokeTokenMutation, { input: { id } });
export const createOrganisation = (key: string, name: string) => change(createOrganisationMutation, { input: { key, name } });
export const updateOrganisation = (named: Named, expectedRevision: number) =>
  change(updateOrganisationMutation, { input: { ...named, expectedRevision } });
export const archiveOrganisation = (id: string, expectedRevision: number) =>
  change(archiveOrganisationMutation, { input: { id, expectedRevision } });
export const setDiscounts = (discounts: VariablesOf<typeof setDiscountsMutation>["input"]["discounts"], expectedRevision: number) =>
  change(setDiscountsMutation, { input: { discounts, expectedRevision } });
