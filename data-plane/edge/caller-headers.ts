/** What every edge reads from a caller's headers or metadata. Names are given in lower case; bad values are not errors but not used. */

export interface CallerHeaders {
  readonly credential: string | undefined;
  readonly requestId: string | undefined;
  readonly sessionId: string;
  readonly tags: Readonly<Record<string, string>>;
}

const requestIdPattern = /^[\w.:@/+=-]{1,128}$/;
const tagPattern = /^[\w.:/-]{1,64}=[\w.:@/ +-]{1,128}$/;
const tagsMax = 16;

export function readCallerHeaders(header: (name: string) => string | undefined): CallerHeaders {
  const requestId = header("x-request-id");
  const sessionId = header("x-penstock-session");
  return {
    credential: bearer(header("authorization")),
    requestId: requestId !== undefined && requestIdPattern.test(requestId) ? requestId : undefined,
    sessionId: sessionId !== undefined && sessionId.length <= 256 ? sessionId : "",
    tags: tagsOf(header("x-penstock-tags")),
  };
}

/** The scheme's case does not matter (RFC 9110, 11.1). */
function bearer(authorization: string | undefined): string | undefined {
  return authorization !== undefined && /^bearer /i.test(authorization) ? authorization.slice(7).trim() : undefined;
}

/** `team=search,env=live`. */
function tagsOf(value: string | undefined): Record<string, string> {
  if (value === undefined) return {};
  const pairs = value
    .split(",", tagsMax)
    .map((pair) => pair.trim())
    .filter((pair) => tagPattern.test(pair));
  return Object.fromEntries(pairs.map((pair) => [pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1)]));
}
