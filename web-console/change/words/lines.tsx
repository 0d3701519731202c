/** Lines of words with the things in them as links under their names, and times as this browser writes them. */
import { Link } from "@tanstack/react-router";
import { When } from "../../ui/marks.tsx";
import { useThingName } from "../thing-name.ts";
import type { Line, Piece } from "./value-lines.ts";

/** What ids stand for. Those that are not among them are looked up. */
export type Names = ReadonlyMap<string, { readonly kind: string; readonly id: string; readonly name: string }>;

interface LinesProps {
  readonly of: readonly Line[];
  readonly names?: Names;
  /** A line each that the other side does not have. */
  readonly mark?: "before" | "after";
}

export const Lines = ({ of, names, mark }: LinesProps) => (
  <ul className={mark === undefined ? "value-lines" : `value-lines ${mark}`}>
    {of.map((line) => (
      <li key={JSON.stringify(line)}>
        {line.map((piece, index) => (
          <OnePiece key={index} of={piece} names={names} />
        ))}
      </li>
    ))}
  </ul>
);

function OnePiece({ of, names }: { readonly of: Piece; readonly names: Names | undefined }) {
  if (typeof of === "string") return of;
  if ("at" in of) return <When at={of.at} exact />;
  return <Thing id={of.ref} known={names?.get(of.ref)} />;
}

function Thing({ id, known }: { readonly id: string; readonly known: { readonly kind: string; readonly name: string } | undefined }) {
  const name = useThingName(id, known?.name);
  const to = known && pageOf(known.kind, id);
  return to === undefined ? <span title={id}>{name === "gone" ? id : name}</span> : <Link to={to}>{name}</Link>;
}

const pages: Readonly<Record<string, string>> = {
  route: "/routes",
  backend: "/backends",
  prompt: "/prompts",
  experiment: "/experiments",
  project: "/projects",
  api_key: "/keys",
};

/** Undefined: such things have no page of their own. */
export const pageOf = (kind: string, id: string): string | undefined => pages[kind] && `${pages[kind]}/${id}`;
