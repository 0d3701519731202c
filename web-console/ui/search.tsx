/** What a list is searched for: in the address as q, and asked of the control plane when the typing rests. */
import { text, useUrlState } from "../shell/url-state.ts";
import { AddressField } from "./field.tsx";
import { useSettled } from "./settled.ts";

const shape = { q: text };

/** Empty: all of the list. */
export const useSearch = (): string => useSettled(useUrlState(shape)[0].q ?? "");

export function SearchField({ placeholder }: { readonly placeholder?: string }) {
  const [{ q }, setUrl] = useUrlState(shape);
  return (
    <AddressField
      label="Search"
      value={q ?? ""}
      onChange={(next) => setUrl({ q: next }, { replace: true })}
      data-search
      {...(placeholder === undefined ? {} : { placeholder })}
    />
  );
}
