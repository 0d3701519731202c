/** The data plane's settings, read once at the start. A missing or empty secret is a refusal to start, by name. */
import { hostname } from "node:os";
import type { AddressRange } from "#agreements/caller-address.ts";
import { type Environment, type ResolvedSetting, SettingError, settingSource } from "#agreements/setting-source.ts";
import { signerOf, type Verifier, verifierOf } from "#agreements/signature.ts";

export interface DataPlaneSettings {
  /** What people call the node; another may have the same. */
  readonly nodeName: string;
  readonly host: string;
  readonly restPort: number;
  readonly grpcPort: number;
  readonly opsPort: number;
  readonly dataDirectory: string;
  /** undefined: without Redis. Quotas are then counted by this node alone. */
  readonly redisUrl: string | undefined;
  /** host:port of the control plane's ConfigService. */
  readonly configAddress: string;
  readonly pepper: string;
  readonly sealingKey: Uint8Array;
  readonly verifier: Verifier;
  /** The operator's allow-list: hosts, addresses and CIDR ranges that providers may stand at although they are private. */
  readonly privateAddresses: readonly string[];
  /** Proxies whose word is taken for whose call they hand on. */
  readonly trustedProxies: readonly AddressRange[];
  /** Origins whose pages may call the REST port from a browser; "*": any. Empty: none. */
  readonly allowedOrigins: readonly string[];
  readonly reflection: boolean;
  /** How long calls in progress may go on after SIGTERM, in milliseconds. */
  readonly drainMs: number;
  readonly logLevel: string;
  /** Where each value came from. */
  readonly resolved: readonly ResolvedSetting[];
}

/** @throws SettingError naming what is wrong and how to mend it. */
export function readDataPlaneSettings(environment: Environment): DataPlaneSettings {
  const source = settingSource(environment);
  const host = source.text("PENSTOCK_HOST", "127.0.0.1");
  const settings = {
    nodeName: nodeName(source.text("PENSTOCK_NODE_NAME", hostname())),
    host,
    restPort: source.port("PENSTOCK_REST_PORT", 4001),
    grpcPort: source.port("PENSTOCK_GRPC_PORT", 4002),
    opsPort: source.port("PENSTOCK_OPS_PORT", 4003),
    dataDirectory: source.text("PENSTOCK_DATA_DIR", ".penstock"),
    redisUrl: source.secret("PENSTOCK_REDIS_URL"),
    configAddress: source.text("PENSTOCK_CONFIG_ADDRESS", "127.0.0.1:4004"),
    pepper: needed("PENSTOCK_PEPPER", source.secret("PENSTOCK_PEPPER")),
    sealingKey: needed("PENSTOCK_SEALING_KEY", source.key32("PENSTOCK_SEALING_KEY")),
    verifier: verifier(source),
    privateAddresses: source.list("PENSTOCK_PRIVATE_ADDRESSES"),
    trustedProxies: source.addressRanges("PENSTOCK_TRUSTED_PROXIES"),
    allowedOrigins: source.list("PENSTOCK_ALLOWED_ORIGINS"),
    // Whoever can ask for it learns every method; on loopback that is whoever runs it.
    reflection: source.flag("PENSTOCK_GRPC_REFLECTION", host === "127.0.0.1" || host === "::1"),
    drainMs: source.integer("PENSTOCK_DRAIN_MS", 120_000, { min: 0, max: 3_600_000 }),
    logLevel: source.text("PENSTOCK_LOG_LEVEL", "info"),
  };
  return { ...settings, resolved: source.resolved() };
}

const nodeNameLengthMax = 100;

/** It stands in tables and sentences of the console. */
function nodeName(text: string): string {
  if (text.length <= nodeNameLengthMax && /^[^\p{C}]+$/u.test(text) && text.trim() === text) return text;
  throw new SettingError(`PENSTOCK_NODE_NAME must be 1 to ${nodeNameLengthMax} characters on one line, without spaces around it`);
}

/** A node needs only the public key; the private one, where both planes share their settings, serves as well. */
function verifier(source: ReturnType<typeof settingSource>): Verifier {
  const publicKey = source.key32("PENSTOCK_SIGNING_PUBLIC_KEY");
  if (publicKey !== undefined) return verifierOf(publicKey);
  return signerOf(needed("PENSTOCK_SIGNING_KEY (or PENSTOCK_SIGNING_PUBLIC_KEY)", source.key32("PENSTOCK_SIGNING_KEY")));
}

function needed<Value>(name: string, value: Value | undefined): Value {
  if (value === undefined) throw new SettingError(`${name} is not set; give it the value that the control plane has`);
  return value;
}
