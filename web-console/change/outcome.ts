/** What became of a change: every mutation's union, read once. */
import type { AnyVariables, TypedDocumentNode } from "urql";
import { client, failureOf } from "../graphql/client.ts";
import { graphql } from "../graphql/documents.ts";
import { type Issue, issueOfGraphql, sentenceOf } from "./issues.ts";

/** To be spread in each mutation: what may be wrong. */
export const problemFragment = graphql(`
  fragment Problem on UserError {
    code
    message
    ... on ValidationError {
      issues {
        path
        message
      }
    }
    ... on ConflictError {
      currentRevision
    }
  }
`);

/** To be spread in each mutation of the configuration: which revision it became, and what each node said. */
export const publishedFragment = graphql(`
  fragment Published on ConfigChange {
    configRevision {
      number
    }
    propagation {
      nodeId
      nodeName
      applied
      refusedReason
      waitedMs
    }
  }
`);

export interface Acknowledgement {
  readonly nodeId: string;
  readonly nodeName: string;
  readonly applied: boolean;
  readonly refusedReason: string | null;
  readonly waitedMs: number;
}

export type Outcome<Payload> =
  | { readonly kind: "done"; readonly payload: Payload; readonly revision: string | undefined; readonly nodes: readonly Acknowledgement[] }
  | { readonly kind: "conflict"; readonly message: string }
  /** @property message for those who have no fields: in words, without paths. */
  | { readonly kind: "invalid"; readonly message: string; readonly issues: readonly Issue[] }
  | { readonly kind: "failed"; readonly message: string };

type MemberOf<Data> = Exclude<Data[keyof Data], null | undefined>;
/** The member that is no error: the one with a revision or whatever else it brings. */
export type PayloadOf<Data> = Exclude<MemberOf<Data>, { code: string } | { __typename: `${string}Error` }>;

interface AnyMember {
  readonly code?: string;
  readonly message?: string;
  readonly issues?: readonly Issue[];
  readonly configRevision?: { readonly number: string };
  readonly propagation?: readonly Acknowledgement[];
}

/** Publishing is not optimistic: it answers when each live node has said what it serves. */
export async function change<Data, Variables extends AnyVariables>(
  mutation: TypedDocumentNode<Data, Variables>,
  variables: Variables,
): Promise<Outcome<PayloadOf<Data>>> {
  const { data, error } = await client.mutation(mutation, variables).toPromise();
  if (error !== undefined) {
    const issues = error.graphQLErrors.map(({ message }) => issueOfGraphql(message)).filter((issue) => issue !== undefined);
    if (issues.length > 0) return invalid(issues);
    const failure = failureOf(error);
    return {
      kind: "failed",
      message: failure.offline
        ? "The control plane did not answer, so it is not known whether this was done. Look before you try again."
        : failure.message,
    };
  }
  const member = Object.values(data ?? {})[0] as AnyMember | undefined;
  if (member === undefined) return { kind: "failed", message: "The control plane answered nothing." };
  const message = member.message ?? "";
  if (member.code === "CONFLICT") return { kind: "conflict", message };
  if (member.code === "VALIDATION") return invalid(member.issues ?? []);
  if (member.code !== undefined) return { kind: "failed", message };
  return { kind: "done", payload: member as PayloadOf<Data>, revision: member.configRevision?.number, nodes: member.propagation ?? [] };
}

const invalid = (issues: readonly Issue[]) => ({ kind: "invalid", message: sentenceOf(issues), issues }) as const;
