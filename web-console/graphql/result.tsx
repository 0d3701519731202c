/** The four states of what a page shows: on its way, failed, there but old, there. */
import { RefreshCw } from "lucide-react";
import type { ReactNode } from "react";
import { Button } from "../ui/button.tsx";
import { Notice, When } from "../ui/marks.tsx";
import type { Failure } from "./client.ts";
import type { PageQuery } from "./page-query.ts";

export function Result<Data>({ of, children }: { readonly of: PageQuery<Data>; readonly children: (data: Data) => ReactNode }) {
  const { data, failure, partial, at, again } = of;
  if (data === undefined && failure === undefined) return <Skeleton />;
  return (
    <>
      {failure !== undefined && (
        <FailureNotice failure={failure} again={again} at={data === undefined ? undefined : at} partial={partial} />
      )}
      {data !== undefined && children(data)}
    </>
  );
}

/** @param at what is shown below came then; undefined: nothing is. */
export function FailureNotice({
  failure,
  again,
  at,
  partial = false,
}: {
  readonly failure: Failure;
  readonly again: () => void;
  readonly at?: number | undefined;
  readonly partial?: boolean;
}) {
  return (
    <Notice tone={at === undefined ? "bad" : "warn"}>
      <div className="row apart">
        <div className="wide">
          <p>{failure.message}</p>
          {partial && <p>The rest of this page is there; what could not be read is left out.</p>}
          {at !== undefined && !partial && (
            <p>
              What you see is from <When at={new Date(at)} />.
            </p>
          )}
          {failure.requestId !== undefined && (
            <p className="quiet">
              Request <code>{failure.requestId}</code>, for whoever reads the log.
            </p>
          )}
        </div>
        <Button small onClick={again}>
          <RefreshCw size={14} aria-hidden /> Try again
        </Button>
      </div>
    </Notice>
  );
}

export function Skeleton({ lines = 5 }: { readonly lines?: number }) {
  return (
    <div className="card stack" aria-busy="true">
      <span className="visually-hidden" role="status">
        Loading
      </span>
      {Array.from({ length: lines }, (_, index) => (
        <div key={index} className="skeleton" style={{ width: `${90 - index * 11}%` }} aria-hidden />
      ))}
    </div>
  );
}

/** Nothing to show: why, and what to do about it. */
export function Empty({ title, children, action }: { readonly title: string; readonly children: ReactNode; readonly action?: ReactNode }) {
  return (
    <div className="card empty">
      <h2>{title}</h2>
      <p>{children}</p>
      {action}
    </div>
  );
}

/** An address that names nothing that who looks may see. */
export const NoSuch = ({ thing }: { readonly thing: string }) => (
  <Empty title={`There is no such ${thing}`}>It may belong to another organisation, or the address is mistyped.</Empty>
);
