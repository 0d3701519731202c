/**
 * gRPC calls over bare node:http2: the frames of each answer are counted, and one answer in sixteen is decoded and its text
 * compared, so that the caller does not cost more than what is measured. A status other than 0 ends the run.
 */
import { once } from "node:events";
import { type ClientHttp2Session, connect } from "node:http2";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import {
  CompleteRequestSchema,
  CompleteResponseSchema,
  Role,
  StreamCompleteRequestSchema,
  StreamCompleteResponseSchema,
} from "#proto/penstock/inference/v1/completion_pb.ts";
import { fixtureAnswer } from "../fixture-answers.ts";
import { quantilesOf } from "../statistics.ts";
import type { GrpcJob, LoadResult } from "./job.ts";

const decodedEvery = 16;
const frameHeaderBytes = 5;

export async function grpcLoop(job: GrpcJob): Promise<LoadResult> {
  const sessions = await Promise.all(Array.from({ length: job.connections }, () => openSession(job.target.port)));
  const latencies = new Float64Array(job.calls);
  let begun = 0;
  let units = 0;
  const startedAtMs = performance.now();
  const call = grpcCall(job);
  try {
    await Promise.all(
      Array.from({ length: Math.min(job.callsAtOnce, job.calls) }, async (_, worker) => {
        const session = sessions[worker % sessions.length];
        while (session !== undefined && begun < job.calls) {
          const index = begun++;
          const sentAtMs = performance.now();
          const messages = await call(session, index % decodedEvery === 0);
          units += messages;
          latencies[index] = performance.now() - sentAtMs;
        }
      }),
    );
    const durationMs = performance.now() - startedAtMs;
    return { calls: job.calls, units, durationMs, latency: quantilesOf(latencies), lateness: quantilesOf([]) };
  } finally {
    for (const session of sessions) session.destroy();
  }
}

async function openSession(port: number): Promise<ClientHttp2Session> {
  const session = connect(`http://127.0.0.1:${port}`, { settings: { initialWindowSize: 1024 * 1024 } });
  await once(session, "connect");
  session.setLocalWindowSize(16 * 1024 * 1024);
  return session;
}

function grpcCall({ model, promptBytes, target }: GrpcJob): (session: ClientHttp2Session, decode: boolean) => Promise<number> {
  const answer = fixtureAnswer(model);
  const streamed = answer.writing !== "whole";
  const text = "a".repeat(promptBytes);
  const input = { model, messages: [{ role: Role.USER, content: [{ part: { case: "text" as const, value: { text } } }] }] };
  const message = streamed
    ? toBinary(StreamCompleteRequestSchema, create(StreamCompleteRequestSchema, { input }))
    : toBinary(CompleteRequestSchema, create(CompleteRequestSchema, { input }));
  const header = Buffer.alloc(frameHeaderBytes);
  header.writeUInt32BE(message.length, 1);
  const body = Buffer.concat([header, message]);
  const expected = [...answer.whole.toString().matchAll(/"content":"([^"]*)"/g)].map(([, content]) => content).join("");
  const headers = {
    ":method": "POST",
    ":path": `/penstock.inference.v1.CompletionService/${streamed ? "StreamComplete" : "Complete"}`,
    "content-type": "application/grpc",
    te: "trailers",
    ...target.headers,
  };
  const textOf = (frames: readonly Buffer[]): string =>
    frames
      .flatMap((frame) => {
        if (!streamed) {
          const { choices } = fromBinary(CompleteResponseSchema, frame);
          return choices
            .flatMap((choice) => choice.message?.content ?? [])
            .map(({ part }) => (part.case === "text" ? part.value.text : ""));
        }
        const { event } = fromBinary(StreamCompleteResponseSchema, frame);
        return event.case === "contentDelta" ? [event.value.text] : [];
      })
      .join("");

  return (session, decode) =>
    new Promise((resolve, reject) => {
      const stream = session.request(headers);
      const frames: Buffer[] = [];
      let count = 0;
      let kept: Buffer | undefined;
      let status = "";
      const noteStatus = (received: Record<string, unknown>) => {
        if (received["grpc-status"] !== undefined) status = `${received["grpc-status"]} ${received["grpc-message"] ?? ""}`;
      };
      stream.on("response", noteStatus);
      stream.on("trailers", noteStatus);
      stream.on("error", reject);
      stream.on("data", (piece: Buffer) => {
        const bytes = kept === undefined ? piece : Buffer.concat([kept, piece]);
        let at = 0;
        while (bytes.length - at >= frameHeaderBytes) {
          const end = at + frameHeaderBytes + bytes.readUInt32BE(at + 1);
          if (end > bytes.length) break;
          count++;
          if (decode) frames.push(Buffer.from(bytes.subarray(at + frameHeaderBytes, end)));
          at = end;
        }
        kept = at === bytes.length ? undefined : bytes.subarray(at);
      });
      stream.on("end", () => {
        if (!status.startsWith("0")) return reject(new Error(`grpc-status ${status}`));
        if (count < answer.tokens) return reject(new Error(`${count} messages came for ${answer.tokens} tokens`));
        if (decode && textOf(frames) !== expected) return reject(new Error(`another text: ${textOf(frames).slice(0, 200)}`));
        resolve(count);
      });
      stream.end(body);
    });
}
