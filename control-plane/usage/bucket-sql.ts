/** Whole hours and days of UTC around an instant, in SQL: where roll-ups can stand in for the ledger. */

type Bucket = "hour" | "day";

/** The one that an instant falls in. */
export const whole = (bucket: Bucket, expression: string): string => `date_trunc('${bucket}', ${expression}, 'UTC')`;

/** The first that begins at an instant or after it. */
export const ceiling = (bucket: Bucket, expression: string): string =>
  whole(bucket, `${expression} + interval '1 ${bucket} - 1 microsecond'`);
