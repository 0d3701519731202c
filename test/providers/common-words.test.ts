/** The common form in plain chat words, for callers of other dialects: what chat cannot say is said in what it can, or named. */
import { create } from "@bufbuild/protobuf";
import { describe, expect, test } from "vitest";
import { ProviderSchema } from "#proto/penstock/config/v1/snapshot_pb.ts";
import { GatewayError } from "../../data-plane/gateway-error.ts";
import { plainChatMembers } from "../../data-plane/providers/openai-compatible/common-words.ts";
import { backendNamed, organisationId, snapshotOf } from "../pipeline/sample-call.ts";

type Json = Record<string, unknown>;

function plain(value: Json, flavour = "") {
  const backend = snapshotOf([
    ...backendNamed("a"),
    { case: "route", value: { id: "r", organisationId, name: "chat", tiers: [{ targets: [{ backendId: "backend-a", weight: 1 }] }] } },
  ]).route(organisationId, "chat")?.tiers[0]?.targets[0]?.backend;
  if (backend === undefined) throw new Error("the route was not compiled");
  const hints: string[] = [];
  const provider = create(ProviderSchema, { ...backend.provider, kind: "openai-compatible", flavour });
  const members = plainChatMembers(value, {
    backend: { ...backend, provider },
    cannotCarry(field, kind) {
      if (kind !== "hint") throw new GatewayError("UNSUPPORTED_PARAMETER", field, { field });
      hints.push(field);
    },
  });
  const said = Object.fromEntries(
    [...members].map(([name, text]) => [name, text === undefined ? undefined : (JSON.parse(text) as unknown)]),
  );
  return { said, hints };
}
const messages = (...list: Json[]) => plain({ messages: list }).said["messages"];

describe("a tool's result", () => {
  const image = { type: "image_url", image_url: { url: "data:image/png;base64,AAAA" } };
  test("is text, and what else it brought is shown behind it", () => {
    expect(messages({ role: "tool", tool_call_id: "c", content: [{ type: "text", text: "seen" }, image] })).toEqual([
      { role: "tool", tool_call_id: "c", content: "seen" },
      { role: "user", content: [{ type: "text", text: "What the tool call c brought:" }, image] },
    ]);
  });
  test.each([
    ["no such place", "Error: no such place"],
    ["Error: no such place", "Error: no such place"],
  ])("that failed with %j says so once", (content, said) => {
    expect(messages({ role: "tool", tool_call_id: "c", content, is_error: true })).toEqual([
      { role: "tool", tool_call_id: "c", content: said },
    ]);
  });
});

test.each<[string, Json, unknown[]]>([
  ["a text", { file_data: "data:text/plain;base64,aGk=", filename: "a.txt" }, [{ type: "text", text: "a.txt\n\nhi" }]],
  ["a picture", { file_data: "data:image/png;base64,AA" }, [{ type: "image_url", image_url: { url: "data:image/png;base64,AA" } }]],
  ["a PDF", { file_data: "data:application/pdf;base64,AA" }, [{ type: "file", file: { file_data: "data:application/pdf;base64,AA" } }]],
])("a document that is %s", (_, file, parts) => {
  expect(messages({ role: "user", content: [{ type: "file", file }] })).toEqual([{ role: "user", content: parts }]);
});

test.each<[string, Json]>([
  ["messages[0].content[0].file.file_url", { type: "file", file: { file_url: "https://example.org/a.pdf" } }],
  ["messages[0].content[0].citations", { type: "file", file: { file_data: "data:text/plain;base64,aGk=" }, citations: { enabled: true } }],
])("%s is refused by name", (field, part) => {
  expect(() => messages({ role: "user", content: [part] })).toThrow(field);
});

test("hints for a cache are let go of wherever they stand, and told; OpenRouter knows them", () => {
  const control = { cache_control: { type: "ephemeral" } };
  const value = {
    messages: [{ role: "user", content: [{ type: "text", text: "hi", ...control }] }],
    tools: [{ type: "function", function: { name: "f" }, ...control }],
    reasoning: { max_tokens: 9000 },
    ...control,
  };
  const { said, hints } = plain(value);
  expect(JSON.stringify(said)).not.toContain('cache_control":{');
  expect(new Set(hints)).toEqual(new Set(["cache_control", "messages[0].content[0].cache_control", "tools[0].cache_control"]));
  expect(said).toMatchObject({ reasoning: undefined, reasoning_effort: "high" });
  const router = plain(value, "openrouter");
  expect(router.hints).toEqual([]);
  expect(router.said["messages"]).toEqual(value.messages);
  expect(router.said).not.toHaveProperty("reasoning_effort");
});

test("reasoning goes back to the provider that gave it, and to no other", () => {
  const mine = { type: "reasoning.text", text: "so", signature: "s", format: "f", provider: "a" };
  const { provider: _provider, ...asGiven } = mine;
  const message = (detail: Json) => ({ role: "assistant", content: "x", reasoning_details: [detail] });
  expect(messages(message(mine))).toEqual([message(asGiven)]);
  expect(() => messages(message({ ...mine, provider: "b" }))).toThrow("messages[0].reasoning_details");
});
