/** The values that feedback has: read as people say them, and written as they are typed. Pure. */
export const feedbackKinds = {
  comment: "A comment",
  number: "A number",
  category: "A word of your own",
  demonstration: "How it should have been answered",
} as const;
export type FeedbackKind = keyof typeof feedbackKinds;

export interface FeedbackValue {
  readonly boolean: boolean | null;
  readonly number: number | null;
  readonly category: string | null;
  readonly comment: string | null;
  readonly demonstration: string | null;
}

export function wordsOf({ boolean, number, category, comment, demonstration }: FeedbackValue): string {
  if (boolean !== null) return boolean ? "yes" : "no";
  if (number !== null) return String(number);
  return category ?? comment ?? (demonstration === null ? "" : `should have been: ${demonstration}`);
}

/** @returns why it cannot be sent, or how it is. */
export function feedbackInput(
  kind: FeedbackKind,
  typed: string,
): {
  readonly refusal: string | undefined;
  readonly value: Partial<Record<"number", number> & Record<Exclude<FeedbackKind, "number">, string>>;
} {
  const text = typed.trim();
  if (text === "") return { refusal: "Say something", value: {} };
  if (kind !== "number") return { refusal: undefined, value: { [kind]: text } };
  const number = Number(text.replace(",", "."));
  return Number.isFinite(number) ? { refusal: undefined, value: { number } } : { refusal: "This is no number", value: {} };
}
