/** Who looks at the page, for what they may do on it. */
import { createContext, useContext } from "react";
import type { Viewer } from "./session.ts";

export const ViewerContext = createContext<Viewer>({ actor: "", role: "viewer", installation: false, organisation: null });

export const useViewer = (): Viewer => useContext(ViewerContext);

/** Why a viewer may not; undefined for an administrator. */
export const useRefusal = (): string | undefined =>
  useViewer().role === "admin" ? undefined : "Your token has the role viewer. Changing this needs the role admin.";
