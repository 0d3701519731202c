/** The permanent address of one call. */
import { Link, useParams } from "@tanstack/react-router";
import { usePageQuery } from "../../graphql/page-query.ts";
import { Result } from "../../graphql/result.tsx";
import { Page } from "../../shell/page.tsx";
import { CallDetail, callQuery, playgroundSearch, useUntilThere } from "./call-detail.tsx";

export function CallPage() {
  const { callId } = useParams({ strict: false }) as { callId: string };
  const page = usePageQuery(callQuery, { callId }, { follow: false });
  useUntilThere(page);
  const call = page.data?.usageEvent;
  return (
    <Page
      title={call == null ? "A call" : `A call to ${call.routeName || call.modelAsked}`}
      under={{ to: "/calls", name: "Calls" }}
      actions={
        call != null && (
          <Link to="/playground" search={playgroundSearch(call)} className="button">
            Open in the playground
          </Link>
        )
      }
    >
      <Result of={page}>
        {(data) => (
          <div className="card stack loose">
            <CallDetail data={data} again={page.again} />
          </div>
        )}
      </Result>
    </Page>
  );
}
