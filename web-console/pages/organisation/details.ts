/** What is edited of the organisation, on its page and read again where somebody else was faster. */
import { captureFragment } from "../../change/capture-values.ts";
import { client } from "../../graphql/client.ts";
import { graphql, type ResultOf } from "../../graphql/documents.ts";

export const organisationFragment = graphql(
  `
    fragment OrganisationDetails on Organisation {
      id
      key
      name
      revision
      contentCapture {
        ...Capture
      }
      discounts {
        providerId
        basisPoints
        from
        until
      }
    }
  `,
  [captureFragment],
);

export type Organisation = ResultOf<typeof organisationFragment>;

const readOrganisation = graphql(
  `
    query ReadOrganisation {
      organisation {
        ...OrganisationDetails
      }
    }
  `,
  [organisationFragment],
);

/** As a form has it. */
export async function organisationAgain<Values>(valuesOf: (organisation: Organisation) => Values) {
  const { data } = await client.query(readOrganisation, {}, { requestPolicy: "network-only" }).toPromise();
  return data?.organisation == null ? undefined : { values: valuesOf(data.organisation), revision: data.organisation.revision };
}
