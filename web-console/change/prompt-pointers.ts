/** Which version of a prompt is meant: a label, or "@" and a number. Pure. */

type Labels = readonly { readonly name: string; readonly version: number }[];

export const versionName = (version: number): string => `version ${version}`;

/** As people read it. A label that is not known is shown by its name. */
export function pointerName(labels: Labels, pointer: string): string {
  if (pointer.startsWith("@")) return versionName(Number(pointer.slice(1)));
  const now = labels.find(({ name }) => name === pointer);
  return now === undefined ? pointer : `${now.name} (now version ${now.version})`;
}

/** Of a prompt that was just chosen: the label that was there before, where it has that too, else production, else its first; its newest version where it is to be fixed. */
export function pointerFor(labels: Labels, before: string, fixed: boolean): string {
  if (fixed) return `@${Math.max(1, ...labels.map(({ version }) => version))}`;
  return [before, "production"].find((wanted) => labels.some(({ name }) => name === wanted)) ?? labels[0]?.name ?? "latest";
}
