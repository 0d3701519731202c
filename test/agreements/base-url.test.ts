/** Where a provider may stand: every way to write or to carry a private address is judged as what it reaches. */
import fc from "fast-check";
import ipaddr from "ipaddr.js";
import { describe, expect, test } from "vitest";
import { hostOf, isPrivateAllowed, readBaseUrl, refusalOfAddress } from "#agreements/base-url.ts";

/** Refused always; refused unless the operator allows private addresses; allowed. */
type Judgement = "never" | "private" | "public";

const addresses: readonly (readonly [what: string, judgement: Judgement, addresses: readonly string[]])[] = [
  [
    "public IPv4",
    "public",
    [
      "8.8.8.8",
      "1.1.1.1",
      "104.18.6.192",
      "172.15.255.255",
      "172.32.0.0",
      "192.167.255.255",
      "192.169.0.0",
      "11.0.0.0",
      "9.255.255.255",
      "126.255.255.255",
      "128.0.0.0",
      "100.63.255.255",
      "100.128.0.0",
      "169.253.255.255",
      "169.255.0.0",
      "223.255.255.255",
    ],
  ],
  ["public IPv6", "public", ["2606:4700::6812:6c0", "2a00:1450:4001:80b::200e", "2001:4860:4860::8888", "2003::1"]],
  ["loopback", "private", ["127.0.0.1", "127.0.0.0", "127.1.2.3", "127.255.255.255", "::1", "0:0:0:0:0:0:0:1"]],
  ["private (RFC 1918)", "private", ["10.0.0.0", "10.255.255.255", "172.16.0.0", "172.31.255.255", "192.168.0.0", "192.168.255.255"]],
  ["shared (RFC 6598)", "private", ["100.64.0.0", "100.127.255.255", "100.100.100.199", "100.100.100.201"]],
  [
    "unique local",
    "private",
    ["fc00::", "fd00::1", "fd12:3456:789a::1", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "fd00:ec1::254", "fd20:ce::253"],
  ],
  [
    "IPv4 mapped into IPv6, private",
    "private",
    [
      "::ffff:127.0.0.1",
      "::ffff:7f00:1",
      "::ffff:10.0.0.1",
      "::ffff:a00:1",
      "::ffff:192.168.1.1",
      "::ffff:100.64.0.1",
      "0:0:0:0:0:ffff:7f00:1",
    ],
  ],
  ["IPv4 mapped into IPv6, public", "public", ["::ffff:8.8.8.8", "::ffff:808:808"]],
  [
    "link-local",
    "never",
    [
      "169.254.0.0",
      "169.254.0.1",
      "169.254.255.255",
      "169.254.42.42",
      "fe80::",
      "fe80::1",
      "fe80::1%eth0",
      "febf::1",
      "fe80::a9fe:a9fe",
      "::ffff:169.254.0.1",
    ],
  ],
  [
    "cloud metadata",
    "never",
    [
      "169.254.169.254",
      "169.254.170.2",
      "169.254.170.23",
      "169.254.169.253",
      "::ffff:169.254.169.254",
      "::ffff:a9fe:a9fe",
      "100.100.100.200",
      "::ffff:100.100.100.200",
      "168.63.129.16",
      "::ffff:168.63.129.16",
      "192.0.0.192",
      "fd00:ec2::254",
      "fd00:ec2::23",
      "fd00:ec2:0:0:0:0:0:254",
      "fd20:ce::254",
      "fd00:42::42",
    ],
  ],
  ["this network", "never", ["0.0.0.0", "0.0.0.1", "0.255.255.255", "::", "::ffff:0.0.0.0", "::ffff:0:0"]],
  [
    "broadcast, multicast, reserved",
    "never",
    ["255.255.255.255", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.254", "ff02::1", "ff0e::1"],
  ],
  [
    "documentation and measurement",
    "never",
    ["192.0.2.1", "198.51.100.1", "203.0.113.1", "198.18.0.1", "198.19.255.255", "2001:db8::1", "3fff::1", "2001:2::1"],
  ],
  [
    "protocol assignments and anycast relays",
    "never",
    ["192.0.0.1", "192.88.99.1", "192.175.48.1", "192.31.196.1", "192.52.193.1", "2001:3::1", "2001:4:112::1", "2620:4f:8000::1"],
  ],
  [
    "NAT64",
    "never",
    [
      "64:ff9b::127.0.0.1",
      "64:ff9b::7f00:1",
      "64:ff9b::a00:1",
      "64:ff9b::a9fe:a9fe",
      "64:ff9b::8.8.8.8",
      "64:ff9b:1::7f00:1",
      "64:ff9b:1:ffff::a00:1",
    ],
  ],
  ["6to4", "never", ["2002::", "2002:7f00:1::", "2002:a00:1::1", "2002:a9fe:a9fe::", "2002:808:808::1"]],
  ["Teredo", "never", ["2001::1", "2001:0:7f00:1::", "2001:0:4136:e378:8000:63bf:3fff:fdd2"]],
  [
    "IPv4-compatible, IPv4-translated",
    "never",
    ["::7f00:1", "::a00:1", "::a9fe:a9fe", "::808:808", "::2", "::ffff:0:7f00:1", "::ffff:0:a9fe:a9fe"],
  ],
  ["ISATAP", "never", ["2606:4700::5efe:7f00:1", "2606:4700::200:5efe:a00:1", "fe80::5efe:a00:1"]],
  [
    "site-local, discard, ORCHID, segment routing",
    "never",
    ["fec0::1", "feff::1", "100::1", "2001:10::1", "2001:20::1", "2001:30::1", "5f00::1"],
  ],
  [
    "given out to nobody",
    "never",
    ["4000::1", "6000::1", "8000::1", "a000::1", "c000::1", "e000::1", "fb00::1", "1::1", "1000::1", "64:ff9a::1"],
  ],
  [
    "no address",
    "never",
    ["", "localhost", "example.com", "256.0.0.1", "1.2.3.4.5", "127.0.0.1 ", "::1::", "12345::", "127.0.0.1:80", "[::1]", "127.0.0.1/8"],
  ],
];

describe.each(addresses)("%s", (_, judgement, list) => {
  test.each(list)("%s", (address) => {
    const refused = (privateAllowed: boolean) => refusalOfAddress(address, privateAllowed) !== undefined;
    expect([refused(false), refused(true)]).toEqual([judgement !== "public", judgement === "never"]);
  });
});

test("the corpus is as wide as is claimed", () => {
  expect(addresses.flatMap(([, , list]) => list).length).toBeGreaterThan(140);
});

test("a refusal names the address and what kind it is", () => {
  expect(refusalOfAddress("10.0.0.1", false)).toBe("10.0.0.1 is a private address");
  expect(refusalOfAddress("169.254.169.254", true)).toBe("169.254.169.254 is a linkLocal address");
  expect(refusalOfAddress("100.100.100.200", true)).toBe("100.100.100.200 is a cloud's metadata address");
});

const ipv4 = fc.ipV4();
const hex = (address: string): string => {
  const [a = 0, b = 0, c = 0, d = 0] = address.split(".").map(Number);
  return `${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`;
};

test("an IPv4 address is judged alike however it is written and mapped", () => {
  fc.assert(
    fc.property(ipv4, fc.boolean(), (address, privateAllowed) => {
      const refused = refusalOfAddress(address, privateAllowed) !== undefined;
      expect(refusalOfAddress(`::ffff:${address}`, privateAllowed) !== undefined).toBe(refused);
      expect(refusalOfAddress(`::ffff:${hex(address)}`, privateAllowed) !== undefined).toBe(refused);
    }),
    { numRuns: 1000 },
  );
});

test("an IPv4 address is refused inside of every form that a translator or a tunnel takes out again", () => {
  fc.assert(
    fc.property(ipv4, (address) => {
      const forms = [
        "::H",
        "64:ff9b::H",
        "64:ff9b:1::H",
        "2002:H::",
        "2001:0:H::",
        "::ffff:0:H",
        "2606:4700::5efe:H",
        "2606:4700::200:5efe:H",
      ];
      for (const form of forms) expect(refusalOfAddress(form.replace("H", hex(address)), true) ?? form).not.toBe(form);
    }),
    // ::1 and :: are that form too, and loopback is another matter.
    { examples: [["127.0.0.1"], ["169.254.169.254"], ["8.8.8.8"]] },
  );
});

test("what private addresses may be called is private, shared, unique local or loopback and nothing else", () => {
  const ranges = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "127.0.0.0/8", "100.64.0.0/10", "fc00::/7", "::1/128"].map((range) =>
    ipaddr.parseCIDR(range),
  );
  fc.assert(
    fc.property(fc.oneof(ipv4, fc.ipV6()), (address) => {
      if (refusalOfAddress(address, true) !== undefined || refusalOfAddress(address, false) === undefined) return;
      const parsed = ipaddr.process(address);
      expect(ranges.some((range) => parsed.kind() === range[0].kind() && parsed.match(range))).toBe(true);
    }),
    { numRuns: 2000 },
  );
});

describe("a base URL's host is what would be connected to", () => {
  test.each([
    ["http://2130706433/", "127.0.0.1"],
    ["http://0x7f000001/", "127.0.0.1"],
    ["http://0x7f.1/", "127.0.0.1"],
    ["http://017700000001/", "127.0.0.1"],
    ["http://0177.0.0.01/", "127.0.0.1"],
    ["http://127.1/", "127.0.0.1"],
    ["http://127.0.1/", "127.0.0.1"],
    ["http://127.0.0.1./", "127.0.0.1"],
    ["http://0/", "0.0.0.0"],
    ["http://0xa9fea9fe/", "169.254.169.254"],
    ["http://2852039166/", "169.254.169.254"],
    ["http://0251.0376.0251.0376/", "169.254.169.254"],
    ["http://0xA9.0xFE.0xA9.0xFE/", "169.254.169.254"],
    ["http://169.254.43518/", "169.254.169.254"],
    ["http://10.1/", "10.0.0.1"],
    ["http://0300.0xa8.1/", "192.168.0.1"],
    ["http://①②⑦.⓪.⓪.①/", "127.0.0.1"],
    ["http://127。0。0。1/", "127.0.0.1"],
    ["http://%31%32%37.0.0.1/", "127.0.0.1"],
    ["http://[::1]/", "::1"],
    ["http://[0:0:0:0:0:0:0:1]/", "::1"],
    ["http://[::ffff:127.0.0.1]/", "::ffff:7f00:1"],
    ["http://[::127.0.0.1]/", "::7f00:1"],
    ["http://[::ffff:169.254.169.254]/", "::ffff:a9fe:a9fe"],
    ["http://[64:ff9b::169.254.169.254]/", "64:ff9b::a9fe:a9fe"],
    ["http://[2002:a9fe:a9fe::]/", "2002:a9fe:a9fe::"],
    ["http://[fd00:ec2::254]/", "fd00:ec2::254"],
  ])("%s", (url, host) => {
    const read = readBaseUrl(url);
    expect(read.ok && hostOf(read.url)).toBe(host);
    expect(refusalOfAddress(host, false)).toBeDefined();
  });

  test.each([
    ["https://API.OpenAI.com/v1", "api.openai.com"],
    ["https://api.openai.com./v1", "api.openai.com"],
    ["http://LOCALHOST:11434/v1", "localhost"],
    ["http://localhost.:11434/v1", "localhost"],
    ["http://ＬｏｃａｌＨｏｓｔ/", "localhost"],
    ["http://loc%61lhost/", "localhost"],
    ["http://foo.localhost/", "foo.localhost"],
    ["http://bücher.example/", "xn--bcher-kva.example"],
    ["http:\\\\localhost\\v1", "localhost"],
    ["http:/localhost", "localhost"],
    ["  http://localhost\t/ ", "localhost"],
    ["http://metadata.google.internal/", "metadata.google.internal"],
  ])("%s", (url, host) => {
    const read = readBaseUrl(url);
    expect(read.ok && hostOf(read.url)).toBe(host);
  });
});

describe("a base URL is refused", () => {
  test.each([
    ["file:///etc/passwd", "must start with"],
    ["ftp://example.com/", "must start with"],
    ["gopher://127.0.0.1:6379/_INFO", "must start with"],
    ["javascript:alert(1)", "must start with"],
    ["data:text/plain,x", "must start with"],
    ["unix:/var/run/docker.sock", "must start with"],
    ["ws://example.com/", "must start with"],
    ["dict://127.0.0.1:11211/", "must start with"],
    ["jar:http://example.com!/", "must start with"],
    ["blob:https://example.com/1", "must start with"],
    ["https://user@example.com/v1", "user name or password"],
    ["https://user:secret@example.com/v1", "user name or password"],
    ["https://:secret@example.com/v1", "user name or password"],
    ["https://api.openai.com@127.0.0.1/v1", "user name or password"],
    ["https://api.openai.com%2f@127.0.0.1/", "user name or password"],
    ["https://example.com/v1?key=1", "query or a fragment"],
    ["https://example.com/v1#a", "query or a fragment"],
    ["https://example.com#@127.0.0.1/", "query or a fragment"],
    ["https://example.com?@127.0.0.1/", "query or a fragment"],
    ["", "is not a URL"],
    ["/v1", "is not a URL"],
    ["api.openai.com/v1", "is not a URL"],
    ["//api.openai.com/v1", "is not a URL"],
    ["https://", "is not a URL"],
    ["https://exa mple.com/", "is not a URL"],
    ["https://example.com:99999/", "is not a URL"],
    ["http://[::1", "is not a URL"],
    ["http://[fe80::1%25eth0]/", "is not a URL"],
    ["http://1.2.3.4.5/", "is not a URL"],
    ["http://256.256.256.256/", "is not a URL"],
    ["http://127.0.0.0x100/", "is not a URL"],
    ["http://example.com%00.evil/", "is not a URL"],
    [`https://example.com/${"a".repeat(2048)}`, "longer than 2048"],
  ])("%s", (url, reason) => {
    const read = readBaseUrl(url);
    expect(read.ok ? read.text : read.reason).toContain(
      `the base URL ${reason.startsWith("user") ? "must not hold a " : reason.startsWith("query") ? "must not have a " : reason.startsWith("longer") ? "is " : ""}${reason}`,
    );
  });
});

test.each([
  ["https://api.openai.com/v1", "https://api.openai.com/v1"],
  ["https://api.openai.com/v1/", "https://api.openai.com/v1"],
  ["https://api.openai.com/v1///", "https://api.openai.com/v1"],
  ["https://api.openai.com", "https://api.openai.com"],
  ["HTTPS://API.OPENAI.COM:443/v1", "https://api.openai.com/v1"],
  ["http://localhost:80/", "http://localhost"],
  ["http://localhost:11434/v1", "http://localhost:11434/v1"],
  ["https://example.com/a/../v1", "https://example.com/v1"],
  ["https://example.com/a/%2e%2e/v1", "https://example.com/v1"],
  ["https://example.com/v1?", "https://example.com/v1"],
  ["https://example.com/v1#", "https://example.com/v1"],
  ["https://example.com/v1/?#", "https://example.com/v1"],
])("%s is written as %s, and reads the same again", (text, normal) => {
  expect(readBaseUrl(text)).toMatchObject({ ok: true, text: normal });
  expect(readBaseUrl(normal)).toMatchObject({ ok: true, text: normal });
});

describe("the operator's allow-list", () => {
  test.each<[string, string, string[], string[], boolean]>([
    ["names the host", "ollama.lan", ["10.0.0.5"], ["ollama.lan"], true],
    ["names another host", "ollama.lan", ["10.0.0.5"], ["vllm.lan"], false],
    ["names a host that ends alike", "evil-ollama.lan", ["10.0.0.5"], ["ollama.lan"], false],
    ["names the host's domain", "ollama.lan", ["10.0.0.5"], ["lan"], false],
    ["names the address", "ollama.lan", ["10.0.0.5"], ["10.0.0.5"], true],
    ["names one of two addresses", "ollama.lan", ["10.0.0.5", "10.0.0.6"], ["10.0.0.5"], false],
    ["holds both addresses in a range", "ollama.lan", ["10.0.0.5", "10.0.0.6"], ["10.0.0.0/24"], true],
    ["holds one of two addresses in a range", "ollama.lan", ["10.0.0.5", "127.0.0.1"], ["10.0.0.0/24"], false],
    ["holds the address, mapped into IPv6", "ollama.lan", ["::ffff:10.0.0.5"], ["10.0.0.0/24"], true],
    ["holds a range of the other family", "ollama.lan", ["fd00::1"], ["0.0.0.0/0"], false],
    ["holds a range of IPv6", "ollama.lan", ["fd00::1"], ["fd00::/8"], true],
    ["is empty", "ollama.lan", ["10.0.0.5"], [], false],
    ["holds everything, and the name has no address", "ollama.lan", [], ["0.0.0.0/0", "::/0", "10.0.0.5"], false],
    ["holds an address, and the look-up gave none", "ollama.lan", ["not an address"], ["0.0.0.0/0"], false],
  ])("%s", (_, host, found, allowList, allowed) => {
    expect(isPrivateAllowed(host, found, allowList)).toBe(allowed);
  });
});
