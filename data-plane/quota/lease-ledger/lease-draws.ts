/**
 * A node that is killed cannot say what it had spent of its leases. So it spends a lease in parts, and each part only once its
 * disk knows that it is drawn: after a restart what was not drawn goes back, and no more than the last part stays counted as
 * perhaps used. Drawn ahead of need, all of a turn of the loop in one write, so that no call waits for the disk.
 *
 * For calendar windows and lifetimes alone: the others' leases are over by themselves.
 */
import { isCalendar, type NodeCounter } from "../node-counter.ts";
import type { LeaseJournal } from "./lease-journal.ts";
import type { LedgerClock } from "./ledger-clock.ts";

export interface LeaseDraws {
  /** Makes the next part of the lease spendable, at once or when the disk has it. */
  draw(counter: NodeCounter): void;
  /** Resolves when what is on its way to the disk is there, or within a short clock. undefined: nothing is, or the disk is sick. */
  drawing(): Promise<void> | undefined;
}

const partsOfLease = 8;
const callsOfPart = 8;
/** Longer than this nobody waits for the disk, in milliseconds. */
const writeMsMax = 50;

interface Draw {
  readonly counter: NodeCounter;
  readonly amount: number;
  readonly startMs: number;
}

/** @param journal undefined: there is no disk that outlives the process, so nothing is written and nothing comes back. */
export function leaseDraws(journal: LeaseJournal | undefined, clock: Pick<LedgerClock, "after">): LeaseDraws {
  let waiting: Draw[] = [];
  let written: Promise<void> | undefined;
  let sick = false;

  const draw = (counter: NodeCounter) => {
    if (journal === undefined || !isCalendar(counter)) {
      counter.spendable = counter.lease;
      return;
    }
    const undrawn = counter.lease - counter.spendable;
    const part = Math.max(1, Math.ceil(counter.leaseSize / partsOfLease), counter.need * callsOfPart);
    counter.drawAt = undrawn > 0 ? Math.floor(part / 2) : -1;
    if (undrawn <= 0 || counter.drawing || counter.spendable > counter.drawAt) return;
    counter.drawing = true;
    waiting.push({ counter, amount: Math.min(undrawn, part), startMs: counter.startMs });
    written ??= Promise.resolve().then(() => write(journal));
  };
  /** All that was asked for in this turn of the loop. */
  const write = async (to: LeaseJournal) => {
    const draws = waiting;
    waiting = [];
    const lines = draws.map(({ counter, amount }) => ({ quota: counter.quota, subject: counter.subject, drawn: counter.drawn + amount }));
    const tooLate = new Promise<never>((_, reject) => clock.after(writeMsMax, () => reject(new Error("the disk is slow"))));
    try {
      await Promise.race([to.write(lines), tooLate]);
      sick = false;
    } catch {
      // Calls ask the store for each of them until the disk takes it again.
      sick = true;
    }
    written = undefined;
    for (const one of draws) {
      one.counter.drawing = false;
      if (!sick) drawn(one);
    }
  };
  const drawn = ({ counter, amount, startMs }: Draw) => {
    counter.drawn += amount;
    // Given back meanwhile, or its window is over: it was drawn for nothing.
    if (counter.startMs === startMs && counter.lease - counter.spendable >= amount) counter.spendable += amount;
    draw(counter);
  };
  return { draw, drawing: () => (sick ? undefined : written) };
}
