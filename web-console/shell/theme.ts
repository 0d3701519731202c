/** Light, dark, or what the system says. public/theme.js has set it before the first paint; this changes it. */
import { useSyncExternalStore } from "react";

export type ThemeChoice = "system" | "light" | "dark";
const key = "penstock-theme";
const listeners = new Set<() => void>();
const systemDark = matchMedia("(prefers-color-scheme: dark)");

export function themeChoice(): ThemeChoice {
  try {
    const kept = localStorage.getItem(key);
    return kept === "light" || kept === "dark" ? kept : "system";
  } catch {
    return "system";
  }
}

export const isDark = (): boolean => document.documentElement.dataset["theme"] === "dark";

export function chooseTheme(choice: ThemeChoice): void {
  if (choice === "system") localStorage.removeItem(key);
  else localStorage.setItem(key, choice);
  apply();
}

function apply(): void {
  const choice = themeChoice();
  document.documentElement.dataset["theme"] = choice === "dark" || (choice === "system" && systemDark.matches) ? "dark" : "light";
  for (const listener of listeners) listener();
}

systemDark.addEventListener("change", apply);

const subscribe = (listener: () => void) => {
  listeners.add(listener);
  return () => listeners.delete(listener);
};

export const useDark = (): boolean => useSyncExternalStore(subscribe, isDark);
export const useThemeChoice = (): ThemeChoice => useSyncExternalStore(subscribe, themeChoice);
