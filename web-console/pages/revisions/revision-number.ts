/** Numbers of revisions as addresses have them. */
const numberMax = 2n ** 63n - 2n;

/** What an address says as a revision's number, without leading zeros. Undefined: no revision can have it. */
export function revisionNumberOf(text: string): string | undefined {
  if (!/^\d{1,30}$/.test(text)) return undefined;
  const number = BigInt(text);
  return number === 0n || number > numberMax ? undefined : String(number);
}
