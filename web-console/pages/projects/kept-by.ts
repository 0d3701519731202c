/** Why a project cannot be archived now. Pure. */
import { counted } from "../../format/numbers.ts";

/** Keys are revoked and never archived; an expired one holds its project too. Undefined: no key holds it. */
export function keptBy(keys: readonly { readonly revokedAt: string | null }[]): string | undefined {
  const held = keys.filter(({ revokedAt }) => revokedAt === null).length;
  return held === 0
    ? undefined
    : `${counted(held, "API key")} of it ${held === 1 ? "is" : "are"} not revoked: revoke ${held === 1 ? "it" : "them"} first, below.`;
}
