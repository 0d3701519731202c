/** How deep a JSON value may be nested before anything recursive looks at it: V8 parses what its own serialiser then overflows on. */
export const jsonDepthMax = 64;

/** Without recursion, because that is what it guards. */
export function isTooDeep(value: unknown): boolean {
  let level = inner([value]);
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > jsonDepthMax) return true;
    level = inner(level.flatMap((one) => Object.values(one)));
  }
  return false;
}

const inner = (values: readonly unknown[]): object[] => values.filter((one): one is object => typeof one === "object" && one !== null);
