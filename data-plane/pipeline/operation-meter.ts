/** Counts what an operation was: the backend's own usage where it says it, else what its kind allows to be said. */
import type { CallMeter } from "./call-state.ts";
import type { TokenUsage } from "./completion-event.ts";
import { estimateOperation } from "./operation.ts";
import type { OperationAnswerEvent } from "./operation-event.ts";
import type { OperationRequest } from "./operation-request.ts";

export interface OperationMeter extends CallMeter {
  see(events: readonly OperationAnswerEvent[]): void;
}

export function operationMeter(request: OperationRequest): OperationMeter {
  let reported: TokenUsage | undefined;
  const meter: Writable<OperationMeter> = {
    servedModel: "",
    finishReason: "",
    firstContentAtMs: undefined,
    see(events) {
      meter.firstContentAtMs ??= Date.now();
      for (const event of events) {
        // What a provider keeps tells what it has used, each time that it is asked for; the asking used none of it.
        if (event.type === "operation-usage" && request.target.case === "route") reported = event.usage;
        else if (event.type === "operation-answer") meter.servedModel = event.servedModel;
      }
    },
    usage() {
      if (reported !== undefined || meter.firstContentAtMs === undefined) return reported;
      switch (request.unsaidUsage) {
        case "input":
          return { ...noUsage, inputTokens: estimateOperation(request), estimated: true };
        case "nothing":
          return noUsage;
        case "unknown":
          return undefined;
        default:
          return request.unsaidUsage satisfies never;
      }
    },
  };
  return meter;
}

type Writable<T> = { -readonly [Name in keyof T]: T[Name] };

const noUsage: TokenUsage = {
  inputTokens: 0,
  outputTokens: 0,
  cacheReadTokens: 0,
  cacheWriteTokens: 0,
  reasoningTokens: 0,
  audioInputTokens: 0,
  audioOutputTokens: 0,
  estimated: false,
  raw: "",
};
