import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { faultNames } from "../../data-plane/simulator/faults.ts";
import { type Simulator, startSimulator } from "../../data-plane/simulator/main.ts";
import { chatOf, eventData, type RawAnswer, type RawCall, rawCall } from "./raw-call.ts";

let simulator: Simulator;
const tried = new Set<string>();

beforeAll(async () => {
  simulator = await startSimulator({ host: "127.0.0.1", port: 0, seed: 1 });
});
afterAll(() => simulator.close());

/** Streamed, by model name. */
function streamed(fault: string, more: object = {}, call: RawCall = {}): Promise<RawAnswer> {
  tried.add(fault.split(":")[0] ?? "");
  return rawCall(simulator.port, { body: chatOf(`sim-fault-${fault}`, more), ...call });
}

/** Not streamed, by header, and at once. */
function whole(fault: string): Promise<RawAnswer> {
  return rawCall(simulator.port, { body: chatOf("sim-instant", { stream: false }), headers: { "x-sim-fault": fault } });
}

const usageAsked = { stream_options: { include_usage: true } };
const chunksOf = (answer: RawAnswer) =>
  eventData(answer)
    .filter((data) => data.startsWith("{"))
    .map((data) => JSON.parse(data));
const usagesOf = (answer: RawAnswer) => chunksOf(answer).map((chunk) => chunk.usage ?? null);
const textOf = (answer: RawAnswer) =>
  chunksOf(answer)
    .map((chunk) => chunk.choices?.[0]?.delta?.content ?? "")
    .join("");
const lastChunk = "0\r\n\r\n";

describe("no answer", () => {
  test("refuse closes before any byte", async () => {
    expect(await streamed("refuse")).toMatchObject({ text: "", end: "fin" });
    expect(await whole("refuse")).toMatchObject({ text: "", end: "fin" });
  });

  test("hang says nothing, or answers after its time", async () => {
    expect(await streamed("hang")).toMatchObject({ text: "", end: "quiet" });
    expect((await streamed("hang:20")).text).toContain("[DONE]");
  });

  test("headers-then-hang sends the head alone", async () => {
    const answer = await streamed("headers-then-hang");
    expect(answer).toMatchObject({ body: "", end: "quiet" });
    expect(answer.head).toContain("200 OK");
  });
});

describe("cut off", () => {
  test.each([
    ["stall", "quiet"],
    ["cut-fin", "fin"],
    ["cut-rst", "rst"],
    ["close-delimited-cut", "fin"],
  ])("%s: some events and then %s, never the end", async (fault, end) => {
    const answer = await streamed(`${fault}:4`);
    expect(answer.end).toBe(end);
    expect(eventData(answer)).toHaveLength(4);
    expect(answer.text).not.toContain("[DONE]");
    expect(answer.text).not.toContain(lastChunk);
    expect(answer.text).not.toContain('finish_reason":"');
  });

  test("a cut after more events than there are still has no [DONE]", async () => {
    const answer = await streamed("cut-fin:100000");
    expect(answer.end).toBe("fin");
    expect(answer.text).not.toContain("[DONE]");
  });

  test.each([["cut-fin"], ["cut-rst"]])("%s ends a body that is not streamed in its middle", async (fault) => {
    const { head, body } = await whole(fault);
    expect(Buffer.byteLength(body)).toBeLessThan(Number(/content-length: (\d+)/.exec(head)?.[1]));
    expect(body).toMatch(/^\{"id"/);
  });

  test("close-delimited is whole, without length or chunks", async () => {
    const answer = await streamed("close-delimited");
    expect(answer.end).toBe("fin");
    expect(answer.head).not.toMatch(/content-length|transfer-encoding/i);
    expect(answer.body.endsWith("data: [DONE]\n\n")).toBe(true);
  });

  test("content-length-short declares less and content-length-long declares more", async () => {
    const declared = (answer: RawAnswer) => Number(/content-length: (\d+)/.exec(answer.head)?.[1]) - Buffer.byteLength(answer.body);
    expect(declared(await streamed("content-length-short"))).toBe(-10);
    const long = await streamed("content-length-long");
    expect(declared(long)).toBe(10);
    expect(long.end).toBe("fin");
  });
});

describe("bytes", () => {
  test("garbage is one bad event in a stream that goes on", async () => {
    const data = eventData(await streamed("garbage"));
    expect(data[3]).toBe('{"id": not json');
    expect(data.at(-1)).toBe("[DONE]");
    expect((await whole("garbage")).body).toBe('{"id": not json');
  });

  test("huge-event is one line of more than a megabyte", async () => {
    const lines = eventData(await streamed("huge-event")).map((line) => line.length);
    expect(Math.max(...lines)).toBeGreaterThan(1_200_000);
    expect((await streamed("huge-event:5000")).text).toContain("x".repeat(5000));
  });

  test("split-utf8 cuts inside characters, and the whole is right", async () => {
    const answer = await streamed("split-utf8", {}, { quietMs: 1_000 });
    const bytes = answer.bytes.toString("latin1");
    // Chunks of the body that start with a byte which continues a character.
    expect(bytes.match(/\r\n[0-9a-f]+\r\n[\x80-\xbf]/g)?.length).toBeGreaterThan(5);
    const joined = Buffer.from(bytes.replaceAll(/\r\n[0-9a-f]+\r\n/g, ""), "latin1").toString("utf8");
    expect(joined).toContain('"content":" 東京"');
    expect(joined).not.toContain("\uFFFD");
    expect(answer.reads.length).toBeGreaterThan(10);
  });

  test.each([
    ["crlf", /data: \[DONE\]\r\n\r\n/],
    ["cr", /data: \[DONE\]\r\r/],
  ])("%s ends its lines so", async (fault, done) => {
    const answer = await streamed(fault);
    expect(answer.body).toMatch(done);
    expect(answer.body).not.toMatch(/[^\r]\n/);
  });

  test("bom-and-comments", async () => {
    const answer = await streamed("bom-and-comments");
    expect(answer.body).toMatch(/^[0-9a-f]+\r\n\uFEFF: keep-alive\n/);
    expect(answer.body).toContain("event: message\ndata:{");
    expect(textOf(answer).length).toBeGreaterThan(20);
  });

  test("data-over-lines joins to JSON", async () => {
    const { body } = await streamed("data-over-lines");
    expect(body).toMatch(/data: \{\ndata: "id".*\ndata: \}\n\n/);
  });

  test("no-final-blank-line", async () => {
    expect((await streamed("no-final-blank-line")).body).toMatch(/data: \[DONE\]\r\n0\r\n\r\n$/);
  });

  test("slow-loris sends byte by byte", async () => {
    const answer = await streamed("slow-loris:1", { max_tokens: 1, messages: [{ role: "user", content: "echo: x" }] });
    expect(answer.body.match(/(^|\r\n)1\r\n/g)?.length).toBeGreaterThan(300);
    expect(answer.reads.length).toBeGreaterThan(50);
  });

  test("huge-headers", async () => {
    expect((await streamed("huge-headers")).head.length).toBeGreaterThan(100_000);
  });
});

describe("error answers", () => {
  test.each<[string, RegExp]>([
    ["rate-limit-seconds:7", /^retry-after: 7$/m],
    ["rate-limit-date:30", /^retry-after: \w{3}, \d{2} \w{3} \d{4} [\d:]{8} GMT$/m],
    ["rate-limit-ms", /^retry-after-ms: 1500$/m],
    ["rate-limit-negative", /^retry-after: -5$/m],
    ["rate-limit-huge", /^retry-after: 1000000000$/m],
  ])("%s", async (fault, header) => {
    for (const answer of [await streamed(fault), await whole(fault)]) {
      expect(answer.head.replaceAll("\r", "")).toMatch(header);
      expect(answer.head).toContain("429 ");
      expect(JSON.parse(answer.body).error).toMatchObject({ code: "rate_limit_exceeded", param: null });
    }
  });

  test("a date is as far ahead as asked", async () => {
    const date = /^retry-after: (.*)\r$/m.exec((await streamed("rate-limit-date:30")).head)?.[1] ?? "";
    expect(Date.parse(date) - Date.now()).toBeGreaterThan(20_000);
    expect(Date.parse(date) - Date.now()).toBeLessThan(31_000);
  });

  test.each([["400"], ["403"], ["404"], ["413"], ["422"], ["500"], ["529"]])("error-%s", async (status) => {
    const answer = await streamed(`error-${status}`);
    expect(answer.head).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(JSON.parse(answer.body).error.message).not.toBe("");
  });

  test("error-401 echoes the authorization header", async () => {
    const answer = await streamed("error-401", {}, { headers: { authorization: "Bearer planted" } });
    expect(answer.head).toContain(" 401 ");
    expect(answer.body).toContain("Bearer planted");
  });

  test("error-502 is a page and error-503-loading has a number as code", async () => {
    expect(await streamed("error-502")).toMatchObject({
      head: expect.stringContaining("text/html"),
      body: expect.stringContaining("<html>"),
    });
    expect(JSON.parse((await streamed("error-503-loading")).body).error).toEqual(
      expect.objectContaining({ code: 503, message: "Loading model" }),
    );
  });

  test("redirect", async () => {
    const { head } = await streamed("redirect");
    expect(head).toContain(" 302 ");
    expect(head).toContain("location: /healthz");
  });

  test("error-in-200 and error-mid-stream: an error event and no [DONE]", async () => {
    const first = await streamed("error-in-200");
    expect(first.head).toContain("200 OK");
    expect(chunksOf(first)).toEqual([{ error: expect.objectContaining({ type: "server_error" }) }]);
    const middle = await streamed("error-mid-stream:2");
    expect(chunksOf(middle).map((chunk) => "error" in chunk)).toEqual([false, false, true]);
    for (const answer of [first, middle]) expect(answer.text).not.toContain("[DONE]");
    expect(JSON.parse((await whole("error-in-200")).body).error.code).toBe("internal_error");
  });
});

describe("usage and order", () => {
  test("usage-missing", async () => {
    expect(usagesOf(await streamed("usage-missing", usageAsked)).every((usage) => usage === null)).toBe(true);
    expect(JSON.parse((await whole("usage-missing")).body).usage).toBeUndefined();
  });

  test("usage-on-last-choice", async () => {
    const answer = await streamed("usage-on-last-choice", usageAsked);
    const last = chunksOf(answer).at(-1);
    expect(last).toMatchObject({ choices: [{ finish_reason: "stop" }], usage: { total_tokens: expect.any(Number) } });
    expect(answer.text.match(/prompt_tokens"/g)).toHaveLength(1);
  });

  test("usage-cumulative grows to the truth", async () => {
    const usages = usagesOf(await streamed("usage-cumulative", usageAsked)).map((usage) => usage.completion_tokens);
    expect(usages).toEqual([...usages].sort((a, b) => a - b));
    expect(usages[0]).toBe(0);
    expect(usages.at(-1)).toBeGreaterThan(10);
  });

  test("usage-negative, usage-huge, usage-nan", async () => {
    expect(usagesOf(await streamed("usage-negative", usageAsked)).at(-1)).toMatchObject({ completion_tokens: -5 });
    expect(usagesOf(await streamed("usage-huge", usageAsked)).at(-1)).toMatchObject({ prompt_tokens: 9e15 });
    expect((await streamed("usage-nan", usageAsked)).body).toContain('"prompt_tokens":NaN');
  });

  test("no-done has a finish reason, finish-missing has [DONE]", async () => {
    const noDone = await streamed("no-done");
    expect(noDone.text).not.toContain("[DONE]");
    expect(noDone.text).toContain(lastChunk);
    expect(chunksOf(noDone).at(-1).choices[0].finish_reason).toBe("stop");
    const noFinish = await streamed("finish-missing");
    expect(eventData(noFinish).at(-1)).toBe("[DONE]");
    expect(noFinish.text).not.toContain('finish_reason":"');
  });

  test("done-twice and data-after-done", async () => {
    expect(eventData(await streamed("done-twice")).slice(-2)).toEqual(["[DONE]", "[DONE]"]);
    const [done, late] = eventData(await streamed("data-after-done")).slice(-2);
    expect(done).toBe("[DONE]");
    expect(late).toContain("too late");
  });

  test("json-for-stream and sse-for-json", async () => {
    const json = await streamed("json-for-stream");
    expect(json.head).toContain("application/json");
    expect(JSON.parse(json.body).object).toBe("chat.completion");
    tried.add("sse-for-json");
    expect(eventData(await whole("sse-for-json")).at(-1)).toBe("[DONE]");
  });

  test("empty-first-chunk and role-missing", async () => {
    expect(chunksOf(await streamed("empty-first-chunk"))[0]).toMatchObject({ choices: [], prompt_filter_results: expect.any(Array) });
    expect((await streamed("role-missing")).body).not.toContain('"role"');
  });

  test("ignores-max-tokens writes on", async () => {
    expect(textOf(await streamed("ignores-max-tokens", { max_tokens: 2 })).length).toBeGreaterThan(30);
  });
});

describe("tool-call deltas", () => {
  const tools = ["one", "two"].map((name) => ({
    type: "function",
    function: { name, parameters: { type: "object", properties: { text: { type: "string" } } } },
  }));
  const deltasOf = async (fault: string) =>
    chunksOf(await streamed(fault, { tools })).flatMap((chunk) => chunk.choices[0]?.delta.tool_calls ?? []);

  test("lack their index, have index 0 for all, repeat the id, or come whole", async () => {
    expect((await deltasOf("tool-index-missing")).some((delta) => "index" in delta)).toBe(false);
    const zero = await deltasOf("tool-index-zero");
    expect(new Set(zero.map((delta) => delta.index))).toEqual(new Set([0]));
    expect(new Set(zero.flatMap((delta) => delta.id ?? [])).size).toBe(2);
    expect((await deltasOf("tool-id-repeated")).every((delta) => typeof delta.id === "string")).toBe(true);
    const wholeDeltas = await deltasOf("tool-whole");
    expect(wholeDeltas).toHaveLength(2);
    for (const delta of wholeDeltas) expect(JSON.parse(delta.function.arguments)).toEqual({ text: expect.any(String) });
  });
});

describe("asking for a fault", () => {
  test.each([
    ["burn", /no fault/],
    ["refuse:5", /takes no number/],
    ["stall:x", /whole number/],
    ["stall:1:2", /takes no number/],
    ["constructor", /no fault/],
  ])("wrongly (%s) is a 400 that says so", async (fault, message) => {
    const answer = await whole(fault);
    expect(answer.head).toContain(" 400 ");
    expect(JSON.parse(answer.body).error).toMatchObject({ param: "x-sim-fault", message: expect.stringMatching(message) });
  });

  test("that does not exist by model name is a 404", async () => {
    const answer = await rawCall(simulator.port, { body: chatOf("sim-fault-burn") });
    expect(JSON.parse(answer.body).error).toMatchObject({ code: "model_not_found", param: "model" });
  });

  test("works for embeddings too", async () => {
    const answer = await rawCall(simulator.port, { path: "/v1/embeddings", body: { model: "sim-fault-error-500", input: "x" } });
    expect(answer.head).toContain(" 500 ");
  });
});

test("every fault in the table was tried here", () => {
  expect(faultNames.filter((name) => !tried.has(name))).toEqual([]);
});
