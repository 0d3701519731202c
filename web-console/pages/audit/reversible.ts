/** Which entries of the audit log can be taken back. */
interface Reversible {
  /** Null: it made none. */
  readonly revisionNumber: string | null;
  readonly targetKind: string;
}

/** Why it cannot be taken back from here; undefined: it can. */
export function irreversible({ revisionNumber, targetKind }: Reversible): string | undefined {
  if (revisionNumber === null) return "It changed nothing that is published, so there is nothing to take back.";
  if (targetKind === "api_key") return "What is done to API keys is not taken back: a revoked key stays revoked.";
  if (targetKind === "organisation") return "What is done to organisations is not taken back from here; change the organisation again.";
  return undefined;
}
