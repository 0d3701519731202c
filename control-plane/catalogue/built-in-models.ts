/**
 * The models that come with Penstock: names, sizes, capabilities and list prices as they were known on a day. An organisation
 * that uses one gets a copy of its own, so that a newer release changes no bill until somebody takes its price over.
 */
import { readFileSync } from "node:fs";
import { type PriceRates, type PriceTerms, rateNames } from "../database/entities/price.ts";

export interface BuiltInModel {
  /** "openai/gpt-4o". */
  readonly key: string;
  readonly vendor: string;
  readonly name: string;
  readonly contextTokensMax: number | null;
  readonly outputTokensMax: number | null;
  readonly capabilities: readonly string[];
  /** Undefined: it is not known, which is not for nothing. */
  readonly terms: PriceTerms | undefined;
  readonly source: string;
  /** 2027-01-31. */
  readonly sourceDate: string;
}

/** As the file has it: dollars a million tokens, in decimal text; what is left out is not known. */
interface FiledRates {
  readonly input?: string;
  readonly output?: string;
  readonly cacheRead?: string;
  readonly cacheWrite?: string;
  readonly cacheWriteOneHour?: string;
  readonly reasoning?: string;
  readonly audioInput?: string;
  readonly audioOutput?: string;
  readonly imageInput?: string;
  readonly imageOutput?: string;
}

interface FiledModel {
  readonly model: string;
  readonly name: string;
  readonly context?: number;
  readonly output?: number;
  readonly capabilities: readonly string[];
  readonly price?: FiledRates & {
    /** Dollars a call. */
    readonly request?: string;
    readonly contextTiers?: readonly (FiledRates & { readonly inputTokensAbove: number })[];
  };
}

interface FiledCatalogue {
  readonly vendors: Readonly<Record<string, { readonly source: string; readonly date: string; readonly models: readonly FiledModel[] }>>;
}

/** Sorted by key. Read once. */
export const builtInModels = (): readonly BuiltInModel[] => {
  loaded ??= load();
  return [...loaded.values()];
};

export const builtInModel = (key: string): BuiltInModel | undefined => {
  loaded ??= load();
  return loaded.get(key);
};

let loaded: ReadonlyMap<string, BuiltInModel> | undefined;

function load(): ReadonlyMap<string, BuiltInModel> {
  const { vendors } = JSON.parse(readFileSync(new URL("./models.json", import.meta.url), "utf8")) as FiledCatalogue;
  const models = Object.entries(vendors).flatMap(([vendor, { source, date, models }]) =>
    models.map(({ model, name, context, output, capabilities, price }): BuiltInModel => {
      const contextTokensMax = context ?? null;
      const terms = price === undefined ? undefined : termsOf(price);
      const outputTokensMax = output ?? null;
      return { key: `${vendor}/${model}`, vendor, name, contextTokensMax, outputTokensMax, capabilities, terms, source, sourceDate: date };
    }),
  );
  return new Map(models.sort((a, b) => (a.key < b.key ? -1 : 1)).map((model) => [model.key, model]));
}

function termsOf(price: NonNullable<FiledModel["price"]>): PriceTerms {
  return {
    ...ratesOf(price),
    inputNanodollarsPerMillion: nanodollars(price.input ?? "0"),
    outputNanodollarsPerMillion: nanodollars(price.output ?? "0"),
    requestNanodollars: nanodollars(price.request ?? "0"),
    contextTiers: (price.contextTiers ?? []).map((tier) => ({ ...ratesOf(tier), inputTokensAbove: tier.inputTokensAbove })),
  };
}

const ratesOf = (rates: FiledRates): PriceRates =>
  Object.fromEntries(
    rateNames.map((name) => {
      const filed = rates[name.replace("NanodollarsPerMillion", "") as keyof FiledRates];
      return [name, filed === undefined ? null : nanodollars(filed)];
    }),
  ) as { [Name in keyof PriceRates]: string | null };

/** Of dollars in decimal text, exactly: "2.50" is 2500000000. */
export function nanodollars(dollars: string): string {
  const [whole = "0", fraction = ""] = dollars.split(".");
  if (!/^\d+$/.test(whole) || !/^\d{0,9}$/.test(fraction)) throw new Error(`"${dollars}" is not dollars with up to nine decimal places`);
  return BigInt(whole + fraction.padEnd(9, "0")).toString();
}
