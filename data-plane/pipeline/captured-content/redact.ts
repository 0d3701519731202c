/**
 * Takes out of a call's words what its organisation does not want kept, before anything leaves the node. Rules are ours and none of a
 * tenant's, and no text makes them slow: they run between two other calls.
 */

/** See ContentCapture in snapshot.proto. */
export type Redactions = readonly string[];

export interface Redacted {
  readonly value: unknown;
  /** There were more characters than may be kept; texts from there on are empty. */
  readonly cut: boolean;
}

/** @param value JSON, nested as deep as a request may be. @param lengthMax characters of all texts together. */
export function redact(value: unknown, redactions: Redactions, lengthMax: number): Redacted {
  const walk = new Walk(redactions, lengthMax);
  return { value: walk.of(value, ""), cut: walk.cut };
}

class Walk {
  cut = false;
  #left: number;
  readonly #media: boolean;
  readonly #rules: readonly Rule[];

  constructor(redactions: Redactions, lengthMax: number) {
    this.#left = lengthMax;
    this.#media = redactions.includes("media");
    this.#rules = redactions.flatMap((name) => rules[name] ?? []);
  }

  of(value: unknown, name: string): unknown {
    if (typeof value === "string") return this.#text(value, name);
    if (Array.isArray(value)) return value.map((entry) => this.of(entry, name));
    if (typeof value !== "object" || value === null) return value;
    // As entries, because a member may be named __proto__.
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, this.of(inner, key)]));
  }

  #text(text: string, name: string): string {
    if (this.#media && isMedia(text, name)) return `[media removed: ${text.length} characters]`;
    if (text.length > this.#left) this.cut = true;
    const kept = text.slice(0, this.#left);
    this.#left -= kept.length;
    return this.#rules.reduce((before, rule) => rule(before), kept);
  }
}

const mediaMembers = new Set(["data", "file_data", "image_data", "b64_json", "url", "image_url"]);
/** Shorter ones are names and addresses. */
const mediaLengthMin = 256;
const isMedia = (text: string, name: string): boolean =>
  /^data:[\w.+/-]{0,100}[;,]/.test(text) || (text.length >= mediaLengthMin && mediaMembers.has(name) && /^[\w+/=-]{256}/.test(text));

type Rule = (text: string) => string;

const keyRemoved = "[key removed]";
const replacing =
  (found: RegExp): Rule =>
  (text) =>
    text.replace(found, keyRemoved);

/** Each looks at a text once: a pattern that begins anywhere and may run on from there would take seconds for the wrong one. */
const rules: Readonly<Record<string, readonly Rule[]>> = {
  keys: [
    withoutPrivateKeys,
    replacing(/\beyJ[\w-]{10,4000}\.[\w-]{10,8000}\.[\w-]{5,2000}/g),
    // Those that say what they are: OpenAI, Anthropic, Stripe, ours, GitHub, GitLab, Slack, Hugging Face, Groq, xAI.
    replacing(/\b(?:sk|pk|rk|psk|pat|pcp|gh[opusr]|github_pat|glpat|xox[abeprs]|hf|gsk|xai)[-_][\w-]{16,400}/g),
    // AWS, Google.
    replacing(/\b(?:AKIA|ASIA)[A-Z0-9]{16}\b|\bAIza[\w-]{35}/g),
    replacing(/\bbearer [\w.~+/=-]{16,4000}/gi),
  ],
  emails: [withoutEmails],
  "card-numbers": [
    (text) => text.replace(/\b\d(?:[ -]?\d){12,18}\b/g, (digits) => (passesLuhn(digits) ? "[card number removed]" : digits)),
  ],
};

/** PEM (RFC 7468). One that has no end, because it was cut, is taken to the end of the text. */
function withoutPrivateKeys(text: string): string {
  let kept = "";
  let from = 0;
  for (let at = text.indexOf(pemBegin); at >= 0; at = text.indexOf(pemBegin, from)) {
    const label = text.indexOf(pemDashes, at + pemBegin.length);
    if (label < 0) break;
    if (!text.slice(at, Math.min(label, at + 60)).endsWith("PRIVATE KEY")) {
      kept += text.slice(from, label);
      from = label;
      continue;
    }
    kept += text.slice(from, at) + keyRemoved;
    const end = text.indexOf(pemEnd, label);
    const dashes = end < 0 ? -1 : text.indexOf(pemDashes, end + pemEnd.length);
    if (dashes < 0) return kept;
    from = dashes + pemDashes.length;
  }
  return kept + text.slice(from);
}

const pemBegin = "-----BEGIN ";
const pemEnd = "-----END ";
const pemDashes = "-----";

/** From each @ on, and then back from it: most texts have few. */
function withoutEmails(text: string): string {
  let kept = "";
  let from = 0;
  for (const { 0: domain, index } of text.matchAll(/@(?:[a-z0-9-]{1,63}\.){1,8}[a-z]{2,24}\b/gi)) {
    let start = index;
    while (start > from && index - start < 64 && /[\w.%+-]/.test(text.charAt(start - 1))) start--;
    if (start === index) continue;
    kept += `${text.slice(from, start)}[email removed]`;
    from = index + domain.length;
  }
  return kept + text.slice(from);
}

/** ISO/IEC 7812-1, annex B. */
function passesLuhn(text: string): boolean {
  const digits = [...text.replace(/[ -]/g, "")].map(Number).reverse();
  const sum = digits.reduce((total, digit, index) => total + (index % 2 === 0 ? digit : digit * 2 - (digit > 4 ? 9 : 0)), 0);
  return sum % 10 === 0;
}
