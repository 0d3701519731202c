/** Which of what was sent becomes the messages of a version. Pure. */
import type { MessageValues } from "../prompts/changes.ts";
import { jsonIn, type Sheet } from "./sheet.ts";

/** own: after the prompt's own messages, as it was sent. turns: those under more parameters. */
export type Saved = "system" | "both" | "own" | "turns";

const roles: Readonly<Record<string, MessageValues["role"]>> = {
  system: "SYSTEM",
  developer: "DEVELOPER",
  user: "USER",
  assistant: "ASSISTANT",
};

/** @param own of the prompt that it becomes a version of; none: it has none yet. @param sheet without a problem. */
export function savedMessages(sheet: Sheet, what: string, own: readonly MessageValues[]): readonly MessageValues[] {
  const system = sheet.system.trim() === "" ? [] : [{ role: "SYSTEM" as const, template: sheet.system }];
  const user = sheet.user.trim() === "" ? [] : [{ role: "USER" as const, template: sheet.user }];
  switch (what as Saved) {
    case "turns":
      return turnsIn(sheet) ?? [];
    case "own":
      return [...own, ...system];
    case "both":
      return [...system, ...user];
    case "system":
      return system.length > 0 ? system : user;
  }
}

/** Undefined: there are none, or they are more than texts of people, models and systems. */
export function turnsIn(sheet: Sheet): readonly MessageValues[] | undefined {
  const { messages } = (jsonIn(sheet.more) ?? {}) as { readonly messages?: unknown };
  if (!Array.isArray(messages) || messages.length === 0) return undefined;
  const turns = (messages as { readonly role?: unknown; readonly content?: unknown }[]).flatMap(({ role, content }) => {
    const known = typeof role === "string" ? roles[role] : undefined;
    return known === undefined || typeof content !== "string" ? [] : [{ role: known, template: content }];
  });
  return turns.length === messages.length ? turns : undefined;
}
