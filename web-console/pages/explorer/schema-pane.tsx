/** The schema to read and to search: types, their fields, what each means. */
import { Link } from "@tanstack/react-router";
import type { GraphQLSchema } from "graphql";
import { useMemo, useState } from "react";
import { counted } from "../../format/numbers.ts";
import { TextField } from "../../ui/field.tsx";
import { Badge, Notice } from "../../ui/marks.tsx";
import type { KnownSchema } from "./schema.ts";
import { foundMax, type Member, membersOf, namedIn, rootsOf, search } from "./schema-words.ts";

interface SchemaPaneProps {
  readonly schema: KnownSchema;
  /** Undefined: where one begins. */
  readonly type: string | undefined;
}

export function SchemaPane({ schema, type }: SchemaPaneProps) {
  const [typed, setTyped] = useState("");
  const found = useMemo(() => (schema === undefined ? [] : search(schema, typed)), [schema, typed]);
  if (schema === undefined)
    return (
      <Notice>
        The control plane does not tell its schema, so there is no completion either. Whoever runs it can allow that with
        PENSTOCK_GRAPHQL_INTROSPECTION=true.
      </Notice>
    );
  return (
    <div className="stack">
      <TextField label="Search types and fields" value={typed} onChange={setTyped} data-search />
      {typed.trim() === "" ? (
        <TypeWords key={type} schema={schema} type={type} />
      ) : (
        <>
          <p className="quiet" role="status">
            {found.length === foundMax ? `The first ${foundMax} of what was found` : counted(found.length, "thing")}
          </p>
          <ul className="schema-words" onClick={(event) => event.target instanceof HTMLAnchorElement && setTyped("")}>
            {found.map(({ type: of, member }) => (
              <li key={`${of}.${member?.name}`}>
                <TypeLink name={of} />
                {member === undefined ? (
                  <p className="quiet">{schema.getType(of)?.description}</p>
                ) : (
                  <>
                    {" "}
                    · <MemberLine member={member} />
                  </>
                )}
              </li>
            ))}
          </ul>
        </>
      )}
    </div>
  );
}

function TypeWords({ schema, type }: { readonly schema: GraphQLSchema; readonly type: string | undefined }) {
  const shown = type === undefined ? undefined : schema.getType(type);
  if (shown === undefined)
    return (
      <>
        {type !== undefined && <Notice tone="warn">There is no type {type}.</Notice>}
        <p className="quiet">What can be asked for, changed and followed begins here:</p>
        <ul className="schema-words">
          {rootsOf(schema).map((root) => (
            <li key={root.name}>
              <TypeLink name={root.name} />
              <p className="quiet">
                {counted(membersOf(root).length, "field")}
                {root.description ? `. ${root.description}` : ""}
              </p>
            </li>
          ))}
        </ul>
      </>
    );
  return (
    <>
      <div>
        <nav className="crumbs" aria-label="Above this type">
          <Link to="/explorer" search={{ tab: "schema" }}>
            Schema
          </Link>{" "}
          <span aria-hidden>/</span>
        </nav>
        <h3>{shown.name}</h3>
        {shown.description && <p className="quiet">{shown.description}</p>}
      </div>
      <ul className="schema-words">
        {membersOf(shown).map((member) => (
          <li key={member.name}>
            <MemberLine member={member} />
          </li>
        ))}
      </ul>
    </>
  );
}

function MemberLine({ member }: { readonly member: Member }) {
  return (
    <>
      <code>
        <strong>{member.name}</strong>
        {member.given}
        {member.type !== "" && ": "}
      </code>
      {member.type !== "" && <TypeLink name={namedIn(member.type)} written={member.type} />}{" "}
      {member.deprecated !== undefined && <Badge tone="warn">Deprecated</Badge>}
      {(member.deprecated ?? member.description) !== "" && <p className="quiet">{member.deprecated ?? member.description}</p>}
    </>
  );
}

const TypeLink = ({ name, written = name }: { readonly name: string; readonly written?: string }) => (
  <Link to="/explorer" search={{ tab: "schema", type: name }} className="mono">
    {written}
  </Link>
);
