/** What every gRPC call brings and is told: its credential and ids from the metadata, what made its answer in the trailers. */
import { Metadata as GrpcMetadata, type Metadata } from "@grpc/grpc-js";
import type { CallContext } from "../../proto/transport/grpc-server.ts";
import { newCallId } from "../call-id.ts";
import type { CallFacts, CallReport, TokenUsage } from "../pipeline/completion-event.ts";
import { peerHeader } from "../pipeline/key-scope.ts";
import { readCallerHeaders } from "./caller-headers.ts";
import { addLimits } from "./rate-limit-headers.ts";

/** As CallerHeader. */
export const headerOf =
  (call: Pick<CallContext, "metadata" | "peer">) =>
  (name: string): string | undefined => {
    if (name === peerHeader) return addressOfPeer(call.peer);
    const [value] = call.metadata.get(name);
    return typeof value === "string" ? value : undefined;
  };

/** "127.0.0.1:53422" or "[::1]:53422". */
const addressOfPeer = (peer: string): string => peer.replace(/:\d+$/, "").replace(/^\[(.*)\]$/, "$1");

/** Sets the trailers that every answer has, also one that fails. */
export function callHead(call: CallContext) {
  const callId = newCallId();
  const callerHeader = headerOf(call);
  const { requestId = callId, ...caller } = readCallerHeaders(callerHeader);
  call.trailers.set("x-request-id", requestId);
  call.trailers.set("x-penstock-call-id", callId);
  return { callId, requestId, receivedAtMs: Date.now(), ...caller, callerHeader, simulation: simulationMetadata(call.metadata) };
}

export const usageOf = (usage: TokenUsage) => ({
  inputTokens: BigInt(usage.inputTokens),
  outputTokens: BigInt(usage.outputTokens),
  cacheReadTokens: BigInt(usage.cacheReadTokens),
  cacheWriteTokens: BigInt(usage.cacheWriteTokens),
  reasoningTokens: BigInt(usage.reasoningTokens),
  audioInputTokens: BigInt(usage.audioInputTokens),
  audioOutputTokens: BigInt(usage.audioOutputTokens),
  estimated: usage.estimated,
  imageInputTokens: BigInt(usage.imageInputTokens ?? 0),
  imageOutputTokens: BigInt(usage.imageOutputTokens ?? 0),
  cacheWriteOneHourTokens: BigInt(usage.cacheWriteOneHourTokens ?? 0),
});

export const reportOf = ({ route, backend, attempts, variant, cache, revision, promptVersion, costNanodollars }: CallReport) => ({
  route,
  backend,
  attempts,
  variant,
  cache,
  revision,
  promptVersion,
  ...(costNanodollars === undefined ? {} : { costNanodollars }),
});

export function initialMetadata(requestId: string, facts: CallFacts): Metadata {
  const metadata = new GrpcMetadata();
  metadata.set("x-request-id", requestId);
  for (const [name, value] of factPairs(facts)) metadata.set(name, value);
  return metadata;
}

export function addTrailers(trailers: Metadata, report: CallReport): void {
  for (const [name, value] of factPairs(report)) trailers.set(name, value);
  if (report.costNanodollars !== undefined) trailers.set("x-penstock-cost-nanodollars", String(report.costNanodollars));
}

function* factPairs(facts: CallFacts): Generator<[string, string]> {
  yield ["x-penstock-revision", facts.revision];
  yield ["x-penstock-route", ascii(facts.route)];
  yield ["x-penstock-backend", ascii(facts.backend)];
  yield ["x-penstock-attempts", String(facts.attempts)];
  yield ["x-penstock-cache", facts.cache];
  if (facts.variant !== "") yield ["x-penstock-variant", ascii(facts.variant)];
  if (facts.promptVersion !== "") yield ["x-penstock-prompt", ascii(facts.promptVersion)];
  if (facts.dropped.length > 0) yield ["x-penstock-dropped", ascii(facts.dropped.join(", "))];
  const limits: Record<string, string> = {};
  addLimits(limits, facts.limits);
  yield* Object.entries(limits);
}

const ascii = (text: string): string => (/^[\x20-\x7e]*$/.test(text) ? text : encodeURIComponent(text));

function simulationMetadata(metadata: Metadata): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(metadata.getMap()))
    if (name.startsWith("x-sim-") && typeof value === "string") headers[name] = value;
  return headers;
}
