/**
 * What becomes of each field of a request on its way from a caller of each dialect to each backend, through a running node and over
 * real sockets: kept as it was, said in the backend's words, refused by name, or left out and told. A case says where its meaning
 * must stand in what is sent; what stands nowhere and was not told is lost, and loss is the one thing that may not be.
 */
import type { MatrixBackend } from "./backends.ts";
import type { Callers, Ingress } from "./callers.ts";
import type { RequestCase } from "./request-cases/wording.ts";

export type Fate = "kept" | "mapped" | "refused" | "left out" | "ours" | "–" | `LOST${string}`;

export async function requestFate(
  { asked, askedOfItsOwn, meaning, ours }: RequestCase,
  ingress: Ingress,
  backend: MatrixBackend,
  callers: Callers,
  lastAsked: () => string,
): Promise<Fate> {
  const body = (ownDialect[ingress] === backend.kind ? askedOfItsOwn?.[ingress] : undefined) ?? asked[ingress];
  if (body === undefined) return "–";
  const written = addressedTo(backend, body);
  lastAsked();
  const { status, text, named, dropped } = await callers.ask(ingress, backend.name, written, false);
  const sent = lastAsked();
  if (status === 400 && sent === "")
    return isOwnName(named, written) ? "refused" : `LOST: refused by a name that is not the caller's: ${named} ${text}`;
  if (status !== 200) return `LOST: ${status} ${text}`;
  const stands = (words: string | readonly string[]) =>
    [words].flat().some((word) => (word.startsWith("NO ") ? !sent.includes(word.slice(3)) : sent.includes(word)));
  if (!meaning.every(stands)) return dropped !== "" ? "left out" : ours === true ? "ours" : "LOST";
  const verbatim = Object.entries(written).every(([name, value]) => sent.includes(`${JSON.stringify(name)}:${JSON.stringify(value)}`));
  return verbatim ? "kept" : "mapped";
}

/** Whether a field's name begins with a member that the caller wrote. gRPC's stand below `input`, in the words of the .proto. */
function isOwnName(named: string, body: Record<string, unknown>): boolean {
  const first = /^\w+/.exec(named.replace(/^input\.(?=\w)/, ""))?.[0];
  return Object.keys(body).some((name) => first === name || first === name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`));
}

const ownDialect: Partial<Record<Ingress, string>> = { responses: "openai", messages: "anthropic" };

/** Signed reasoning names the provider that signed it, also where it is carried in an envelope. */
function addressedTo({ name }: MatrixBackend, body: Record<string, unknown>): Record<string, unknown> {
  const text = JSON.stringify(body)
    .replaceAll("BACKEND", name)
    .replaceAll(/(psr1\.|penstock\.reasoning\.1\.)([\w-]+)/g, (_all, mark: string, carried: string) => {
      const opened = Buffer.from(carried, "base64url").toString("utf8").replaceAll("BACKEND", name);
      return mark + Buffer.from(opened, "utf8").toString("base64url");
    });
  return JSON.parse(text) as Record<string, unknown>;
}
