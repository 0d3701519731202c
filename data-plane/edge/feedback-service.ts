/** `penstock.inference.v1.FeedbackService`: takes feedback into the node's log, on the same way to the ledger as usage. */
import type { FeedbackService } from "#proto/penstock/inference/v1/feedback_pb.ts";
import type { ServiceHandlers } from "../../proto/transport/grpc-server.ts";
import { readSnapshot } from "../snapshot/snapshot-source.ts";
import { readCallerHeaders } from "./caller-headers.ts";
import { type FeedbackDependencies, takeFeedback } from "./feedback-record.ts";
import { headerOf } from "./grpc-call.ts";

export function feedbackService(dependencies: FeedbackDependencies): ServiceHandlers<typeof FeedbackService> {
  const { snapshot, authenticate } = dependencies;
  return {
    async recordFeedback(request, call) {
      const header = headerOf(call);
      const { credential } = readCallerHeaders(header);
      const nowMs = Date.now();
      const caller = authenticate(readSnapshot(snapshot), credential, nowMs, header);
      return { feedbackId: takeFeedback(request, caller, nowMs, dependencies) };
    },
  };
}
