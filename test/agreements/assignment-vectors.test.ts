/**
 * The published vectors of assignment (docs/assignment-vectors.json) in every language that this machine has: whoever assigns
 * elsewhere, in an application or in a data warehouse, finds units where the nodes put them.
 */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { bucketOf } from "#agreements/bucket-hash.ts";
import { startPostgres } from "../harness/postgres.ts";

interface Vector {
  readonly hashVersion: number;
  readonly seed: string;
  readonly unit: string;
  readonly bucket: number;
}
const vectors = JSON.parse(readFileSync(join(import.meta.dirname, "../../docs/assignment-vectors.json"), "utf8")) as readonly Vector[];
const third = vectors.filter(({ hashVersion }) => hashVersion === 3);

test.each(vectors)("version $hashVersion puts $unit under the seed $seed at $bucket", ({ hashVersion, seed, unit, bucket }) => {
  expect(bucketOf(hashVersion, seed, unit)).toBe(bucket);
});

/** Reads [[seed, unit], …] in hexadecimal of UTF-8, one pair a line, and writes a bucket a line, to the last bit. */
const programs: Readonly<Record<string, readonly string[]>> = {
  python3: [
    "-c",
    `import sys, hashlib
for line in sys.stdin:
    seed, unit = line.rstrip("\\n").split(" ")
    d = hashlib.sha256(bytes.fromhex(seed) + b"\\0" + bytes.fromhex(unit)).digest()
    print(repr(int.from_bytes(d[:4], "big") / 2**32 + (int.from_bytes(d[4:8], "big") >> 11) / 2**53))`,
  ],
  perl: [
    "-MDigest::SHA=sha256",
    "-ne",
    `chomp; my ($seed, $unit) = split / /, $_, -1; my ($high, $low) = unpack "NN", sha256(pack("H*", $seed) . "\\0" . pack("H*", $unit)); printf "%.17g\\n", $high / 2**32 + ($low >> 11) / 2**53`,
  ],
};
const has = (program: string): boolean => {
  try {
    execFileSync(program, ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
};
const hex = (text: string) => Buffer.from(text, "utf8").toString("hex");

describe.each(Object.entries(programs))("%s", (program, args) => {
  test.runIf(has(program))("finds the same buckets, to the last bit", () => {
    const input = third.map(({ seed, unit }) => `${hex(seed)} ${hex(unit)}\n`).join("");
    const output = execFileSync(program, [...args], { input, encoding: "utf8" });
    expect(output.trim().split("\n").map(Number)).toEqual(third.map(({ bucket }) => bucket));
  });
});

test("PostgreSQL's SQL finds them too, for who joins assignments in a warehouse", async () => {
  const postgres = await startPostgres();
  try {
    const { default: pg } = await import("pg");
    const client = new pg.Client({ connectionString: await postgres.createDatabase() });
    await client.connect();
    const { rows } = await client.query<{ bucket: number }>(
      `select ('x' || left(digest, 8))::bit(32)::bigint / 2.0::float8 ^ 32 + (('x' || substr(digest, 9, 8))::bit(32)::bigint >> 11) / 2.0::float8 ^ 53 as bucket
       from unnest($1::text[], $2::text[]) with ordinality as given (seed, unit, place)
       cross join lateral (select encode(sha256(convert_to(seed, 'UTF8') || '\\x00'::bytea || convert_to(unit, 'UTF8')), 'hex') as digest) d
       order by place`,
      [third.map(({ seed }) => seed), third.map(({ unit }) => unit)],
    );
    await client.end();
    expect(rows.map(({ bucket }) => bucket)).toEqual(third.map(({ bucket }) => bucket));
  } finally {
    await postgres.close();
  }
}, 60_000);
