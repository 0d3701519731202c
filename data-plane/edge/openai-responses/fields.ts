/** How the readers of a response's request look at JSON that nobody has checked yet, and how they say what is wrong with it. */
import { GatewayError } from "../../gateway-error.ts";

export type Json = Readonly<Record<string, unknown>>;

export const isObject = (value: unknown): value is Json => typeof value === "object" && value !== null && !Array.isArray(value);
export const textOf = (value: unknown): string => (typeof value === "string" ? value : "");
/** Neither absent nor null. */
export const isSaid = (value: unknown): boolean => value !== undefined && value !== null;

/** Members that say something and are not among those that are read, as the caller would name them. */
export const unknownMembers = (value: unknown, read: readonly string[], at: string): string[] =>
  isObject(value) ? Object.keys(value).flatMap((name) => (read.includes(name) || !isSaid(value[name]) ? [] : [`${at}.${name}`])) : [];

export const wrong = (field: string, what: string): GatewayError => new GatewayError("INVALID_ARGUMENT", `${field} ${what}`, { field });

export const unsupported = (field: string, why: string): GatewayError =>
  new GatewayError("UNSUPPORTED_PARAMETER", `"${field}" ${why}`, { field });
