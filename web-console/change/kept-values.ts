/** What of a form is kept, and where a form begins of which something was. Pure. */
import { same } from "./merge-changes.ts";

interface Kept<Content> {
  readonly content: Content;
  readonly keptAt: string;
}

/** As the control plane had it. */
interface Read<V> {
  readonly values: V;
  readonly revision: number;
}

export interface KeptForm<V> {
  readonly base: Read<V>;
  /** Without secrets. */
  readonly values: Partial<V>;
}

export interface Beginning<V> {
  readonly base: Read<V>;
  readonly values: V;
  /** When that was typed, ISO 8601. Undefined: nothing was. */
  readonly keptAt: string | undefined;
}

/** Where a form begins: with what was kept, if it is one of the same fields. Pure. */
export function beginningOf<V extends Readonly<Record<string, unknown>>>(read: Read<V>, kept: Kept<KeptForm<V>> | undefined): Beginning<V> {
  const asRead = { base: read, values: read.values, keptAt: undefined };
  if (kept === undefined) return asRead;
  const { base, values } = kept.content;
  const isOfTheseFields = same(Object.keys(base?.values ?? {}).sort(), Object.keys(read.values).sort());
  return isOfTheseFields ? { base, values: { ...base.values, ...values }, keptAt: kept.keptAt } : asRead;
}

/** Pure. */
export const withoutSecrets = <V extends Readonly<Record<string, unknown>>>(
  values: V,
  secrets: readonly (keyof V & string)[],
): Partial<V> => Object.fromEntries(Object.entries(values).filter(([name]) => !secrets.includes(name))) as Partial<V>;
