/** Who a request comes from: the holder of an admin token, or of a session of the console, which a cookie carries. */
import type { Principal } from "../graphql/context.ts";
import { actIn, type KnownToken, recogniseAdminToken } from "../operations/admin-tokens.ts";
import { recogniseSession } from "../operations/console-sessions.ts";
import type { Services } from "../services.ts";
import { sessionSecretOf } from "./session-cookie.ts";

export type HeaderReader = (name: string) => string | undefined;

/** Undefined: nobody that is known. @throws ForbiddenError where it may not act in the organisation that it names. */
export async function principalBehind(
  { database, settings }: Pick<Services, "database" | "settings">,
  header: HeaderReader,
): Promise<(Principal & KnownToken) | undefined> {
  const authorization = header("authorization");
  const token =
    authorization === undefined
      ? await recogniseSession(database, settings.pepper, sessionSecretOf(header))
      : await recogniseAdminToken(database, settings.pepper, authorization);
  return token === undefined ? undefined : actIn(database, token, header("x-penstock-organisation"));
}
