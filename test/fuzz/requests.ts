/**
 * What callers send: each ingress' reader on mutated and random bodies, and behind it every provider's writer, for a body that a
 * reader lets through must not break what maps it.
 */

import { Readable } from "node:stream";
import { create, fromBinary, fromJson, type JsonValue, toBinary } from "@bufbuild/protobuf";
import fc from "fast-check";
import { CompletionInputSchema } from "#proto/penstock/inference/v1/completion_pb.ts";
import { commonFormOf } from "../../data-plane/edge/anthropic-messages/common-form.ts";
import { checkMessagesBody } from "../../data-plane/edge/anthropic-messages/messages-body.ts";
import { checkChatBody } from "../../data-plane/edge/chat-body.ts";
import { chatBodyOfInput } from "../../data-plane/edge/chat-body-of-input.ts";
import { checkEmbeddingBody } from "../../data-plane/edge/embedding-body.ts";
import { openMultipart, readMultipart } from "../../data-plane/edge/multipart-body.ts";
import { readTextCompletionBody } from "../../data-plane/edge/openai-completions/request-body.ts";
import { readResponseBody } from "../../data-plane/edge/openai-responses/request-body.ts";
import { batchLines } from "../../data-plane/edge/openai-storage/batch-lines.ts";
import type { RestCall } from "../../data-plane/edge/rest-server.ts";
import type { CompletionRequest } from "../../data-plane/pipeline/completion-request.ts";
import { type JsonText, jsonTextOf, readJsonText } from "../../data-plane/pipeline/json-text.ts";
import { ownedIds } from "../../data-plane/pipeline/owned-id.ts";
import { requestBody as anthropicBody } from "../../data-plane/providers/anthropic/request.ts";
import { requestBody as bedrockBody } from "../../data-plane/providers/bedrock/request.ts";
import { requestBody as cohereBody } from "../../data-plane/providers/cohere/request.ts";
import { requestBody as geminiBody } from "../../data-plane/providers/gemini/request.ts";
import { requestBody as chatBody } from "../../data-plane/providers/openai-compatible/request.ts";
import type { ProviderCall } from "../../data-plane/providers/provider.ts";
import { clockDefaults } from "../../data-plane/snapshot/compiled-route.ts";
import type { Ingress } from "../conformance/field-matrix/callers.ts";
import { requestCases } from "../conformance/field-matrix/request-cases.ts";
import { backendOver } from "../providers/recorded-server.ts";
import { anyJson, mutatedBytes, mutatedJson } from "./inputs.ts";
import { type Target, target, typed } from "./target.ts";

type Json = Record<string, unknown>;

const bodiesOf = (ingress: Ingress): Json[] =>
  requestCases.flatMap(({ asked }) => {
    const body = asked[ingress];
    return body === undefined ? [] : [{ model: "chat", ...(ingress === "messages" ? { max_tokens: 100 } : {}), ...body }];
  });

const written = (ingress: Ingress): fc.Arbitrary<string> =>
  fc.oneof(
    { weight: 6, arbitrary: mutatedJson(bodiesOf(ingress)).map((value) => JSON.stringify(value)) },
    {
      weight: 1,
      arbitrary: mutatedBytes(bodiesOf(ingress).map((value) => Buffer.from(JSON.stringify(value)))).map((bytes) => bytes.toString("utf8")),
    },
    { weight: 1, arbitrary: anyJson.map((value) => JSON.stringify(value)) },
  );

const backends: readonly {
  readonly kind: string;
  readonly flavour?: string;
  readonly model: string;
  readonly body: (call: ProviderCall) => string;
}[] = [
  { kind: "openai", model: "gpt-5", body: chatBody },
  ...["vllm", "ollama", "llama-cpp", "tgi", "mistral", "deepseek", "groq", "openrouter", "azure", ""].map((flavour) => ({
    kind: "openai-compatible",
    flavour,
    model: "m",
    body: chatBody,
  })),
  { kind: "anthropic", model: "claude-sonnet-4-5", body: anthropicBody },
  { kind: "anthropic", model: "claude-opus-5", body: anthropicBody },
  { kind: "gemini", model: "gemini-3-pro", body: geminiBody },
  { kind: "gemini", model: "gemini-2.5-flash", body: geminiBody },
  { kind: "bedrock", model: "anthropic.claude-sonnet-4-5-20250929-v1:0", body: bedrockBody },
  { kind: "bedrock", model: "amazon.nova-2-lite-v1:0", body: bedrockBody },
  { kind: "cohere", model: "command-a-03-2025", body: cohereBody },
];
const compiled = backends.map(({ kind, flavour = "", model, body }) => ({
  body,
  backend: backendOver({ kind, baseUrl: "https://example.org", more: { flavour, privateAddressAllowed: false } }, model),
}));

/** Each provider's words for a body that an ingress has let through, with all that has no place let go of: it must be JSON. */
function writeEverywhere(
  ingress: CompletionRequest["ingress"],
  read: Pick<CompletionRequest, "body" | "native" | "reasoningSigners">,
): void {
  for (const { backend, body } of compiled) {
    for (const strict of [true, false]) {
      typed(() => {
        const request = { ingress, callId: "c", model: "chat", stream: false, simulation: {}, ...read } as unknown as CompletionRequest;
        const call: ProviderCall = {
          backend,
          request,
          replacements: new Map(),
          promptMessages: [],
          form: "typed",
          clocks: clockDefaults,
          cannotCarry: (field, kind) => {
            if (field === "") throw new Error("a field without a name");
            if (strict && kind !== "hint") throw refused;
          },
        };
        JSON.parse(body(call));
      }, refused);
    }
  }
}
const refused = new Error("refused by name");

const batch = Buffer.from(
  ["a", "b"]
    .map((id) => JSON.stringify({ custom_id: id, method: "POST", url: "/v1/chat/completions", body: { model: "chat", messages: [] } }))
    .join("\n"),
);
const multipart = Buffer.from(
  [
    '--b\r\ncontent-disposition: form-data; name="model"\r\n\r\nchat\r\n',
    '--b\r\ncontent-disposition: form-data; name="file"; filename="a.wav"\r\ncontent-type: audio/wav\r\n\r\nRIFF\r\n',
    '--b\r\ncontent-disposition: form-data; name="language"\r\n\r\nde\r\n--b--\r\n',
  ].join(""),
);
const ids = ownedIds("key");
const sealedId = ids.seal({ providerId: "p", projectId: "q", upstreamId: "file-abc" });

/** A text that a reader takes, read and written for all providers. */
const reading = (name: string, ingress: Ingress, read: (json: JsonText) => void): Target =>
  target(
    name,
    fc.property(written(ingress), (text) => {
      typed(() => read(readJsonText(text)));
    }),
  );

export const requestTargets: readonly Target[] = [
  reading("chat requests", "chat", (json) => {
    const { reasoningSigners } = checkChatBody(json.value, json.members);
    writeEverywhere("openai-chat", { body: json, native: undefined, reasoningSigners });
  }),
  reading("responses requests", "responses", (json) => {
    const read = readResponseBody(json, []);
    const native = { body: read.nativeBody, headers: {}, unmapped: read.unmapped, hints: read.hints };
    writeEverywhere("openai-responses", { body: read.body, native, reasoningSigners: read.reasoningSigners });
  }),
  reading("messages requests", "messages", (json) => {
    const { reasoningSigners } = checkMessagesBody(json.value, json.members, true);
    const { body, unmapped, hints } = commonFormOf(json.value);
    writeEverywhere("anthropic-messages", {
      body: jsonTextOf(body),
      native: { body: json, headers: {}, unmapped, hints },
      reasoningSigners,
    });
  }),
  reading("completions requests", "completions", (json) => {
    const read = readTextCompletionBody(json);
    writeEverywhere("openai-completions", {
      body: read.body,
      native: { body: json, headers: {}, unmapped: read.unmapped, hints: [] },
      reasoningSigners: [],
    });
  }),
  target(
    "gRPC requests",
    fc.property(mutatedBytes(bodiesOf("grpc").map(inputBytes)), (bytes) => {
      let input = create(CompletionInputSchema);
      try {
        input = fromBinary(CompletionInputSchema, bytes);
      } catch {
        // gRPC itself refuses what is no message.
        return;
      }
      typed(() => {
        const body = jsonTextOf(chatBodyOfInput(input, false));
        const { reasoningSigners } = checkChatBody(body.value, body.members);
        writeEverywhere("grpc", { body, native: undefined, reasoningSigners });
      });
    }),
  ),
  target(
    "embeddings requests",
    fc.property(
      mutatedJson([
        { model: "m", input: ["a"], dimensions: 2, encoding_format: "float" },
        { model: "m", input: [1, 2] },
      ]),
      (body) => {
        typed(() => checkEmbeddingBody(body));
      },
    ),
  ),
  target(
    "lines of a batch",
    fc.asyncProperty(mutatedBytes([batch]), fc.nat(200), async (bytes, at) => {
      await typedLater(async () => {
        for await (const _line of batchLines(pieces(bytes, at), () => "m"));
      });
    }),
  ),
  target(
    "multipart forms",
    fc.asyncProperty(
      fc.oneof(
        { weight: 4, arbitrary: fc.constant("multipart/form-data; boundary=b") },
        mutatedBytes([Buffer.from("multipart/form-data; boundary=b")]).map(String),
      ),
      mutatedBytes([multipart]),
      fc.nat(300),
      async (contentType, bytes, at) => {
        await typedLater(() => readForm(contentType, bytes, at));
      },
    ),
  ),
  target(
    "ids of kept things",
    fc.property(fc.oneof(fc.string({ maxLength: 200 }), mutatedBytes([Buffer.from(sealedId)]).map(String)), (id) => {
      const opened = ids.open(id);
      if (opened !== undefined && opened.upstreamId !== "file-abc") throw new Error("an id that was made up has been opened");
    }),
  ),
];

/** A form as it comes off a socket, read to its end and written anew. */
async function readForm(contentType: string, bytes: Uint8Array, at: number): Promise<void> {
  const request = Object.assign(Readable.from(pieces(bytes, at)), { headers: { "content-type": contentType }, socket: {} });
  const form = openMultipart({ request, signal: new AbortController().signal } as unknown as RestCall);
  try {
    const { body } = await readMultipart(form);
    if (body.case !== "multipart") throw new Error("a form is a form");
    for await (const _piece of body.bytes("m"));
  } finally {
    await form.close();
  }
}

function inputBytes(body: Json): Uint8Array {
  return toBinary(CompletionInputSchema, fromJson(CompletionInputSchema, body as JsonValue));
}

async function* pieces(bytes: Uint8Array, at: number) {
  yield bytes.subarray(0, at);
  yield bytes.subarray(at);
}

async function typedLater(act: () => Promise<void>): Promise<void> {
  let failure: unknown;
  await act().catch((reason: unknown) => {
    failure = reason;
  });
  typed(() => {
    if (failure !== undefined) throw failure;
  });
}
