/**
 * Where Redis stands, as one setting says it:
 *   redis://…, rediss://…                                       one server
 *   redis-sentinel://[user:password@]host:port,host:port/name   the master of that name, whoever it is now
 *   redis-cluster://[user:password@]host:port,host:port         a cluster, known by some of its nodes
 * Pure.
 */
export type RedisAddress =
  | { readonly kind: "server"; readonly url: string }
  | { readonly kind: "sentinel"; readonly hosts: readonly RedisHost[]; readonly name: string; readonly credentials: RedisCredentials }
  | { readonly kind: "cluster"; readonly hosts: readonly RedisHost[]; readonly credentials: RedisCredentials };

export interface RedisHost {
  readonly host: string;
  readonly port: number;
}

export interface RedisCredentials {
  readonly username?: string;
  readonly password?: string;
}

const pattern = /^redis-(sentinel|cluster):\/\/(?:([^:@/]*):([^@/]*)@)?([^/]+)(?:\/(.+))?$/;
const sentinelPort = 26_379;
const serverPort = 6379;

/** @throws Error that says what is missing. The address itself is not in it: it may hold a password. */
export function readRedisAddress(url: string): RedisAddress {
  if (!/^redis-(sentinel|cluster):/.test(url)) return { kind: "server", url };
  const [, kind, username = "", password = "", hostList = "", name = ""] = pattern.exec(url) ?? [];
  const hosts = hostList.split(",").map((text) => hostOf(text, kind === "sentinel" ? sentinelPort : serverPort));
  if (kind === undefined || hosts.some(({ host, port }) => host === "" || !Number.isInteger(port)))
    throw new Error(`the address of Redis must name hosts, as in redis-${kind ?? "cluster"}://host:port,host:port`);
  const credentials = {
    ...(username === "" ? {} : { username: decodeURIComponent(username) }),
    ...(password === "" ? {} : { password: decodeURIComponent(password) }),
  };
  if (kind === "cluster") return { kind, hosts, credentials };
  if (name === "") throw new Error("the address of Redis must name the sentinels' master, as in redis-sentinel://host:port/mymaster");
  return { kind: "sentinel", hosts, name, credentials };
}

function hostOf(text: string, portDefault: number): RedisHost {
  const [, host = "", port] = /^(\[[^\]]+\]|[^:]*)(?::(\d+))?$/.exec(text.trim()) ?? [];
  return { host: host.replace(/^\[|\]$/g, ""), port: port === undefined ? portDefault : Number(port) };
}
