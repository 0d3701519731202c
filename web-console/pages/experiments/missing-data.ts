/** Whether what is measured is known of the units: a call that fails has no first token, a backend may have no price. Pure. */

/** A metric that is not known of every unit. */
export interface Missing {
  readonly name: string;
  /** Of the units, that have a value. */
  readonly known: number;
}

interface Measured {
  readonly metrics: readonly { readonly name: string; readonly unit: string; readonly variants: readonly { readonly units: number }[] }[];
  readonly variants: readonly { readonly units: number }[];
}

const knownMin = 0.9;

/** Feedback is given by who wants to, and has a check of its own.*/
export function missingIn({ metrics, variants }: Measured): readonly Missing[] {
  const all = variants.reduce((sum, { units }) => sum + units, 0);
  if (all === 0) return [];
  return metrics
    .filter(({ unit }) => unit !== "score")
    .map(({ name, variants: of }) => ({ name, known: of.reduce((sum, { units }) => sum + units, 0) / all }))
    .filter(({ known }) => known < knownMin);
}
