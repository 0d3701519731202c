/**
 * Where the parts of a common form come from in the body that a caller wrote: for an edge to name a field as the caller did.
 * Gathered when a call has failed, by making the common form once more; a call that goes well pays nothing for it.
 */
export interface FieldOrigins {
  /** Notes where something that was made comes from; the first word holds. Returns it. */
  from<Made extends object>(made: Made, at: string): Made;
}

export const noOrigins: FieldOrigins = { from: (made) => made };

export interface Origin {
  /** Where the innermost known part stands in the caller's body. Empty: it is the body itself. */
  readonly at: string;
  /** What of the field's path is left, from there on, in the common form's words. */
  readonly rest: readonly string[];
}

export function gatherOrigins(): FieldOrigins & { originOf(body: unknown, field: string): Origin } {
  const places = new Map<object, string>();
  return {
    from(made, at) {
      if (!places.has(made)) places.set(made, at);
      return made;
    },
    originOf(body, field) {
      const path = pathOf(field);
      let origin: Origin = { at: "", rest: path };
      let value: unknown = body;
      for (const [i, name] of path.entries()) {
        if (typeof value !== "object" || value === null) break;
        value = (value as Record<string, unknown>)[name];
        const at = typeof value === "object" && value !== null ? places.get(value) : undefined;
        if (at !== undefined) origin = { at, rest: path.slice(i + 1) };
      }
      return origin;
    },
  };
}

/** "messages[2].content" is messages, 2, content; so is "messages.2.content", as some backends write it. */
export const pathOf = (field: string): string[] => field.split(/[.[\]]+/).filter((name) => name !== "");

/** messages, 2, content is "messages[2].content". */
export const fieldOf = (at: string, path: readonly string[]): string =>
  path.reduce((field, name) => (/^\d+$/.test(name) ? `${field}[${name}]` : field === "" ? name : `${field}.${name}`), at);
