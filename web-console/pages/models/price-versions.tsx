/** Every price that a model or a backend had. Fetched when somebody wants to see them. */
import { useState } from "react";
import { useQuery } from "urql";
import { money } from "../../format/numbers.ts";
import { actorName } from "../../format/time.ts";
import { graphql } from "../../graphql/documents.ts";
import { When } from "../../ui/marks.tsx";

const query = graphql(`
  query PriceVersions($ownerId: ID!) {
    priceVersions(ownerId: $ownerId, first: 50) {
      edges {
        node {
          version
          createdAt
          actor
          price {
            effectiveFrom
            inputNanodollarsPerMillion
            outputNanodollarsPerMillion
          }
        }
      }
    }
  }
`);

export function PriceVersions({ ownerId }: { readonly ownerId: string }) {
  const [shown, setShown] = useState(false);
  const [{ data, error }] = useQuery({ query, variables: { ownerId }, pause: !shown });
  return (
    <details onToggle={(event) => setShown(event.currentTarget.open)}>
      <summary>Every price it had</summary>
      {error !== undefined ? (
        <p className="quiet">They cannot be read now; close and open this again.</p>
      ) : data === undefined ? (
        <p className="quiet">Reading …</p>
      ) : data.priceVersions.edges.length === 0 ? (
        <p className="quiet">None of its own.</p>
      ) : (
        <ul className="stack tight">
          {data.priceVersions.edges.map(({ node: { version, createdAt, actor, price } }) => (
            <li key={version} className="row apart">
              <span>
                {version}: {money(price.inputNanodollarsPerMillion)} in, {money(price.outputNanodollarsPerMillion)} out
                {price.effectiveFrom !== null && (
                  <span className="quiet">
                    , from <When at={price.effectiveFrom} />
                  </span>
                )}
              </span>
              <span className="quiet">
                {actorName(actor)}, <When at={createdAt} />
              </span>
            </li>
          ))}
        </ul>
      )}
    </details>
  );
}
