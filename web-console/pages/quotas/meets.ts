/** Which limits a call can meet, told from what they are laid on: as nodes decide it. */
import type { QuotaDetails } from "./changes.ts";

export interface CallPlace {
  readonly routeId: string;
  /** Of the route's targets. */
  readonly backendIds: readonly string[];
  readonly apiKeyId: string | undefined;
  readonly projectId: string | undefined;
}

type Kind = QuotaDetails["scopeKind"];

const holds = {
  ORGANISATION: () => true,
  END_USER: () => true,
  ROUTE: ({ routeId }, id) => id === routeId,
  BACKEND: ({ backendIds }, id) => backendIds.includes(id ?? ""),
  API_KEY: ({ apiKeyId }, id) => id === apiKeyId,
  PROJECT: ({ projectId }, id) => id === projectId,
} as const satisfies Record<Kind, (place: CallPlace, id: string | null) => boolean>;

export const meets = ({ scopeKind, scopeId, within }: QuotaDetails, place: CallPlace): boolean =>
  holds[scopeKind](place, scopeId) && within.every(({ kind, id }) => holds[kind](place, id));
