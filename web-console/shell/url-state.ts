/** What a page shows is in its address: filters, tabs, the open row. Each page says which words it knows; others are ignored. */
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useCallback } from "react";

type Reader<Value> = (given: unknown) => Value | undefined;
export type Shape = Readonly<Record<string, Reader<unknown>>>;
export type StateOf<S extends Shape> = { readonly [Name in keyof S]?: S[Name] extends Reader<infer Value> ? Value | undefined : never };

export const text: Reader<string> = (given) =>
  typeof given === "string" && given !== "" ? given : typeof given === "number" ? String(given) : undefined;
export const flag: Reader<boolean> = (given) => (given === true || given === "true" ? true : undefined);
export const number: Reader<number> = (given) =>
  given !== "" && Number.isFinite(Number(given)) && given !== null ? Number(given) : undefined;
export const oneOf =
  <Value extends string>(...values: readonly Value[]): Reader<Value> =>
  (given) =>
    values.find((value) => value === given);

/** The state, and how to change it: what is undefined leaves the address. */
export function useUrlState<S extends Shape>(
  shape: S,
): readonly [StateOf<S>, (patch: StateOf<S>, options?: { replace?: boolean }) => void] {
  const search = useSearch({ strict: false }) as Record<string, unknown>;
  const navigate = useNavigate();
  const state = Object.fromEntries(Object.entries(shape).map(([name, read]) => [name, read(search[name])])) as StateOf<S>;
  const set = useCallback(
    (patch: StateOf<S>, options: { replace?: boolean } = {}) =>
      void navigate({
        to: ".",
        replace: options.replace ?? false,
        search: (before: Record<string, unknown>) =>
          Object.fromEntries(
            Object.entries({ ...before, ...patch }).filter(([, value]) => value !== undefined && value !== "" && value !== false),
          ),
      }),
    [navigate],
  );
  return [state, set];
}
