/** What a thing is called of which only the id is known. */
import { useQuery } from "urql";
import { nameIn, nameQuery } from "./choices.ts";

/** @param known undefined: it is looked up. */
export function useThingName(id: string, known: string | undefined): string {
  const [{ data }] = useQuery({ query: nameQuery, variables: { id }, pause: id === "" || known !== undefined });
  return known ?? (data === undefined ? "…" : (nameIn(data) ?? "gone"));
}
