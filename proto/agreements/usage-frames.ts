/**
 * How usage records stand in a node's log, and how they travel to the ledger: one frame after another, each with its length, a
 * checksum and the record's number in its log. The same bytes go to the disk and into the queue, so nothing is written twice.
 *
 * A frame: uint32 length of number and record, uint32 CRC-32 of both, uint64 number, record; little endian.
 */
import { crc32 } from "node:zlib";

const headBytes = 8;
const sequenceBytes = 8;

export interface UsageFrame {
  /** From 1, growing by one. */
  readonly sequence: bigint;
  /** Bytes of a penstock.usage.v1.UsageRecord; a view. Empty: the log has lost this record and says so. */
  readonly record: Buffer;
}

/** Of one log, without a gap. */
export interface UsageFrames {
  readonly first: bigint;
  readonly last: bigint;
  readonly bytes: Buffer;
}

export const frameBytes = (record: Uint8Array): number => headBytes + sequenceBytes + record.length;

/** @returns where the frame ends. @param sequence at most 2^53. */
export function writeFrame(into: Buffer, at: number, sequence: number, record: Uint8Array): number {
  const end = at + frameBytes(record);
  into.writeUInt32LE(end - at - headBytes, at);
  into.writeUInt32LE(sequence % 2 ** 32, at + headBytes);
  into.writeUInt32LE(Math.floor(sequence / 2 ** 32), at + headBytes + 4);
  into.set(record, at + headBytes + sequenceBytes);
  into.writeUInt32LE(crc32(into.subarray(at + headBytes, end)), at + 4);
  return end;
}

export interface FramesRead {
  readonly frames: readonly UsageFrame[];
  /** Where the first frame begins that is not whole; the bytes' length where all are. */
  readonly goodBytes: number;
}

export function readFrames(bytes: Buffer): FramesRead {
  const frames: UsageFrame[] = [];
  let at = 0;
  while (at + headBytes + sequenceBytes <= bytes.length) {
    const length = bytes.readUInt32LE(at);
    const end = at + headBytes + length;
    if (length < sequenceBytes || end > bytes.length) break;
    if (crc32(bytes.subarray(at + headBytes, end)) !== bytes.readUInt32LE(at + 4)) break;
    frames.push({
      sequence: bytes.readBigUInt64LE(at + headBytes),
      record: bytes.subarray(at + headBytes + sequenceBytes, end),
    });
    at = end;
  }
  return { frames, goodBytes: at };
}

/** Those with a number above `after`. undefined: there are none. */
export function framesAfter(bytes: Buffer, after: bigint): UsageFrames | undefined {
  const { frames, goodBytes } = readFrames(bytes);
  const index = frames.findIndex(({ sequence }) => sequence > after);
  const [first, last] = [frames[index], frames.at(-1)];
  if (first === undefined || last === undefined) return undefined;
  const start = first.record.byteOffset - bytes.byteOffset - headBytes - sequenceBytes;
  return { first: first.sequence, last: last.sequence, bytes: bytes.subarray(start, goodBytes) };
}

/** Frames for records that follow on from `first`. */
export function framesOf(first: bigint, records: readonly Uint8Array[]): UsageFrames {
  const bytes = Buffer.allocUnsafe(records.reduce((sum, record) => sum + frameBytes(record), 0));
  let at = 0;
  let sequence = Number(first);
  for (const record of records) at = writeFrame(bytes, at, sequence++, record);
  return { first, last: first + BigInt(records.length - 1), bytes };
}
