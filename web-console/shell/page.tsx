/** A page: what it is called, what it is for in a sentence, what can be done here. */
import { Link } from "@tanstack/react-router";
import { type ReactNode, useEffect } from "react";

interface PageProps {
  readonly title: string;
  readonly lead?: ReactNode;
  readonly under?: { readonly to: string; readonly name: string };
  readonly actions?: ReactNode;
  readonly children: ReactNode;
}

export function Page({ title, lead, under, actions, children }: PageProps) {
  useEffect(() => {
    document.title = `${title} · Penstock`;
  }, [title]);
  return (
    <div className="page">
      <div className="page-head">
        <div>
          {under !== undefined && (
            <nav className="crumbs" aria-label="Above this page">
              <Link to={under.to}>{under.name}</Link> <span aria-hidden>/</span>
            </nav>
          )}
          <h1>{title}</h1>
          {lead !== undefined && <p>{lead}</p>}
        </div>
        {actions !== undefined && <div className="row">{actions}</div>}
      </div>
      {children}
    </div>
  );
}

export function Card({
  title,
  actions,
  children,
  flush,
}: {
  readonly title?: ReactNode;
  readonly actions?: ReactNode;
  readonly children: ReactNode;
  readonly flush?: boolean;
}) {
  return (
    <section className={flush ? "card flush" : "card"}>
      {title !== undefined && (
        <div className="card-head">
          <h2>{title}</h2>
          {actions}
        </div>
      )}
      {children}
    </section>
  );
}
