/** Settings: a mistake is refused by the setting's name and with what to do, never read as something else. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type SettingError, settingSource } from "#agreements/setting-source.ts";
import { temporaryDirectory } from "../harness/temporary-directory.ts";

let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
beforeAll(async () => {
  directory = await temporaryDirectory();
});
afterAll(() => directory.remove());

async function file(name: string, content: string): Promise<string> {
  const path = join(directory.path, name);
  await writeFile(path, content);
  return path;
}

function refusal(read: () => unknown): string {
  try {
    read();
  } catch (error) {
    expect(error).toHaveProperty("name", "SettingError");
    return (error as SettingError).message;
  }
  return "it was not refused";
}

test("says of each that was asked for what it is and where it came from, and of secrets only that", async () => {
  const source = settingSource({ HOST: "::1", EMPTY: "", KEY_FILE: await file("key", "hidden"), DIRECT: "hidden" });
  source.text("HOST", "127.0.0.1");
  source.text("EMPTY");
  source.port("PORT", 4000);
  source.flag("SWITCH", true);
  source.secret("KEY");
  source.secret("DIRECT");
  source.secret("NONE");
  expect(source.resolved()).toEqual([
    { name: "DIRECT", value: null, isSecret: true, origin: "environment" },
    { name: "EMPTY", value: null, isSecret: false, origin: "default" },
    { name: "HOST", value: "::1", isSecret: false, origin: "environment" },
    { name: "KEY", value: null, isSecret: true, origin: "file" },
    { name: "NONE", value: null, isSecret: true, origin: "default" },
    { name: "PORT", value: "4000", isSecret: false, origin: "default" },
    { name: "SWITCH", value: "true", isSecret: false, origin: "default" },
  ]);
});

describe("a secret", () => {
  test("comes from the environment, or from the file that is named, without the line's end", async () => {
    expect(settingSource({ PEPPER: "p" }).secret("PEPPER")).toBe("p");
    expect(settingSource({ PEPPER_FILE: await file("pepper", " from a file\n") }).secret("PEPPER")).toBe("from a file");
    expect(settingSource({}).secret("PEPPER")).toBeUndefined();
  });

  test.each(["", " ", "\n\t"])("that is %j is a mistake, and not none", async (empty) => {
    expect(refusal(() => settingSource({ PEPPER: empty }).secret("PEPPER"))).toMatch(/^PEPPER is empty; .*Give it a value or remove it/);
    const path = await file("empty", empty);
    expect(refusal(() => settingSource({ PEPPER_FILE: path }).secret("PEPPER"))).toContain(`PEPPER_FILE: ${path} is empty`);
  });

  test("is not guessed where both are set, even to nothing", async () => {
    const path = await file("both", "x");
    for (const direct of ["y", ""])
      expect(refusal(() => settingSource({ PEPPER: direct, PEPPER_FILE: path }).secret("PEPPER"))).toBe(
        "PEPPER and PEPPER_FILE are both set; keep one",
      );
  });

  test("whose file is not there, or is a folder, or has no name, is refused by that name", () => {
    for (const path of [join(directory.path, "absent"), directory.path, ""])
      expect(refusal(() => settingSource({ PEPPER_FILE: path }).secret("PEPPER"))).toBe(`PEPPER_FILE: ${path} cannot be read`);
  });

  test("is never in the text of an error", () => {
    const source = settingSource({ KEY: "hunter2-hunter2" });
    expect(refusal(() => source.key32("KEY"))).not.toContain("hunter2");
  });
});

describe("a key of 32 bytes", () => {
  const bytes = Buffer.from(Array.from({ length: 32 }, (_, i) => 255 - i * 7));
  test.each([
    ["hex", bytes.toString("hex")],
    ["hex in capitals", bytes.toString("hex").toUpperCase()],
    ["base64", bytes.toString("base64")],
    ["base64 without its end", bytes.toString("base64").replace("=", "")],
    ["base64url", bytes.toString("base64url")],
    ["base64 with a line's end", `${bytes.toString("base64")}\n`],
  ])("may be written as %s", (_, text) => {
    expect(Buffer.from(settingSource({ KEY: text }).key32("KEY") ?? [])).toEqual(bytes);
  });

  test("may stand in a file, and may be absent", async () => {
    const path = await file("key", `${bytes.toString("hex")}\n`);
    expect(Buffer.from(settingSource({ KEY_FILE: path }).key32("KEY") ?? [])).toEqual(bytes);
    expect(settingSource({}).key32("KEY")).toBeUndefined();
  });

  test.each([
    ["31 bytes", bytes.subarray(1).toString("hex")],
    ["33 bytes", `${bytes.toString("hex")}00`],
    ["31 bytes of base64", bytes.subarray(1).toString("base64")],
    ["hex with a letter that is none", `g${bytes.toString("hex").slice(1)}`],
    ["a sentence that has 43 letters of base64 in it", "this, my friend, is a passphrase and no key at all!"],
    ["base64 with a space in it", bytes.toString("base64").replace(/^(.{20})/, "$1 ")],
    ["32 characters", "0123456789abcdef0123456789abcdef"],
  ])("is not %s", (_, text) => {
    expect(refusal(() => settingSource({ KEY: text }).key32("KEY"))).toMatch(/^KEY must be 32 bytes, .*openssl rand -hex 32$/);
  });
});

describe("a number", () => {
  const source = (value: string) => settingSource({ N: value });
  const range = { min: 1, max: 10 };

  test.each([
    ["1", 1],
    ["10", 10],
    ["007", 7],
  ])("may be %j", (text, number) => {
    expect(source(text).integer("N", 5, range)).toBe(number);
  });

  test("is the fallback where it is not set or empty", () => {
    expect(settingSource({}).integer("N", 5, range)).toBe(5);
    expect(source("").integer("N", 5, range)).toBe(5);
  });

  test.each(["0", "11", "-1", "+1", "1.0", "1e1", "0x5", " 5", "5 ", "five", "NaN", "Infinity", "5,0", "٥", "99999999999999999999"])(
    "is not %j",
    (text) => {
      expect(refusal(() => source(text).integer("N", 5, range))).toBe(`N must be a whole number from 1 to 10, not "${text}"`);
    },
  );

  test.each([
    ["0", 0],
    ["65535", 65535],
  ])("that is a port may be %j", (text, port) => {
    expect(source(text).port("N", 4000)).toBe(port);
  });
  test.each(["65536", "-1", "http"])("that is a port is not %j", (text) => {
    expect(refusal(() => source(text).port("N", 4000))).toContain("from 0 to 65535");
  });
});

test.each([
  ["true", true],
  ["1", true],
  ["false", false],
  ["0", false],
  ["", true],
])("a flag of %j is %s", (text, flag) => {
  expect(settingSource({ F: text }).flag("F", true)).toBe(flag);
});
test.each(["yes", "TRUE", "on", " true", "2"])("a flag is not %j", (text) => {
  expect(refusal(() => settingSource({ F: text }).flag("F", false))).toBe(`F must be true or false, not "${text}"`);
});

test.each([
  [undefined, []],
  ["", []],
  [" , ,", []],
  ["a", ["a"]],
  [" a , b,,c ", ["a", "b", "c"]],
])("a list of %j is %j", (text, list) => {
  expect(settingSource({ L: text }).list("L")).toEqual(list);
});
