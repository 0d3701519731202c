/** The keyboard map: one table, heard in one place, shown by "?". Keys do nothing while one types, except those with Ctrl or Cmd. */
import { useEffect } from "react";
import { walkRows } from "./row-walk.ts";

export interface KeyBinding {
  readonly keys: string;
  readonly does: string;
}

export const keyMap: readonly KeyBinding[] = [
  { keys: "Ctrl K", does: "Search and commands" },
  { keys: "/", does: "To the search field of the page, or the palette" },
  { keys: "g, then a letter", does: "Go to a page: the letters stand in the palette" },
  { keys: "j / k", does: "Next and previous row of a list; in the log of calls it opens at once" },
  { keys: "Enter", does: "Open the row that has the focus" },
  { keys: "Esc", does: "Close" },
  { keys: "t", does: "Light or dark" },
  { keys: "?", does: "This list" },
];

const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));

/** Whether a key is for the page: nobody types, no dialog lies over it, and it is not the browser's. */
export const isForPage = (event: KeyboardEvent): boolean =>
  !(event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || isTyping(event.target)) &&
  document.querySelector('[role="dialog"]:not(.drawer), dialog[open]') === null;

const chordMs = 1_200;

interface GlobalKeys {
  readonly palette: () => void;
  readonly help: () => void;
  readonly theme: () => void;
  readonly go: (letter: string) => void;
}

export function useGlobalKeys({ palette, help, theme, go }: GlobalKeys): void {
  useEffect(() => {
    let chordAt = 0;
    const listen = (event: KeyboardEvent) => {
      if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k" && document.querySelector("dialog[open]") === null) {
        event.preventDefault();
        return palette();
      }
      if (!isForPage(event)) return;
      if (Date.now() - chordAt < chordMs) {
        chordAt = 0;
        return go(event.key);
      }
      if (event.key === "g") chordAt = Date.now();
      else if (event.key === "?") help();
      else if (event.key === "t") theme();
      else if (event.key === "j") walkRows(1);
      else if (event.key === "k") walkRows(-1);
      else if (event.key === "/") {
        event.preventDefault();
        const field = document.querySelector<HTMLElement>("[data-search]");
        if (field === null) palette();
        else field.focus();
      }
    };
    document.addEventListener("keydown", listen);
    return () => document.removeEventListener("keydown", listen);
  }, [palette, help, theme, go]);
}
