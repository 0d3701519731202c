/**
 * How a record stands in an append-only file: its length, a checksum, its bytes. A process that is killed while it writes
 * leaves a torn tail; reading stops at the first record that is not whole, and says how far the file is good.
 */
import { crc32 } from "node:zlib";

/** uint32 length, uint32 CRC-32 of the bytes, both little endian. */
const headBytes = 8;

/** Bytes that a record of this length takes in the file. */
export const checkedLength = (length: number): number => headBytes + length;

/** @param bytes at least one: an empty record could not be told from a hole of zeros. */
export function checkedRecord(bytes: Uint8Array): Buffer {
  if (bytes.length === 0) throw new Error("an empty record cannot be written");
  const framed = Buffer.allocUnsafe(headBytes + bytes.length);
  framed.writeUInt32LE(bytes.length, 0);
  framed.writeUInt32LE(crc32(bytes), 4);
  framed.set(bytes, headBytes);
  return framed;
}

export interface CheckedRecords {
  /** Views into the file's bytes. */
  readonly records: readonly Buffer[];
  /** Where the first record begins that is not whole; the file's length where all are. */
  readonly goodBytes: number;
}

export function readCheckedRecords(file: Buffer): CheckedRecords {
  const records: Buffer[] = [];
  let position = 0;
  while (position + headBytes <= file.length) {
    const length = file.readUInt32LE(position);
    const end = position + headBytes + length;
    if (length === 0 || end > file.length) break;
    const bytes = file.subarray(position + headBytes, end);
    if (crc32(bytes) !== file.readUInt32LE(position + 4)) break;
    records.push(bytes);
    position = end;
  }
  return { records, goodBytes: position };
}
