/** The GraphQL behind the page, ready to be sent by a program. */
import { Link } from "@tanstack/react-router";
import { useBehind } from "../graphql/page-query.ts";
import { explorerHash } from "../pages/explorer/link.ts";
import { useViewer } from "../session/viewer.ts";
import { Dialog } from "../ui/dialog.tsx";
import { Code } from "../ui/marks.tsx";

export function BehindDialog({ onClose }: { readonly onClose: () => void }) {
  const behind = useBehind();
  const { explorer } = useViewer();
  return (
    <Dialog
      open
      large
      onClose={onClose}
      title="The GraphQL behind this page"
      description="One request, with these variables. Everything that the console does goes this way."
    >
      {behind === undefined ? (
        <p className="quiet">This page asks for nothing.</p>
      ) : (
        <>
          {explorer && (
            <Link to="/explorer" hash={explorerHash(behind.query, behind.variables)} onClick={onClose}>
              Try it in the explorer
            </Link>
          )}
          <Code text={behind.query} label="The query" />
          <Code text={JSON.stringify(behind.variables, null, 2)} label="Its variables" />
          <Code wrap label="As a shell command" text={curlOf(behind)} />
        </>
      )}
    </Dialog>
  );
}

const curlOf = (body: { query: string; variables: unknown }): string =>
  `curl ${location.origin}/graphql -H "authorization: Bearer $ADMIN_TOKEN" -H 'content-type: application/json' \\
  --data '${JSON.stringify(body).replaceAll("'", "'\\''")}'`;
