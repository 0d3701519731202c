/** The keyboard map: one table, heard in one place, shown by "?". Keys do nothing while one types, except those with Ctrl or Cmd. */
import { useEffect, useRef } from "react";
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
const isForPage = (event: KeyboardEvent): boolean =>
  !(event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || isTyping(event.target)) &&
  document.querySelector('[role="dialog"]:not(.drawer), dialog[open]') === null;

const chordMs = 1_200;

export type KeyAct =
  | { readonly does: "go"; readonly letter: string }
  | { readonly does: "walk"; readonly by: 1 | -1 }
  | { readonly does: "help" | "theme" | "search" | "close" };

const acts: Readonly<Record<string, KeyAct>> = {
  "?": { does: "help" },
  t: { does: "theme" },
  j: { does: "walk", by: 1 },
  k: { does: "walk", by: -1 },
  "/": { does: "search" },
  Escape: { does: "close" },
};

/** What keys mean, one after the other: the one that follows "g" in time names a page and nothing else. */
export function keyReader(): (key: string, atMs: number) => KeyAct | undefined {
  let chordAtMs = Number.NEGATIVE_INFINITY;
  return (key, atMs) => {
    if (atMs - chordAtMs < chordMs) {
      chordAtMs = Number.NEGATIVE_INFINITY;
      return { does: "go", letter: key };
    }
    if (key === "g") chordAtMs = atMs;
    return acts[key];
  };
}

export interface ListKeys {
  walk(by: 1 | -1): void;
  close(): void;
}

let list: ListKeys | undefined;

/** A list whose rows are not all in the document walks by itself, and closes what it has open. One on a page. */
export function useListKeys(keys: ListKeys): void {
  const now = useRef(keys);
  now.current = keys;
  useEffect(() => {
    const mine: ListKeys = { walk: (by) => now.current.walk(by), close: () => now.current.close() };
    list = mine;
    return () => {
      if (list === mine) list = undefined;
    };
  }, []);
}

interface GlobalKeys {
  readonly palette: () => void;
  readonly help: () => void;
  readonly theme: () => void;
  readonly go: (letter: string) => void;
}

export function useGlobalKeys({ palette, help, theme, go }: GlobalKeys): void {
  useEffect(() => {
    const read = keyReader();
    const listen = (event: KeyboardEvent) => {
      if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k" && document.querySelector("dialog[open]") === null) {
        event.preventDefault();
        return palette();
      }
      if (!isForPage(event)) return;
      const act = read(event.key, Date.now());
      if (act?.does === "go") go(act.letter);
      else if (act?.does === "walk") (list?.walk ?? walkRows)(act.by);
      else if (act?.does === "close") list?.close();
      else if (act?.does === "help") help();
      else if (act?.does === "theme") theme();
      else if (act?.does === "search") {
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
