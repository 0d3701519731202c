/**
 * The cookie that holds a session: not readable by scripts, and never sent by a browser on behalf of another site. Browsers
 * keep one jar for all ports of a host, so the port is part of its name: two installations on one machine stay apart.
 */
import type { HeaderReader } from "./principal.ts";

const nameOf = (header: HeaderReader): string => {
  const port = /:(\d{1,5})$/.exec(header("host") ?? "")?.[1];
  return port === undefined ? "penstock_session" : `penstock_session_${port}`;
};

export function sessionSecretOf(header: HeaderReader): string | undefined {
  const name = nameOf(header);
  for (const part of (header("cookie") ?? "").split(";")) {
    const at = part.indexOf("=");
    if (part.slice(0, at).trim() === name) return part.slice(at + 1).trim();
  }
  return undefined;
}

/** @param secret undefined: forget it. */
export function sessionCookie(header: HeaderReader, secret: string | undefined, seconds: number): string {
  // TLS ends at a proxy, which says so.
  const secure = header("x-forwarded-proto") === "https" ? "; Secure" : "";
  return `${nameOf(header)}=${secret ?? ""}; Path=/; HttpOnly; SameSite=Strict; Max-Age=${secret === undefined ? 0 : seconds}${secure}`;
}
