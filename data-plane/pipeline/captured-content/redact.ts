/**
 * Takes out of a call's words what its organisation does not want kept, before anything leaves the node. Patterns are ours and none
 * of a tenant's, each with a bound on what it may look at from one place, so that no text makes them slow.
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
  readonly #patterns: readonly Pattern[];

  constructor(redactions: Redactions, lengthMax: number) {
    this.#left = lengthMax;
    this.#media = redactions.includes("media");
    this.#patterns = redactions.flatMap((name) => patterns[name] ?? []);
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
    return this.#patterns.reduce((before, { found, by }) => before.replace(found, by), kept);
  }
}

const mediaMembers = new Set(["data", "file_data", "image_data", "b64_json", "url", "image_url"]);
/** Shorter ones are names and addresses. */
const mediaLengthMin = 256;
const isMedia = (text: string, name: string): boolean =>
  /^data:[\w.+/-]{0,100}[;,]/.test(text) || (text.length >= mediaLengthMin && mediaMembers.has(name) && /^[\w+/=-]{256}/.test(text));

interface Pattern {
  readonly found: RegExp;
  readonly by: (found: string) => string;
}

const withoutKey = () => "[key removed]";

const patterns: Readonly<Record<string, readonly Pattern[]>> = {
  keys: [
    { found: /-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----[\s\S]{0,8000}?-----END [A-Z ]{0,30}PRIVATE KEY-----/g, by: withoutKey },
    { found: /\beyJ[\w-]{10,4000}\.[\w-]{10,8000}\.[\w-]{5,2000}/g, by: withoutKey },
    // Those that say what they are: OpenAI, Anthropic, Stripe, ours, GitHub, GitLab, Slack, Hugging Face, Groq, xAI.
    { found: /\b(?:sk|pk|rk|psk|pat|pcp|gh[opusr]|github_pat|glpat|xox[abeprs]|hf|gsk|xai)[-_][\w-]{16,400}/g, by: withoutKey },
    // AWS, Google.
    { found: /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b|\bAIza[\w-]{35}/g, by: withoutKey },
    { found: /\bbearer [\w.~+/=-]{16,4000}/gi, by: withoutKey },
  ],
  emails: [{ found: /[\w.%+-]{1,64}@(?:[a-z0-9-]{1,63}\.){1,8}[a-z]{2,24}\b/gi, by: () => "[email removed]" }],
  "card-numbers": [{ found: /\b\d(?:[ -]?\d){12,18}\b/g, by: (digits) => (passesLuhn(digits) ? "[card number removed]" : digits) }],
};

/** ISO/IEC 7812-1, annex B. */
function passesLuhn(text: string): boolean {
  const digits = [...text.replace(/[ -]/g, "")].map(Number).reverse();
  const sum = digits.reduce((total, digit, index) => total + (index % 2 === 0 ? digit : digit * 2 - (digit > 4 ? 9 : 0)), 0);
  return sum % 10 === 0;
}
