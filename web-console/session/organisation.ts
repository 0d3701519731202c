/** Where an administrator of the whole installation acts. Others act in their own organisation, and nothing is kept. */
const key = "penstock-organisation";

export function actingOrganisation(): string | undefined {
  try {
    return sessionStorage.getItem(key) ?? undefined;
  } catch {
    return undefined;
  }
}

/** @param id undefined: one's own. */
export function actIn(id: string | undefined): void {
  if (id === undefined) sessionStorage.removeItem(key);
  else sessionStorage.setItem(key, id);
}
