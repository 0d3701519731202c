/** Which calls run now and how far each has come, as a node reports it. */
import { create } from "@bufbuild/protobuf";
import { type NodeStatus, type RunningCall, RunningCallSchema } from "#proto/penstock/config/v1/node_pb.ts";
import type { CallState } from "./call-state.ts";
import type { CallsUnderway } from "./calls-underway.ts";

/** Of each node: a report stays a message of some kilobytes. */
const callsMax = 100;

/** The oldest of them. */
export function runningCalls(underway: CallsUnderway): Pick<NodeStatus, "runningCalls"> {
  const calls: RunningCall[] = [];
  for (let state = underway.oldest; state !== undefined && calls.length < callsMax; state = state.later) calls.push(runningCall(state));
  return { runningCalls: calls };
}

function runningCall(state: CallState): RunningCall {
  const { request, caller, route, attempts, meter } = state;
  return create(RunningCallSchema, {
    callId: request.callId,
    organisationId: caller?.organisationId ?? "",
    projectId: caller?.projectId ?? "",
    apiKeyId: caller?.apiKey.id ?? "",
    routeId: route?.id ?? "",
    routeName: route?.name ?? "",
    backendId: attempts.at(-1)?.backend.id ?? "",
    attempts: attempts.length,
    progress: progressOf(state),
    outputTokens: BigInt(meter.usage()?.outputTokens ?? 0),
    sinceMs: BigInt(request.receivedAtMs),
    streamed: request.stream,
  });
}

/** Between two attempts a call is queued again. */
function progressOf({ attempts, meter }: CallState): string {
  if (meter.firstContentAtMs !== undefined) return "streaming";
  const times = attempts.at(-1)?.times;
  if (times === undefined || times.placedUs === 0 || times.endedUs > 0) return "queued";
  return times.sentUs === 0 ? "connecting" : "first-token";
}
