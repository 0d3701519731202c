/** The steps of a chart over time. */
export interface Steps {
  /** Seconds since the epoch, growing. */
  readonly times: readonly number[];
  /** Seconds since the epoch: from when on it was asked for. */
  readonly from?: number;
  /** Each stands for itself however short it is, as the worst of a step does. */
  readonly whole?: boolean;
}

/** A step that is not over, or began before what was asked for: a line would fall there although nothing has. */
export function isPart({ times, from, whole = false }: Steps, index: number, nowMs = Date.now()): boolean {
  if (whole) return false;
  const time = times[index] ?? 0;
  const step = (times[1] ?? 0) - (times[0] ?? 0);
  return time < (from ?? time) || (index === times.length - 1 && time + step > nowMs / 1000);
}
