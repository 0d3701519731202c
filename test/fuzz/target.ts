import fc from "fast-check";
import { GatewayError } from "../../data-plane/gateway-error.ts";

/** One reader, or what it reads for, and what must hold of it whatever comes. */
export interface Target {
  readonly name: string;
  check(bounds: FuzzBounds): Promise<{ readonly failed: boolean; readonly inputs: number; readonly report: string }>;
}

export interface FuzzBounds {
  readonly numRuns: number;
  readonly seed?: number;
  readonly interruptAfterTimeLimit?: number;
  readonly markInterruptAsFailure?: boolean;
}

export const target = <Input>(name: string, property: fc.IProperty<Input> | fc.IAsyncProperty<Input>): Target => ({
  name,
  async check(bounds) {
    const details = await fc.check(property as fc.IAsyncProperty<Input>, bounds);
    return { failed: details.failed, inputs: details.numRuns, report: details.failed ? (fc.defaultReportMessage(details) ?? "") : "" };
  },
});

/** Lets a failure pass that has a name. One without is a bug here, and so is INTERNAL. @param known also passes. */
export function typed(act: () => void, known?: Error): void {
  try {
    act();
  } catch (reason) {
    if (reason === known) return;
    if (!(reason instanceof GatewayError) || reason.kind === "INTERNAL") throw reason;
  }
}
