/** Figures at the head of a page, in tiles of one height. A figure never breaks: it is set smaller where its tile is narrow. */
import { Link } from "@tanstack/react-router";
import type { CSSProperties, ReactNode } from "react";

interface TileProps {
  readonly name: ReactNode;
  /** Several stand beside each other. What is no text is no figure. */
  readonly value: string | readonly string[] | Exclude<ReactNode, Iterable<unknown>>;
  /** The same to the last digit, where the pointer rests. */
  readonly exact?: string | undefined;
  readonly note?: ReactNode;
  readonly to?: "/calls" | "/cost" | "/nodes";
  readonly search?: Readonly<Record<string, unknown>>;
}

export const Tiles = ({ children }: { readonly children: ReactNode }) => <div className="grid tiles">{children}</div>;

export function Tile({ name, value, exact, note, to, search }: TileProps) {
  const parts = (
    <>
      <span className="name">{name}</span>
      <Value value={value} exact={exact} />
      {note !== undefined && <span className="note">{note}</span>}
    </>
  );
  if (to === undefined) return <div className="tile">{parts}</div>;
  return (
    <Link to={to} search={{ ...search }} className="tile">
      {parts}
    </Link>
  );
}

function Value({ value, exact }: Pick<TileProps, "value" | "exact">) {
  const figures = typeof value === "string" ? [value] : Array.isArray(value) ? (value as readonly string[]) : undefined;
  if (figures === undefined) return <span className="value">{value as ReactNode}</span>;
  const letters = figures.join(separator).length;
  return (
    <span className="value" title={exact} style={{ "--letters": letters } as CSSProperties}>
      {figures.flatMap((figure, at) => [
        ...(at === 0 ? [] : [separator]),
        <span key={at} className="figure">
          {figure}
        </span>,
      ])}
    </span>
  );
}

const separator = " / ";
