/** @returns what is not charged, in ten-thousandths. Undefined: it is no share. */
export function basisPointsOf(percent: string): number | undefined {
  const points = Math.round(Number(percent.replace("%", "")) * 100);
  return percent.trim() !== "" && points >= 1 && points <= 10_000 ? points : undefined;
}
