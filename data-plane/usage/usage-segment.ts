/**
 * One file of the usage log: frames in the order of their sequence numbers, named by the first of them.
 * What stands in it is read back frame by frame; a torn tail is cut off when the log is opened.
 */
import { open, readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { frameBytes, framesAfter, framesOf, readFrames, type UsageFrames } from "#agreements/usage-frames.ts";

export interface Segment {
  readonly path: string;
  readonly first: bigint;
  /** Of the last record in it; first - 1n where there is none. */
  last: bigint;
  /** Up to where all is written and synced. */
  bytes: number;
}

/** Read at once while looking for records, in bytes; more where a record is longer. */
const readBytes = 256 * 1024;

export const segmentAt = (directory: string, first: bigint): Segment => ({
  path: join(directory, `${first.toString().padStart(20, "0")}.log`),
  first,
  last: first - 1n,
  bytes: 0,
});

/** Those of a directory, in order, each with its torn tail cut off. `onTorn` is told how many bytes that took. */
export async function openSegments(directory: string, onTorn: (path: string, bytes: number) => void): Promise<Segment[]> {
  const segments: Segment[] = [];
  for (const name of (await readdir(directory)).filter((entry) => /^\d{20}\.log$/.test(entry)).sort()) {
    const segment = segmentAt(directory, BigInt(name.slice(0, 20)));
    const file = await readFile(segment.path);
    for (const { sequence, record } of readFrames(file).frames) {
      if (sequence !== segment.last + 1n) break;
      segment.last++;
      segment.bytes += frameBytes(record);
    }
    if (segment.bytes < file.length) {
      onTorn(segment.path, file.length - segment.bytes);
      await truncate(segment.path, segment.bytes);
    }
    // A file without a whole record says nothing, and its name will be wanted again.
    if (segment.bytes === 0) await rm(segment.path);
    else segments.push(segment);
  }
  return segments;
}

/**
 * Numbers whose records the disk no longer has, as records without content: the ledger counts without gaps, and would wait for
 * them for ever. It puts these to the dead letters, where the loss can be seen.
 */
export async function fillGap(directory: string, first: bigint, last: bigint): Promise<Segment> {
  const segment = segmentAt(directory, first);
  const { bytes } = framesOf(
    first,
    Array.from({ length: Number(last - first) + 1 }, () => new Uint8Array()),
  );
  await writeFile(segment.path, bytes, { mode: 0o600, flush: true });
  return { ...segment, last, bytes: bytes.length };
}

export interface SegmentRead {
  /** undefined: there is none above. */
  readonly frames: UsageFrames | undefined;
  /** Where to read on. */
  readonly offset: number;
}

/** Frames with a number above `after`, from `offset` on, which is where a frame begins; some 256 KB of them, or one that is longer. */
export async function readSegment(segment: Segment, offset: number, after: bigint): Promise<SegmentRead> {
  const file = await open(segment.path, "r");
  try {
    let position = offset;
    let wantedBytes = readBytes;
    while (position < segment.bytes) {
      const chunk = Buffer.allocUnsafe(Math.min(wantedBytes, segment.bytes - position));
      const { bytesRead } = await file.read(chunk, 0, chunk.length, position);
      const read = chunk.subarray(0, bytesRead);
      const { goodBytes } = readFrames(read);
      if (goodBytes === 0 && wantedBytes >= segment.bytes - position)
        throw new Error(`${segment.path} cannot be read at byte ${position}, which was written whole`);
      // A record longer than what was read: read more of it.
      wantedBytes = goodBytes === 0 ? wantedBytes * 4 : readBytes;
      position += goodBytes;
      const frames = framesAfter(read, after);
      if (frames !== undefined) return { frames, offset: position };
    }
    return { frames: undefined, offset: position };
  } finally {
    await file.close();
  }
}
