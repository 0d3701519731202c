/** What a failing backend said, in the gateway's words: whose fault it is, whether another may help, and never our credential. */
import { describe, expect, test } from "vitest";
import { GatewayError } from "../../data-plane/gateway-error.ts";
import { errorInStream, errorOfSocket, errorOfStatus, type UpstreamFailure } from "../../data-plane/providers/openai-compatible/error.ts";

const nowMs = Date.UTC(2026, 0, 1);
const failure = (of: Partial<UpstreamFailure>): UpstreamFailure => ({
  status: 500,
  body: "",
  retryAfter: undefined,
  retryAfterMs: undefined,
  nowMs,
  credential: "sk-secret",
  ...of,
});
const said = (error: unknown) => JSON.stringify({ error });

test.each<[number, unknown, string, boolean]>([
  [301, undefined, "UPSTREAM_PROTOCOL", true],
  [302, undefined, "UPSTREAM_PROTOCOL", true],
  [307, undefined, "UPSTREAM_PROTOCOL", true],
  [400, { message: "bad temperature" }, "UPSTREAM_REJECTED", false],
  [400, { message: "too long", code: "context_length_exceeded" }, "CONTEXT_LENGTH_EXCEEDED", false],
  [413, { message: "too large" }, "PAYLOAD_TOO_LARGE", false],
  [413, { message: "too long", code: "context_length_exceeded" }, "CONTEXT_LENGTH_EXCEEDED", false],
  [422, { message: "no such tool" }, "UPSTREAM_REJECTED", false],
  [401, { message: "bad key" }, "UPSTREAM_UNAVAILABLE", true],
  [402, { message: "insufficient balance" }, "UPSTREAM_UNAVAILABLE", true],
  [403, { message: "not for you" }, "UPSTREAM_UNAVAILABLE", true],
  [404, { message: "no such model" }, "UPSTREAM_UNAVAILABLE", true],
  [405, { message: "not here" }, "UPSTREAM_REJECTED", false],
  [409, { message: "busy" }, "UPSTREAM_REJECTED", false],
  [408, undefined, "UPSTREAM_TIMEOUT", true],
  [504, undefined, "UPSTREAM_TIMEOUT", true],
  [429, { message: "slow down" }, "UPSTREAM_RATE_LIMITED", true],
  [500, { message: "oops" }, "UPSTREAM_UNAVAILABLE", true],
  [502, undefined, "UPSTREAM_UNAVAILABLE", true],
  [503, undefined, "UPSTREAM_UNAVAILABLE", true],
  [529, { message: "overloaded" }, "UPSTREAM_UNAVAILABLE", true],
])("status %i with %j is %s (another backend may help: %s)", (status, error, kind, anotherBackendMayHelp) => {
  const read = errorOfStatus(failure({ status, body: error === undefined ? "" : said(error) }));
  expect(read).toMatchObject({ kind, details: { upstreamStatus: status } });
  expect(read.details.anotherBackendMayHelp === true).toBe(anotherBackendMayHelp);
});

describe("the caller's mistake is told in the backend's words:", () => {
  test.each<[string, string, string]>([
    [
      "OpenAI",
      said({ message: "Invalid temperature", type: "invalid_request_error", param: "temperature", code: null }),
      "Invalid temperature",
    ],
    [
      "llama.cpp, with a number for a code",
      said({ code: 400, message: "Invalid grammar", type: "invalid_request_error" }),
      "Invalid grammar",
    ],
    ["Ollama, with a text for an error", said("model requires more memory"), "model requires more memory"],
    ["vLLM, without an error around it", JSON.stringify({ object: "error", message: "bad request", code: 400 }), "bad request"],
    ["nothing", "", "the backend refused the request without saying why"],
    ["a page", "<html><body>nginx</body></html>", "the backend refused the request without saying why"],
    ["null", "null", "the backend refused the request without saying why"],
    ["an empty message", said({ message: "" }), "the backend refused the request without saying why"],
  ])("%s", (_, body, message) => {
    expect(errorOfStatus(failure({ status: 400, body })).message).toBe(message);
  });

  test("with the field that it names", () => {
    expect(errorOfStatus(failure({ status: 400, body: said({ message: "m", param: "messages[0].content" }) })).details.field).toBe(
      "messages[0].content",
    );
    expect(errorOfStatus(failure({ status: 400, body: said({ message: "m", param: null }) })).details.field).toBeUndefined();
  });

  test("shortened, and without halves of characters", () => {
    const { message } = errorOfStatus(failure({ status: 400, body: said({ message: `${"x".repeat(999)}🚰${"x".repeat(5000)}` }) }));
    expect(message.length).toBeLessThanOrEqual(1000);
    expect(message.isWellFormed()).toBe(true);
  });
});

describe("the operator's trouble is not told in the backend's words:", () => {
  test.each([401, 402, 403, 404, 429, 500])("%i", (status) => {
    expect(errorOfStatus(failure({ status, body: said({ message: "internal-host-17 says no" }) })).message).not.toContain("internal-host");
  });
});

test("our credential is in nothing that is shown, wherever a backend puts it and however often", () => {
  for (const status of [302, 400, 401, 403, 404, 413, 418, 422, 429, 500, 503]) {
    const body = said({ message: "Incorrect API key sk-secret (sk-secret)", param: "headers.sk-secret", code: "sk-secret" });
    const error = errorOfStatus(failure({ status, body }));
    expect(JSON.stringify([error.message, { ...error.details, cause: undefined }])).not.toContain("sk-secret");
  }
  expect(errorInStream({ message: "bad sk-secret" }, "sk-secret").message).toContain("bad [credential]");
  expect(errorInStream("bad sk-secret", "sk-secret").message).not.toContain("sk-secret");
});

test("without a credential nothing is taken out", () => {
  for (const credential of [undefined, ""])
    expect(errorOfStatus(failure({ status: 400, body: said({ message: "abc" }), credential })).message).toBe("abc");
});

describe("when to try again", () => {
  test.each<[string, Partial<UpstreamFailure>, number]>([
    ["in seconds", { retryAfter: "2" }, 2000],
    ["in parts of a second", { retryAfter: "0.5" }, 500],
    ["at once", { retryAfter: "0" }, 0],
    ["as a date", { retryAfter: new Date(nowMs + 7000).toUTCString() }, 7000],
    ["as a date that has passed", { retryAfter: new Date(nowMs - 7000).toUTCString() }, 1000],
    ["in milliseconds", { retryAfterMs: "1500" }, 1500],
    ["in both: the milliseconds", { retryAfter: "9", retryAfterMs: "1500" }, 1500],
    ["in milliseconds that are none: the seconds", { retryAfter: "9", retryAfterMs: "soon" }, 9000],
    ["not at all", {}, 1000],
    ["in nothing", { retryAfter: "" }, 1000],
    ["in words", { retryAfter: "soon" }, 1000],
    ["below zero", { retryAfter: "-5" }, 1000],
    ["in milliseconds below zero", { retryAfterMs: "-5" }, 1000],
    ["in an hour: believed up to a minute", { retryAfter: "3600" }, 60_000],
    ["next year: believed up to a minute", { retryAfter: new Date(nowMs + 1e10).toUTCString() }, 60_000],
    ["in endless seconds", { retryAfter: "Infinity" }, 1000],
  ])("is said %s", (_, of, ms) => {
    expect(errorOfStatus(failure({ status: 429, ...of })).details.retryAfterMs).toBe(ms);
  });
});

test("a socket that failed may be another backend's chance, and its own words stay with us", () => {
  const cause = new Error("connect ECONNREFUSED 10.0.0.5:443");
  expect(errorOfSocket(cause)).toMatchObject({
    kind: "UPSTREAM_UNAVAILABLE",
    message: "the connection to the backend failed",
    cause,
    details: { anotherBackendMayHelp: true },
  });
  const ours = new GatewayError("UPSTREAM_TIMEOUT", "…");
  expect(errorOfSocket(ours)).toBe(ours);
});
