/**
 * A page to try GraphQL with, in one file and without any network but our own: Yoga's loads its script from a CDN, which a
 * gateway on a closed network does not reach and should not trust. It keeps the token in the page's memory alone.
 */
import { randomBytes } from "node:crypto";
import { explorerExamples } from "./explorer-examples.ts";

export interface ExplorerPage {
  readonly html: string;
  /** Lets the page's own script and style run, and nothing else. */
  readonly contentSecurityPolicy: string;
}

export function explorerPage(graphqlPath: string): ExplorerPage {
  const nonce = randomBytes(16).toString("base64");
  return {
    html: page(nonce, graphqlPath),
    contentSecurityPolicy: `default-src 'none'; script-src 'nonce-${nonce}'; style-src 'nonce-${nonce}'; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'`,
  };
}

/** As JSON inside a script: nothing in it may end the element. */
const examples = (): string =>
  JSON.stringify(
    explorerExamples.map(({ name, query, variables }) => ({ name, query, variables: variables?.(new Date()) ?? {} })),
  ).replaceAll("<", "\\u003c");

const page = (nonce: string, graphqlPath: string): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Penstock GraphQL</title>
<style nonce="${nonce}">
  body { font: 15px/1.4 system-ui, sans-serif; margin: 0 auto; padding: 1rem; max-width: 90rem; }
  main { display: grid; grid-template-columns: 1fr 1fr; gap: 1rem; }
  label { display: block; margin: .5rem 0 .2rem; }
  input, select, textarea { width: 100%; box-sizing: border-box; font: 13px/1.5 ui-monospace, monospace; padding: .4rem; }
  pre { font: 13px/1.5 ui-monospace, monospace; background: #f4f4f6; padding: .6rem; overflow: auto; margin: 0; max-height: 80vh; }
  button { margin: .6rem .4rem 0 0; padding: .4rem .9rem; }
</style>
</head>
<body>
<h1>Penstock GraphQL</h1>
<main>
  <form id="ask">
    <label for="token">Admin token (in credentials.json); not needed where you are signed in to the console</label>
    <input id="token" type="password" autocomplete="off" spellcheck="false">
    <label for="example">Examples</label>
    <select id="example"></select>
    <label for="query">Query</label>
    <textarea id="query" rows="18" spellcheck="false"></textarea>
    <label for="variables">Variables (JSON)</label>
    <textarea id="variables" rows="5" spellcheck="false">{}</textarea>
    <button type="submit">Run (Ctrl+Enter)</button>
    <button type="button" id="fields">List all fields</button>
  </form>
  <section aria-label="Answer"><pre id="answer" aria-live="polite"></pre></section>
</main>
<script nonce="${nonce}">
  const at = (id) => document.getElementById(id);
  const examples = ${examples()};
  at("example").append(...examples.map(({ name }, index) => new Option(name, String(index))));
  const put = ({ query, variables }) => { at("query").value = query; at("variables").value = JSON.stringify(variables || {}, null, 2); };
  at("example").addEventListener("change", () => { if (at("example").value !== "") put(examples[Number(at("example").value)]); });
  put(examples[0]);
  // The console hands over what stands behind one of its pages; after the # it reaches no server.
  try {
    if (location.hash.length > 1) {
      put(JSON.parse(decodeURIComponent(location.hash.slice(1))));
      at("example").prepend(new Option("From the console", ""));
      at("example").selectedIndex = 0;
    }
  } catch {}
  const show = (text) => { at("answer").textContent = text; };
  async function send(query, variables) {
    const headers = { "content-type": "application/json", accept: "application/graphql-response+json, application/json", "x-graphql-yoga-csrf": "1" };
    if (at("token").value.trim() !== "") headers.authorization = "Bearer " + at("token").value.trim();
    const response = await fetch(${JSON.stringify(graphqlPath)}, { method: "POST", headers, body: JSON.stringify({ query, variables }) });
    return response.json();
  }
  async function run() {
    show("…");
    try {
      show(JSON.stringify(await send(at("query").value, JSON.parse(at("variables").value || "{}")), null, 2));
    } catch (error) { show(String(error)); }
  }
  const typeName = (type) => type.kind === "NON_NULL" ? typeName(type.ofType) + "!" : type.kind === "LIST" ? "[" + typeName(type.ofType) + "]" : type.name;
  async function list() {
    const type = "type { kind name ofType { kind name ofType { kind name ofType { kind name } } } }";
    const fields = "{ name description args { name " + type + " } " + type + " }";
    const answer = await send("{ __schema { queryType { fields " + fields + " } mutationType { fields " + fields + " } subscriptionType { fields " + fields + " } } }");
    const schema = answer.data && answer.data.__schema;
    if (!schema) return show(JSON.stringify(answer, null, 2));
    const line = (field) => field.name + (field.args.length ? "(" + field.args.map((one) => one.name + ": " + typeName(one.type)).join(", ") + ")" : "") + ": " + typeName(field.type);
    show(Object.entries(schema).map(([name, root]) => name.replace("Type", "").toUpperCase() + "\\n" + root.fields.map((field) => "  " + line(field)).join("\\n")).join("\\n\\n"));
  }
  at("ask").addEventListener("submit", (event) => { event.preventDefault(); run(); });
  at("fields").addEventListener("click", () => list().catch((error) => show(String(error))));
  document.addEventListener("keydown", (event) => { if (event.ctrlKey && event.key === "Enter") run(); });
</script>
</body>
</html>
`;
