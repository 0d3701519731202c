/**
 * Where and as what a browser's tab acts: an administrator of the installation in another organisation, and anybody in a role
 * below their own, to see what its holders see. Everything that asks the control plane says so.
 */
export const roles = ["viewer", "developer", "operator", "admin"] as const;
export type Role = (typeof roles)[number];

export const mayAs = (role: Role, needed: Role): boolean => roles.indexOf(role) >= roles.indexOf(needed);

const keys = { organisation: "penstock-organisation", role: "penstock-role" } as const;

function read(name: keyof typeof keys): string | undefined {
  try {
    return sessionStorage.getItem(keys[name]) ?? undefined;
  } catch {
    return undefined;
  }
}

export const actingOrganisation = (): string | undefined => read("organisation");
/** Undefined: one's own. */
export const actingRole = (): Role | undefined => roles.find((role) => role === read("role"));

/** From a fresh start: nothing of what was seen before may stay in the cache. */
export function act(name: keyof typeof keys, value: string | undefined): void {
  if (value === undefined) sessionStorage.removeItem(keys[name]);
  else sessionStorage.setItem(keys[name], value);
  location.assign("/");
}

/** Whoever signs in begins as themselves: what the one before chose may be refused to them. */
export function actAsOneself(): void {
  for (const key of Object.values(keys)) sessionStorage.removeItem(key);
}

export function actingHeaders(): Record<string, string> {
  const organisation = actingOrganisation();
  const role = actingRole();
  return {
    ...(organisation === undefined ? {} : { "x-penstock-organisation": organisation }),
    ...(role === undefined ? {} : { "x-penstock-role": role }),
  };
}
