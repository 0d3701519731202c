/**
 * Where settings come from, for both planes: environment variables, and for each secret a file named by `<NAME>_FILE`.
 * An empty secret is a mistake and not "no secret": it is refused by name (a gateway that verified signatures with an
 * empty key gave away free credit in 2026).
 */
import { readFileSync } from "node:fs";
import { type AddressRange, readAddressRange } from "./caller-address.ts";

export class SettingError extends Error {
  override readonly name = "SettingError";
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** One that was asked for, for people who wonder where a value comes from. */
export interface ResolvedSetting {
  readonly name: string;
  /** Null: it is secret, or there is none. */
  readonly value: string | null;
  readonly isSecret: boolean;
  readonly origin: "file" | "environment" | "default";
}

export interface SettingSource {
  text(name: string): string | undefined;
  text(name: string, fallback: string): string;
  /** 0 to 65535; 0 picks a free one. */
  port(name: string, fallback: number): number;
  integer(name: string, fallback: number, range: { min: number; max: number }): number;
  flag(name: string, fallback: boolean): boolean;
  /** Comma-separated. */
  list(name: string): readonly string[];
  /** Comma-separated addresses and CIDR ranges. */
  addressRanges(name: string): readonly AddressRange[];
  /** @throws SettingError where it is set but empty, or its file cannot be read. */
  secret(name: string): string | undefined;
  /** 32 bytes, written as 64 hex digits or 43-44 characters of base64. */
  key32(name: string): Uint8Array | undefined;
  /** All that were asked for so far, by name. */
  resolved(): readonly ResolvedSetting[];
}

export function settingSource(environment: Environment): SettingSource {
  const asked = new Map<string, ResolvedSetting>();
  const note = (name: string, value: string | number | boolean | undefined, isSecret = false): void => {
    const given = environment[name] !== undefined && environment[name] !== "";
    const origin = environment[`${name}_FILE`] !== undefined && isSecret ? "file" : given ? "environment" : "default";
    asked.set(name, { name, value: isSecret || value === undefined ? null : String(value), isSecret, origin });
  };
  const raw = (name: string) => (environment[name] === "" ? undefined : environment[name]);
  const text = ((name: string, fallback?: string) => {
    const value = raw(name) ?? fallback;
    note(name, value);
    return value;
  }) as SettingSource["text"];
  const secret = (name: string): string | undefined => {
    note(name, undefined, true);
    const file = environment[`${name}_FILE`];
    const direct = environment[name];
    if (direct !== undefined && file !== undefined) throw new SettingError(`${name} and ${name}_FILE are both set; keep one`);
    if (file !== undefined) {
      let content: string;
      try {
        content = readFileSync(file, "utf8").trim();
      } catch (cause) {
        throw new SettingError(`${name}_FILE: ${file} cannot be read`, { cause });
      }
      if (content === "") throw new SettingError(`${name}_FILE: ${file} is empty; a secret must not be empty`);
      return content;
    }
    if (direct?.trim() === "") throw new SettingError(`${name} is empty; a secret must not be empty. Give it a value or remove it`);
    return direct;
  };
  const integer = (name: string, fallback: number, range: { min: number; max: number }): number => {
    const value = raw(name);
    note(name, value ?? fallback);
    if (value === undefined) return fallback;
    const number = Number(value);
    if (!/^\d+$/.test(value) || number < range.min || number > range.max)
      throw new SettingError(`${name} must be a whole number from ${range.min} to ${range.max}, not "${value}"`);
    return number;
  };
  const list = (name: string): readonly string[] =>
    (text(name) ?? "")
      .split(",")
      .map((part) => part.trim())
      .filter((part) => part !== "");
  return {
    resolved: () => [...asked.values()].sort((one, other) => one.name.localeCompare(other.name)),
    text,
    secret,
    integer,
    port: (name, fallback) => integer(name, fallback, { min: 0, max: 65535 }),
    flag: (name, fallback) => {
      const value = raw(name);
      note(name, value ?? fallback);
      if (value === undefined) return fallback;
      if (value === "true" || value === "1") return true;
      if (value === "false" || value === "0") return false;
      throw new SettingError(`${name} must be true or false, not "${value}"`);
    },
    list,
    addressRanges: (name) =>
      list(name).map((part) => {
        const range = readAddressRange(part);
        if (range === undefined) throw new SettingError(`${name} must be addresses and ranges such as 10.0.0.0/8, not "${part}"`);
        return range;
      }),
    key32: (name) => {
      const value = secret(name)?.trim();
      if (value === undefined) return undefined;
      // Node skips over what is not base64, so that a mistyped key or a sentence would pass for 32 bytes.
      const bytes = /^[0-9a-fA-F]{64}$/.test(value)
        ? Buffer.from(value, "hex")
        : Buffer.from(/^[\w+/-]{43}=?$/.test(value) ? value : "", "base64");
      if (bytes.length !== 32)
        throw new SettingError(`${name} must be 32 bytes, as 64 hex digits or as base64; make one with: openssl rand -hex 32`);
      return bytes;
    },
  };
}
