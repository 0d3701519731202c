/** A price as forms hold it: typed in dollars a million tokens. */
import { nanodollarsOf, typedDollars } from "../../format/numbers.ts";
import { graphql, type ResultOf } from "../../graphql/documents.ts";

export const priceFragment = graphql(`
  fragment PriceDetails on Price {
    version
    effectiveFrom
    inputNanodollarsPerMillion
    outputNanodollarsPerMillion
    reasoningNanodollarsPerMillion
    cacheReadNanodollarsPerMillion
    cacheWriteNanodollarsPerMillion
    cacheWriteOneHourNanodollarsPerMillion
    audioInputNanodollarsPerMillion
    audioOutputNanodollarsPerMillion
    imageInputNanodollarsPerMillion
    imageOutputNanodollarsPerMillion
    requestNanodollars
    contextTiers {
      inputTokensAbove
      inputNanodollarsPerMillion
      outputNanodollarsPerMillion
      reasoningNanodollarsPerMillion
      cacheReadNanodollarsPerMillion
      cacheWriteNanodollarsPerMillion
      cacheWriteOneHourNanodollarsPerMillion
      audioInputNanodollarsPerMillion
      audioOutputNanodollarsPerMillion
      imageInputNanodollarsPerMillion
      imageOutputNanodollarsPerMillion
    }
  }
`);

export type PriceDetails = ResultOf<typeof priceFragment>;

/** With what an empty field means. */
export const shownRates = [
  ["input", "Input", undefined],
  ["output", "Output", undefined],
  ["cacheRead", "Cached input, read", "Empty: as input"],
  ["cacheWrite", "Cached input, written", "Empty: as input"],
  ["reasoning", "Reasoning", "Empty: as output"],
] as const;
export const foldedRates = [
  ["cacheWriteOneHour", "Written for an hour", "Empty: as written"],
  ["audioInput", "Audio in", "Empty: not known, and calls with it have no cost"],
  ["audioOutput", "Audio out", "Empty: not known, and calls with it have no cost"],
  ["imageInput", "Images in", "Empty: as input"],
  ["imageOutput", "Images out", "Empty: as output"],
] as const;
const rates = [...shownRates, ...foldedRates];
export type Rate = (typeof rates)[number][0];

export interface PriceValues extends Readonly<Record<Rate, string>> {
  /** Dollars a call, on top. */
  readonly request: string;
  /** Of an input field for date and time, in local time. Empty: at once. */
  readonly effectiveFrom: string;
}

export const fieldOf = <Name extends Rate>(rate: Name) => `${rate}NanodollarsPerMillion` as const;

export const priceValues = (price: PriceDetails | null): PriceValues => ({
  ...(Object.fromEntries(rates.map(([rate]) => [rate, typedDollars(price?.[fieldOf(rate)])])) as Record<Rate, string>),
  request: price === null || price.requestNanodollars === "0" ? "" : typedDollars(price.requestNanodollars),
  effectiveFrom: "",
});

/** Fields without the names of types, which the client asks for beside them and no input has. */
const fieldsOf = <Fields extends object>(fields: Fields): Fields =>
  Object.fromEntries(Object.entries(fields).filter(([name]) => name !== "__typename")) as Fields;

/** Null: no price. What the form does not show, tiers by the length of the context, stays as it was. */
export function priceInput(values: PriceValues, before: PriceDetails | null) {
  const input = nanodollarsOf(values.input);
  const output = nanodollarsOf(values.output);
  if (input === undefined || output === undefined) return null;
  const optional = rates.filter(([rate]) => rate !== "input" && rate !== "output");
  return {
    ...(Object.fromEntries(optional.map(([rate]) => [fieldOf(rate), nanodollarsOf(values[rate]) ?? null])) as Record<
      ReturnType<typeof fieldOf<Exclude<Rate, "input" | "output">>>,
      string | null
    >),
    inputNanodollarsPerMillion: input,
    outputNanodollarsPerMillion: output,
    requestNanodollars: nanodollarsOf(values.request) ?? "0",
    contextTiers: (before?.contextTiers ?? []).map(fieldsOf),
    effectiveFrom: values.effectiveFrom === "" ? null : new Date(values.effectiveFrom).toISOString(),
  };
}

/** Why it cannot be sent; undefined: it can. */
export function priceRefusal(values: PriceValues): string | undefined {
  const amounts = [...rates.map(([rate]) => values[rate]), values.request];
  if (amounts.some((amount) => amount.trim() !== "" && nanodollarsOf(amount) === undefined)) return "A price is written like 0.15";
  if ((values.input.trim() === "") !== (values.output.trim() === "")) return "Give both the input and the output price, or neither";
  if (values.input.trim() === "" && amounts.some((amount) => amount.trim() !== "")) return "A price begins with input and output";
  return undefined;
}
