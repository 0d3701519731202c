/**
 * What the control plane is told from outside, read once at the start. The three secrets have no default: whoever starts
 * the process makes them (`penstock start` does it by itself), because a known secret is none.
 */
import { join } from "node:path";
import type { AddressRange } from "#agreements/caller-address.ts";
import { type Environment, type ResolvedSetting, SettingError, settingSource } from "#agreements/setting-source.ts";
import type { SmtpSettings } from "./mail/mailer.ts";

export interface ControlPlaneSettings {
  /** Where the listeners bind. */
  readonly host: string;
  /** GraphQL, health; 0 picks a free one. */
  readonly graphqlPort: number;
  /** gRPC for nodes; 0 picks a free one. */
  readonly configPort: number;
  readonly dataDir: string;
  /** Undefined: PGlite in the data directory. */
  readonly databaseUrl: string | undefined;
  /** Undefined: nodes are served over gRPC alone. */
  readonly redisUrl: string | undefined;
  readonly pepper: string;
  /** 32 bytes. */
  readonly sealingKey: Uint8Array;
  /** 32 bytes, the seed of the Ed25519 key. */
  readonly signingKey: Uint8Array;
  /** Hosts, addresses and CIDR ranges that providers may stand at though they are private. */
  readonly privateAddresses: readonly string[];
  /** Proxies whose word is taken for whose request they hand on. */
  readonly trustedProxies: readonly AddressRange[];
  readonly graphqlIntrospection: boolean;
  readonly graphqlExplorer: boolean;
  /** Days that calls stay in the ledger; 0: for ever. Sums by day stay longer. */
  readonly ledgerDays: number;
  /** How long a browser stays signed in to the console. */
  readonly consoleSessionMs: number;
  /** Where the playground sends calls, such as http://gateway:4001. Undefined: to a live node's own address. */
  readonly restUrl: string | undefined;
  /** How often running experiments are looked at, in milliseconds. */
  readonly experimentEvaluationMs: number;
  /** By which alert rules are told by e-mail. Undefined: it is not set up. */
  readonly smtp: SmtpSettings | undefined;
  readonly logLevel: string;
  /** Makes a demo configuration at the first start; needs the simulator's base URL. */
  readonly demoSimulatorUrl: string | undefined;
  /** Lays a week of calls behind that configuration, in the background. */
  readonly demoWeek: boolean;
  /** Where each value came from. */
  readonly resolved: readonly ResolvedSetting[];
}

/** @throws SettingError that names what is missing or wrong. */
export function readControlPlaneSettings(environment: Environment): ControlPlaneSettings {
  const source = settingSource(environment);
  const host = source.text("PENSTOCK_HOST", "127.0.0.1");
  const loopback = host === "127.0.0.1" || host === "::1" || host === "localhost";
  const settings = {
    host,
    graphqlPort: source.port("PENSTOCK_CONTROL_PORT", 4000),
    configPort: source.port("PENSTOCK_CONFIG_PORT", 4004),
    dataDir: source.text("PENSTOCK_DATA_DIR", ".penstock"),
    databaseUrl: source.secret("PENSTOCK_DATABASE_URL"),
    redisUrl: source.secret("PENSTOCK_REDIS_URL"),
    pepper: required("PENSTOCK_PEPPER", source.secret("PENSTOCK_PEPPER")),
    sealingKey: required("PENSTOCK_SEALING_KEY", source.key32("PENSTOCK_SEALING_KEY")),
    signingKey: required("PENSTOCK_SIGNING_KEY", source.key32("PENSTOCK_SIGNING_KEY")),
    privateAddresses: source.list("PENSTOCK_PRIVATE_ADDRESSES"),
    trustedProxies: source.addressRanges("PENSTOCK_TRUSTED_PROXIES"),
    // Whoever can reach a loopback port may look around; on a network one says so on purpose.
    graphqlIntrospection: source.flag("PENSTOCK_GRAPHQL_INTROSPECTION", loopback),
    graphqlExplorer: source.flag("PENSTOCK_GRAPHQL_EXPLORER", loopback),
    ledgerDays: days("PENSTOCK_LEDGER_DAYS", source.text("PENSTOCK_LEDGER_DAYS", "400")),
    consoleSessionMs: source.integer("PENSTOCK_CONSOLE_SESSION_MINUTES", 720, { min: 1, max: 43_200 }) * 60_000,
    restUrl: source.text("PENSTOCK_REST_URL")?.replace(/\/+$/, ""),
    experimentEvaluationMs: source.integer("PENSTOCK_EXPERIMENT_EVALUATION_MS", 30_000, { min: 200, max: 3_600_000 }),
    smtp: smtpOf(source.secret("PENSTOCK_SMTP_URL"), source.text("PENSTOCK_SMTP_FROM")),
    logLevel: source.text("PENSTOCK_LOG_LEVEL", "info"),
    demoSimulatorUrl: source.text("PENSTOCK_DEMO_SIMULATOR_URL"),
    demoWeek: source.flag("PENSTOCK_DEMO", false),
  };
  return { ...settings, resolved: source.resolved() };
}

/** Where PGlite keeps its files. */
export const embeddedDatabaseDir = (settings: Pick<ControlPlaneSettings, "dataDir">): string => join(settings.dataDir, "database");

function required<Value>(name: string, value: Value | undefined): Value {
  if (value === undefined) throw new SettingError(`${name} is not set; set it, or name a file that holds it in ${name}_FILE`);
  return value;
}

function smtpOf(url: string | undefined, from: string | undefined): SmtpSettings | undefined {
  if (url === undefined) return undefined;
  if (!URL.canParse(url) || !/^smtps?:$/.test(new URL(url).protocol))
    throw new SettingError("PENSTOCK_SMTP_URL is no URL of a mail server; write it like smtp://user:password@mail.example.com:587");
  if (from === undefined || !/^[^\r\n]*[^\s@]+@[^\s@]+>?$/.test(from))
    throw new SettingError(
      "PENSTOCK_SMTP_FROM must be the address that mail comes from where PENSTOCK_SMTP_URL is set, such as Penstock <alerts@example.com>",
    );
  return { url, from };
}

function days(name: string, text: string): number {
  if (!/^\d{1,4}$/.test(text)) throw new SettingError(`${name} is ${text}; give a number of days, 0 for ever`);
  return Number(text);
}
