/** A page to try GraphQL with, as the one who is signed in: everything the console does, and what it has no page for. */
import { useLocation } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { Empty, Skeleton } from "../../graphql/result.tsx";
import { useViewer } from "../../session/viewer.ts";
import { Page } from "../../shell/page.tsx";
import { oneOf, text } from "../../shell/url-state.ts";
import { Bench } from "./bench.tsx";
import { type KnownSchema, readSchema } from "./schema.ts";

/** @property type which one is read in the documentation. */
export const address = { tab: oneOf("schema", "last"), type: text };

export function ExplorerPage() {
  const { explorer } = useViewer();
  return (
    <Page
      title="GraphQL"
      lead="Everything that the console does goes this way. What you run here runs as you, with your role, and is written to the audit log where it changes something."
    >
      {explorer ? (
        <WithSchema />
      ) : (
        <Empty title="It is switched off">Whoever runs the control plane can allow it with PENSTOCK_GRAPHQL_EXPLORER=true.</Empty>
      )}
    </Page>
  );
}

/** The editors come when it is known whether there is a schema: made anew under the hand, they would lose the cursor. */
function WithSchema() {
  const [read, setRead] = useState<{ readonly schema: KnownSchema }>();
  const hash = useLocation({ select: ({ hash }) => hash });
  useEffect(() => {
    let here = true;
    void readSchema().then((schema) => here && setRead({ schema }));
    return () => {
      here = false;
    };
  }, []);
  return read === undefined ? <Skeleton /> : <Bench schema={read.schema} hash={hash} />;
}
