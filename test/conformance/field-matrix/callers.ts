/** How a caller of each dialect asks the running node, streamed or not, and what it is told. */
import { create, fromBinary, fromJson, type JsonValue, toBinary, toJsonString } from "@bufbuild/protobuf";
import { anyUnpack } from "@bufbuild/protobuf/wkt";
import { Client, credentials, Metadata, type ServiceError } from "@grpc/grpc-js";
import { BadRequestSchema } from "#proto/google/rpc/error_details_pb.ts";
import { StatusSchema } from "#proto/google/rpc/status_pb.ts";
import {
  CompleteRequestSchema,
  CompleteResponseSchema,
  CompletionInputSchema,
  StreamCompleteRequestSchema,
  StreamCompleteResponseSchema,
} from "#proto/penstock/inference/v1/completion_pb.ts";
import type { TestNode } from "../../harness/node.ts";

type Json = Record<string, unknown>;

export const ingresses = ["chat", "responses", "messages", "completions", "grpc"] as const;
export type Ingress = (typeof ingresses)[number];

export interface Told {
  /** HTTP's; of gRPC 200, or 400 for INVALID_ARGUMENT, else 500. */
  readonly status: number;
  readonly text: string;
  /** Of a refusal: the field that it names. */
  readonly named: string;
  readonly dropped: string;
}

export interface Callers {
  ask(ingress: Ingress, route: string, body: Json, stream: boolean): Promise<Told>;
  close(): void;
}

const paths = {
  chat: "/v1/chat/completions",
  responses: "/v1/responses",
  messages: "/v1/messages",
  completions: "/v1/completions",
} as const;

export function callersOf(node: TestNode): Callers {
  const client = new Client(node.grpcAddress, credentials.createInsecure());
  const metadata = new Metadata();
  metadata.set("authorization", `Bearer ${node.apiKey}`);

  async function overRest(ingress: Exclude<Ingress, "grpc">, route: string, asked: Json, stream: boolean): Promise<Told> {
    const bound = ingress === "messages" ? { max_tokens: 1000 } : {};
    const usage = stream && (ingress === "chat" || ingress === "completions") ? { stream_options: { include_usage: true } } : {};
    const response = await node.post(paths[ingress], { model: route, ...bound, ...usage, stream, ...asked });
    const text = await response.text();
    return {
      status: response.status,
      text,
      named: response.ok ? "" : namedIn(text),
      dropped: response.headers.get("x-penstock-dropped") ?? "",
    };
  }

  function overGrpc(route: string, asked: Json, stream: boolean): Promise<Told> {
    const input = fromJson(CompletionInputSchema, { model: route, ...asked } as JsonValue);
    return new Promise((resolve) => {
      const texts: string[] = [];
      let dropped = "";
      const failed = (error: ServiceError) =>
        resolve({ status: error.code === 3 ? 400 : 500, text: error.details, named: fieldOf(error), dropped: "" });
      const service = "/penstock.inference.v1.CompletionService";
      if (stream) {
        const call = client.makeServerStreamRequest(
          `${service}/StreamComplete`,
          (message: Uint8Array) => Buffer.from(message),
          (bytes: Buffer) => toJsonString(StreamCompleteResponseSchema, fromBinary(StreamCompleteResponseSchema, bytes)),
          toBinary(StreamCompleteRequestSchema, create(StreamCompleteRequestSchema, { input })),
          metadata,
        );
        call.on("data", (text: string) => texts.push(text));
        call.on("error", failed);
        call.on("status", ({ code, metadata: trailers }) => {
          if (code === 0) resolve({ status: 200, text: texts.join("\n"), named: "", dropped: String(trailers.get("x-penstock-dropped")) });
        });
        return;
      }
      const call = client.makeUnaryRequest(
        `${service}/Complete`,
        (message: Uint8Array) => Buffer.from(message),
        (bytes: Buffer) => toJsonString(CompleteResponseSchema, fromBinary(CompleteResponseSchema, bytes)),
        toBinary(CompleteRequestSchema, create(CompleteRequestSchema, { input })),
        metadata,
        (error, text) => {
          if (error !== null) failed(error);
          else texts.push(text ?? "");
        },
      );
      call.on("status", ({ code, metadata: trailers }) => {
        dropped = String(trailers.get("x-penstock-dropped"));
        if (code === 0) setImmediate(() => resolve({ status: 200, text: texts.join(""), named: "", dropped }));
      });
    });
  }

  return {
    ask: (ingress, route, body, stream) => (ingress === "grpc" ? overGrpc(route, body, stream) : overRest(ingress, route, body, stream)),
    close: () => client.close(),
  };
}

/** Of an error in OpenAI's shape, or in Anthropic's. */
function namedIn(text: string): string {
  const { error } = JSON.parse(text) as { error: { param?: string | null; details?: { param?: string } } };
  return error.param ?? error.details?.param ?? "";
}

function fieldOf(error: ServiceError): string {
  const [bytes] = error.metadata.get("grpc-status-details-bin");
  if (!(bytes instanceof Buffer)) return "";
  const found = fromBinary(StatusSchema, bytes)
    .details.map((any) => anyUnpack(any, BadRequestSchema))
    .find((detail) => detail !== undefined);
  return found?.fieldViolations[0]?.field ?? "";
}
