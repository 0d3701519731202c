/** Who looks at the page, for what they may do on it. */
import { createContext, useContext } from "react";
import { mayAs, type Role } from "./acting.ts";
import type { Viewer } from "./session.ts";

const nobody: Viewer = { tokenId: "", actor: "", role: "viewer", installation: false, explorer: false, organisation: null };
export const ViewerContext = createContext<Viewer>(nobody);

export const useViewer = (): Viewer => useContext(ViewerContext);

/** @param needed operator: where calls go and within which limits. @returns why not; undefined: they may. */
export function useRefusal(needed: Role = "operator"): string | undefined {
  const { role } = useViewer();
  return mayAs(role, needed) ? undefined : `Your role is ${role}. This needs the role ${needed}.`;
}
