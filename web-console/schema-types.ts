/**
 * schema.graphql as types (graphql/introspection.d.ts, not committed), and each document of the console checked against it:
 * the types alone would let a field through that is not there.
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { minifyIntrospection, outputIntrospectionFile } from "@gql.tada/internal";
import { buildSchema, type DocumentNode, introspectionFromSchema, Kind, parse, validate } from "graphql";

const schemaFile = join(import.meta.dirname, "..", "control-plane", "schema.graphql");

export async function writeSchemaTypes(): Promise<void> {
  const schema = buildSchema(readFileSync(schemaFile, "utf8"));
  const introspection = minifyIntrospection(introspectionFromSchema(schema, { descriptions: false }));
  writeFileSync(
    join(import.meta.dirname, "graphql", "introspection.d.ts"),
    outputIntrospectionFile(introspection, { fileType: ".d.ts", shouldPreprocess: true }),
  );
}

/** What is wrong, one line each. Fragments have a name for the whole console, so all documents can be read together. */
export function documentProblems(): string[] {
  const schema = buildSchema(readFileSync(schemaFile, "utf8"));
  const documents = readdirSync(import.meta.dirname, { recursive: true, encoding: "utf8" })
    .filter((name) => /\.tsx?$/.test(name) && !name.startsWith("dist"))
    .flatMap((name) =>
      [...readFileSync(join(import.meta.dirname, name), "utf8").matchAll(/graphql\(\s*`([^`]*)`/g)].map(([, text = ""]) => ({
        name,
        text,
      })),
    );
  const definitions = documents.flatMap(({ text }) => parse(text, { noLocation: true }).definitions);
  const fragments = definitions.filter((definition) => definition.kind === Kind.FRAGMENT_DEFINITION);
  return documents.flatMap(({ name, text }) => {
    const own = parse(text, { noLocation: true }).definitions;
    const known = new Set(own.map((definition) => ("name" in definition ? definition.name?.value : undefined)));
    const document: DocumentNode = {
      kind: Kind.DOCUMENT,
      definitions: [...own, ...fragments.filter((fragment) => !known.has(fragment.name.value))],
    };
    return validate(schema, document)
      .filter(({ message }) => !/^Fragment ".*" is never used/.test(message))
      .map(({ message }) => `web-console/${name}: ${message}`);
  });
}

if (process.argv[1] === import.meta.filename) {
  await writeSchemaTypes();
  const problems = process.argv.includes("--check-documents") ? [...new Set(documentProblems())] : [];
  for (const problem of problems) process.stderr.write(`${problem}\n`);
  if (problems.length > 0) process.exit(1);
}
