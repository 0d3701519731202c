/**
 * Every caller's dialect over backends of several wires, whose streams come in every way that the event-stream format allows, and in
 * some that it does not: what is whole is told whole, once and under one head; what is not, is never told as if it were.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { routeOver, startTestNode, type TestNode } from "../harness/node.ts";
import { answerCases } from "./field-matrix/answer-cases.ts";
import { wireTo } from "./field-matrix/answer-fates.ts";
import { matrixBackends, startMatrixBackends, streamBytes, type Wire } from "./field-matrix/backends.ts";
import { type Callers, callersOf, type Ingress, ingresses } from "./field-matrix/callers.ts";

let node: TestNode;
let servers: Awaited<ReturnType<typeof startMatrixBackends>>;
let callers: Callers;

const backends = matrixBackends.filter(({ name }) => ["openai", "generic", "anthropic", "gemini", "bedrock", "cohere"].includes(name));
const spoken = answerCases.find(({ feature }) => feature === "text")?.said ?? {};

beforeAll(async () => {
  servers = await startMatrixBackends();
  // Where the first backend fails before it has said anything, the second one answers.
  const backendId = (name: string) => {
    const found = servers.resources.find((resource) => resource.case === "backend" && resource.value.key === name);
    return found?.case === "backend" ? String(found.value.id) : "";
  };
  const fallbacks = backends.flatMap(({ name }) =>
    routeOver("unused", {
      name: `${name}-then-generic`,
      tiers: [{ targets: [{ backendId: backendId(name), weight: 1 }] }, { targets: [{ backendId: backendId("generic"), weight: 1 }] }],
    }).filter((resource) => resource.case === "route"),
  );
  node = await startTestNode({ resources: [...servers.resources, ...fallbacks] });
  callers = callersOf(node);
});
afterAll(async () => {
  callers.close();
  await node[Symbol.asyncDispose]();
  await servers[Symbol.asyncDispose]();
});

const asks: Readonly<Record<Ingress, Record<string, unknown>>> = {
  chat: { messages: [{ role: "user", content: "x" }] },
  responses: { input: "x", store: false },
  messages: { messages: [{ role: "user", content: "x" }] },
  completions: { prompt: "x" },
  grpc: { messages: [{ role: "ROLE_USER", content: [{ text: { text: "x" } }] }] },
};

const textOf = (wire: Wire): string => Buffer.from(bytesOf(wire)).toString("utf8");
const bytesOf = (wire: Wire): Uint8Array => streamBytes(wire, spoken[wire]?.events ?? []);

/** Ways to write one and the same stream of server-sent events. */
const habits: readonly (readonly [name: string, write: (text: string) => string | readonly string[]])[] = [
  ["as it is", (text) => text],
  ["with a byte order mark", (text) => `\ufeff${text}`],
  ["in CRLF", (text) => text.replaceAll("\n", "\r\n")],
  ["in CR", (text) => text.replaceAll("\n", "\r")],
  ["in all three by turns", (text) => text.replaceAll("\n\n", "\r\n\r\n").replace("\r\n\r\n", "\n\n").replace("\r\n\r\n", "\r\r")],
  [
    "with comments before, between and in its events",
    (text) => `: keep-alive\n\n${text.replaceAll("data: ", ": ping\ndata: ").replaceAll("\n\n", "\n\n: x\n\n")}`,
  ],
  ["with fields that nobody asked for", (text) => text.replaceAll("data: ", "id: 1\nretry: 3000\nfoo: bar\ndata: ")],
  ["without the space behind the colon", (text) => text.replaceAll("data: ", "data:").replaceAll("event: ", "event:")],
  ["with its data on several lines", (text) => text.replaceAll(/^data: \{/gm, "data: {\ndata: ")],
  ["byte by byte", (text) => [...Buffer.from(text, "utf8")].map((byte) => String.fromCharCode(byte))],
  ["with its words a quarter of a megabyte long", (text) => text.replaceAll("said-so", `said-so${"é🚰".repeat(40_000)}`)],
];

interface Heard {
  /** As the SDKs of the dialect take it: it has its end, and nothing says that it failed. */
  readonly whole: boolean;
  readonly failed: boolean;
  readonly said: boolean;
}

function heard(ingress: Ingress, { status, text }: { readonly status: number; readonly text: string }): Heard {
  const said = text.includes("said-so");
  const count = (words: string | RegExp) => text.split(words).length - 1;
  switch (ingress) {
    case "chat":
    case "completions":
      return { whole: count("data: [DONE]\n\n") === 1, failed: count('data: {"error":') === 1, said };
    case "responses":
      return { whole: count("event: response.completed\n") === 1, failed: count("event: response.failed\n") === 1, said };
    case "messages":
      return { whole: count("event: message_stop\n") === 1, failed: count("event: error\n") === 1, said };
    case "grpc":
      return { whole: status === 200 && count('"finished"') === 1, failed: status !== 200, said: said || status !== 200 };
    default:
      return ingress satisfies never;
  }
}

describe.each(ingresses)("told to callers of %s,", (ingress) => {
  describe.each(backends)("a stream of $name", (backend) => {
    const wire = wireTo(ingress, backend);
    const ask = (route = backend.name) => callers.ask(ingress, route, asks[ingress], true);

    it.each(wire === "bedrock" ? [] : habits)("%s is the same stream", async (_name, write) => {
      const written = write(textOf(wire));
      const pieces = typeof written === "string" ? [Buffer.from(written, "utf8")] : written.map((byte) => Buffer.from(byte, "latin1"));
      servers.streamWith(() => ({ pieces }));
      const told = await ask();
      expect(told.status).toBe(200);
      expect(heard(ingress, told)).toEqual({ whole: true, failed: false, said: true });
    });

    it("has one head, and one end", async () => {
      servers.streamWith(undefined);
      servers.answerWith(spoken[wire]);
      const { text } = await ask();
      const events = text
        .split("\n")
        .filter((line) => line.startsWith("data: {") || line.startsWith("{"))
        .map((line) => JSON.parse(line.replace("data: ", "")) as Record<string, unknown>);
      const each = (name: string) => new Set(events.flatMap((event) => (event[name] === undefined ? [] : [event[name]])));
      if (ingress === "chat" || ingress === "completions") {
        for (const name of ["id", "created", "model", "object"]) expect([name, each(name).size]).toEqual([name, 1]);
        expect([...each("model")]).toEqual([backend.name]);
        // Asked for, it stands in one chunk and nowhere else.
        expect(events.filter(({ usage }) => usage !== undefined && usage !== null)).toHaveLength(1);
        expect(text.endsWith("data: [DONE]\n\n")).toBe(true);
      }
      if (ingress === "responses") {
        const responses = events.flatMap(({ response }) => (response === undefined ? [] : [response as Record<string, unknown>]));
        expect(new Set(responses.map(({ id }) => id)).size).toBe(1);
        expect([...new Set(responses.map(({ model }) => model))]).toEqual([backend.name]);
        expect(events.map(({ sequence_number: number }) => number)).toEqual(events.map((_, i) => i));
      }
      if (ingress === "messages") expect(events.filter(({ type }) => type === "message_start")).toHaveLength(1);
      if (ingress === "grpc") expect(events.map(({ sequenceNumber }) => Number(sequenceNumber))).toEqual(events.map((_, i) => i + 1));
    });

    it("that nobody asked usage of tells none", async () => {
      servers.streamWith(undefined);
      servers.answerWith(spoken[wire]);
      const { text } = await callers.ask(
        ingress,
        backend.name,
        { ...asks[ingress], ...(ingress === "chat" || ingress === "completions" ? { stream_options: undefined } : {}) },
        true,
      );
      if (ingress === "chat" || ingress === "completions") expect(text).not.toMatch(/"usage":|"choices":\[\]/);
      else expect(text).toMatch(/[iI]nput_?[tT]okens/);
    });

    it.each([false, true])("that ends in its middle is told as broken (by a cut socket: %s)", async (cut) => {
      const bytes = bytesOf(wire);
      const said = Buffer.from(bytes).indexOf("said-so");
      const end = wire === "bedrock" ? said + 60 : Buffer.from(bytes).indexOf("\n\n", said) + 2;
      servers.streamWith(() => ({ pieces: [bytes.subarray(0, end)], cut }));
      expect(heard(ingress, await ask())).toMatchObject({ whole: false, failed: true });
    });

    it.runIf(wire !== "bedrock")("with a line beyond all bounds is told as broken", async () => {
      const text = textOf(wire);
      const at = text.indexOf("said-so");
      const bytes = Buffer.from(
        text.slice(0, at) + "x".repeat(wire === "responses" || wire === "completions" ? 33 * 2 ** 20 : 2 * 2 ** 20) + text.slice(at),
      );
      servers.streamWith(() => ({ pieces: [bytes] }));
      const told = await ask();
      if (told.status === 200) expect(heard(ingress, told)).toMatchObject({ whole: false, failed: true });
      else expect(told.status).toBeGreaterThanOrEqual(500);
    });

    it("that fails before it has said anything is another backend's to answer", async () => {
      const opening = Buffer.from(
        streamBytes(wire, (spoken[wire]?.events ?? []).slice(0, wire === "gemini" || wire === "completions" ? 0 : 1)),
      ).toString("latin1");
      const bytes = Buffer.from(wire === "bedrock" ? opening : `: wait\n\n${opening.replace("data: [DONE]\n\n", "")}`, "latin1");
      const own = wireTo(ingress, { ...backend, name: "generic", kind: "openai-compatible", wire: "chat" });
      servers.streamWith((_wire, path) => ({ pieces: [path.startsWith("/generic/") ? bytesOf(own) : bytes] }));
      if (backend.name === "generic") return;
      const told = await ask(`${backend.name}-then-generic`);
      expect(heard(ingress, told)).toEqual({ whole: true, failed: false, said: true });
    });
  });
});
