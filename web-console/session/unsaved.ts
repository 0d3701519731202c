/**
 * What people have written and not saved, kept in the browser so that a reload or a crash of the tab does not take it: forms for as
 * long as the tab lives, prompts beyond that. Of each person by itself, within bounds, and gone when it is saved, when they sign
 * out, and when somebody else signs in. Whoever keeps something leaves secrets out.
 */
export type Place = "tab" | "browser";

export interface Unsaved<Content> {
  readonly content: Content;
  /** ISO 8601. */
  readonly keptAt: string;
}

const prefix = "penstock-unsaved ";
const lettersMax = 200_000;
const keptMax = 12;
const stores: readonly Place[] = ["tab", "browser"];

/** Throws where the browser forbids it. */
const storeOf = (place: Place): Storage => (place === "tab" ? sessionStorage : localStorage);
/** Another build of the console may have other forms: what was kept by one is nothing to another. */
const build = typeof document === "undefined" ? "" : (document.querySelector('script[type="module"]')?.getAttribute("src") ?? "");

export interface UnsavedPlace {
  readonly place: Place;
  /** Whose it is: the id of the token they signed in with. */
  readonly person: string;
  readonly name: string;
}

const keyOf = ({ person, name }: UnsavedPlace): string => `${prefix}${person} ${name}`;

/** What is longer than 200,000 letters is not kept, nor is anything by a browser that is full or may not. */
export function keepUnsaved(where: UnsavedPlace, content: unknown): void {
  const text = JSON.stringify({ content, keptAt: new Date().toISOString(), build });
  tried(() => {
    const store = storeOf(where.place);
    if (text.length > lettersMax) return store.removeItem(keyOf(where));
    store.setItem(keyOf(where), text);
    for (const oldest of keysIn(store).slice(keptMax)) store.removeItem(oldest);
  });
}

/** @param anyBuild its shape is checked by whoever reads it. */
export function unsavedAt<Content>(where: UnsavedPlace, anyBuild = false): Unsaved<Content> | undefined {
  return tried(() => {
    const kept = JSON.parse(storeOf(where.place).getItem(keyOf(where)) ?? "null") as (Unsaved<Content> & { readonly build: string }) | null;
    return kept === null || (!anyBuild && kept.build !== build) ? undefined : kept;
  });
}

export function forgetUnsaved(where: UnsavedPlace): void {
  tried(() => storeOf(where.place).removeItem(keyOf(where)));
}

/** @param person whose is left; undefined: nobody's. */
export function forgetUnsavedOfOthers(person: string | undefined): void {
  for (const place of stores)
    tried(() => {
      const store = storeOf(place);
      for (const key of keysIn(store)) if (person === undefined || !key.startsWith(`${prefix}${person} `)) store.removeItem(key);
    });
}

export const countUnsaved = (): number => stores.reduce((sum, place) => sum + (tried(() => keysIn(storeOf(place)).length) ?? 0), 0);

/** Newest first. */
function keysIn(store: Storage): readonly string[] {
  const keptAt = (key: string) => tried(() => (JSON.parse(store.getItem(key) ?? "") as Unsaved<unknown>).keptAt) ?? "";
  return Object.keys(store)
    .filter((key) => key.startsWith(prefix))
    .map((key) => ({ key, at: keptAt(key) }))
    .sort((one, other) => (one.at < other.at ? 1 : -1))
    .map(({ key }) => key);
}

function tried<Result>(act: () => Result): Result | undefined {
  try {
    return act();
  } catch {
    return undefined;
  }
}
