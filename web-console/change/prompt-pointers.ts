/** Which version of a prompt is meant: a label, or "@" and a number. Pure. */

type Labels = readonly { readonly name: string; readonly version: number }[];

const listedMax = 50;

/** Versions from the newest that a label or the pointer itself is at, at most 50. */
export function versionsUpTo(labels: Labels, pointer: string): number[] {
  const newest = Math.max(0, ...labels.map(({ version }) => version), pointer.startsWith("@") ? Number(pointer.slice(1)) : 0);
  return Array.from({ length: Math.min(newest, listedMax) }, (_, index) => newest - index);
}

/** Of a prompt that was just chosen: the label that was there before, where it has that too, else production, else its first; its newest version where it is to be fixed. */
export function pointerFor(labels: Labels, before: string, fixed: boolean): string {
  if (fixed) return `@${Math.max(1, ...labels.map(({ version }) => version))}`;
  return [before, "production"].find((wanted) => labels.some(({ name }) => name === wanted)) ?? labels[0]?.name ?? "latest";
}
