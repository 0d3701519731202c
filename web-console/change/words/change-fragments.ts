/** What is read of one thing that was changed: by a revision, and between two of them. */
import { graphql, type ResultOf } from "../../graphql/documents.ts";

export const revisionChangeFragment = graphql(`
  fragment RevisionChanged on RevisionChange {
    kind
    entityId
    operation
    columns
    before
    after
    references {
      kind
      id
      name
    }
  }
`);

export const comparedFragment = graphql(`
  fragment Compared on ComparedEntity {
    kind
    entityId
    operation
    columns
    before
    after
    references {
      kind
      id
      name
    }
  }
`);

export type ChangeDetails = ResultOf<typeof revisionChangeFragment> | ResultOf<typeof comparedFragment>;
