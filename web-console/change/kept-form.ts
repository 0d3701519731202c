/** What is typed into a form and neither saved nor cancelled: it is there again after a reload, a crash of the tab, or Escape. */
import { useEffect, useState } from "react";
import { forgetUnsaved, keepUnsaved, type UnsavedPlace, unsavedAt } from "../session/unsaved.ts";
import { useViewer } from "../session/viewer.ts";
import type { ReadAgain, Values } from "./form.tsx";
import { type Beginning, beginningOf, type KeptForm, withoutSecrets } from "./kept-values.ts";
import { same } from "./merge-changes.ts";

/** @param title tells a form from others of its page. */
function usePlace(title: string): UnsavedPlace {
  const { tokenId, organisation } = useViewer();
  const [path] = useState(location.pathname);
  return { place: "tab", person: tokenId, name: `form ${organisation?.id} ${path} ${title}` };
}

export interface FormKeeping<V> {
  readonly beginning: Beginning<V>;
  keep(base: ReadAgain<V>, values: V, secrets: readonly (keyof V & string)[]): void;
  forget(): void;
}

export function useFormKeeping<V extends Values>(title: string, read: ReadAgain<V>): FormKeeping<V> {
  const place = usePlace(title);
  const [beginning] = useState(() => {
    const found = beginningOf(read, unsavedAt<KeptForm<V>>(place));
    // Until it is on the screen: what breaks the page must not break it again at the next try.
    forgetUnsaved(place);
    return found;
  });
  return {
    beginning,
    keep: (base, values, secrets) => {
      const open = withoutSecrets(values, secrets);
      if (same(open, withoutSecrets(base.values, secrets))) forgetUnsaved(place);
      else keepUnsaved(place, { base, values: open } satisfies KeptForm<V>);
    },
    forget: () => forgetUnsaved(place),
  };
}

/** Keeps it with each letter, once it is on the screen. */
export function useKept<V extends Values>(
  { keep }: FormKeeping<V>,
  base: ReadAgain<V>,
  values: V,
  secrets: readonly (keyof V & string)[],
): void {
  // The names of secrets are the dialog's own and never change.
  useEffect(() => keep(base, values, secrets), [base, values]);
}
