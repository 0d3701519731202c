/** What is taken out of a call's words: what each rule finds, what it leaves, and that no text makes it slow. */
import { describe, expect, it } from "vitest";
import { redact } from "../../data-plane/pipeline/captured-content/redact.ts";

const redacted = (text: string, ...rules: string[]) => redact(text, rules, 1_000_000).value;

describe("redaction", () => {
  it.each([
    ["keys", "use sk-ant-api03-abcdefghijklmnop now", "use [key removed] now"],
    ["keys", "psk_live_abcdefghijklmnopqrstuvwxyz", "[key removed]"],
    ["keys", "AKIAIOSFODNN7EXAMPLE", "[key removed]"],
    ["keys", "Authorization: Bearer abcdefghij.klmnopqrst", "Authorization: [key removed]"],
    ["keys", `token eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dozjgNryP4J3jVmN end`, "token [key removed] end"],
    ["keys", "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----", "[key removed]"],
    ["keys", "a -----BEGIN PRIVATE KEY-----\nMIIE cut", "a [key removed]"],
    [
      "keys",
      "-----BEGIN CERTIFICATE-----\nMIIE\n-----END CERTIFICATE-----",
      "-----BEGIN CERTIFICATE-----\nMIIE\n-----END CERTIFICATE-----",
    ],
    [
      "keys",
      "-----BEGIN CERTIFICATE-----\nA\n-----END CERTIFICATE-----\n-----BEGIN EC PRIVATE KEY-----\nB\n-----END EC PRIVATE KEY-----\nC",
      "-----BEGIN CERTIFICATE-----\nA\n-----END CERTIFICATE-----\n[key removed]\nC",
    ],
    ["keys", "a task-oriented sk-etch of the bearer of news", "a task-oriented sk-etch of the bearer of news"],
    ["emails", "write to ann.b+c@mail.example.org today", "write to [email removed] today"],
    ["emails", "a@b.io,c@d.org;@nobody.com", "[email removed],[email removed];@nobody.com"],
    ["emails", "a @ b, x@y", "a @ b, x@y"],
    ["card-numbers", "4111 1111 1111 1111 and 4111-1111-1111-1112", "[card number removed] and 4111-1111-1111-1112"],
    ["media", "data:image/png;base64,AAAA", "[media removed: 26 characters]"],
  ])("%s: %s", (rule, text, expected) => {
    expect(redacted(text, rule)).toBe(expected);
    expect(redacted(text)).toBe(text);
  });

  it("finds bare media by the member that holds it, keeps names and addresses, and survives __proto__", () => {
    const parts = JSON.parse(
      `{"__proto__": {"data": "${"QUJD".repeat(100)}"}, "source": {"data": "${"QUJD".repeat(100)}"}, "url": "https://example.org/a.png", "n": 1}`,
    ) as object;
    const { value } = redact(parts, ["media"], 1000);
    expect(JSON.stringify(value)).toBe(
      '{"__proto__":{"data":"[media removed: 400 characters]"},"source":{"data":"[media removed: 400 characters]"},"url":"https://example.org/a.png","n":1}',
    );
  });

  it("cuts where there is more than is kept", () => {
    expect(redact(["aaaa", "bbbb"], [], 6)).toEqual({ value: ["aaaa", "bb"], cut: true });
    expect(redact(["aaaa", "bb"], [], 6)).toEqual({ value: ["aaaa", "bb"], cut: false });
  });

  it.each([
    "-----BEGIN PRIVATE KEY-----".repeat(9000),
    "a".repeat(262_144),
    "a@".repeat(131_072),
    "a@a.".repeat(65_536),
    "1 ".repeat(131_072),
    "eyJ".repeat(80_000),
    "sk-".repeat(80_000),
    "bearer ".repeat(37_000),
  ])("is not slow on %#", (text) => {
    const startedAtMs = performance.now();
    redacted(text, "keys", "emails", "card-numbers", "media");
    expect(performance.now() - startedAtMs).toBeLessThan(500);
  });
});
