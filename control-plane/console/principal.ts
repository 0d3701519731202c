/** Who a request comes from: the holder of an admin token, or of a session of the console, which a cookie carries. */
import { ForbiddenError } from "../control-error.ts";
import { adminRoles, mayAs } from "../database/entities/admin-role.ts";
import type { Principal } from "../graphql/context.ts";
import { actIn, type KnownToken, recogniseAdminToken } from "../operations/admin-tokens.ts";
import { recogniseSession } from "../operations/console-sessions.ts";
import type { Services } from "../services.ts";
import { sessionSecretOf } from "./session-cookie.ts";

export type HeaderReader = (name: string) => string | undefined;

/** Undefined: nobody that is known. @throws ForbiddenError where it may not act in the organisation, or as the role, that it names. */
export async function principalBehind(
  { database, settings }: Pick<Services, "database" | "settings">,
  header: HeaderReader,
): Promise<(Principal & KnownToken) | undefined> {
  const authorization = header("authorization");
  const token =
    authorization === undefined
      ? await recogniseSession(database, settings.pepper, sessionSecretOf(header))
      : await recogniseAdminToken(database, settings.pepper, authorization);
  if (token === undefined) return undefined;
  return asRole(await actIn(database, token, header("x-penstock-organisation")), header("x-penstock-role"));
}

/** To see what another role sees: its own, or a lower one. @throws ForbiddenError */
function asRole(token: KnownToken, asked: string | undefined): KnownToken {
  if (asked === undefined || asked === token.role) return token;
  const role = adminRoles.find((one) => one === asked);
  if (role === undefined || !mayAs(token.role, role))
    throw new ForbiddenError(
      `the header x-penstock-role must be viewer, developer, operator or admin, and not above your own role, ${token.role}`,
    );
  return { ...token, role, installation: false };
}
