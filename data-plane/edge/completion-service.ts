/** `penstock.inference.v1.CompletionService`: reads the typed request into a CompletionRequest and writes typed answers. */
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { CompletionService, StreamCompleteResponseSchema } from "#proto/penstock/inference/v1/completion_pb.ts";
import type { EncodedMessage, ServiceHandlers } from "../../proto/transport/grpc-server.ts";
import { type CompletionDependencies, complete } from "../pipeline/completion.ts";
import { completionRequest } from "./completion-input.ts";
import { completionAnswer, completionEvents } from "./completion-messages.ts";
import { converse } from "./converse.ts";
import { addTrailers, initialMetadata } from "./grpc-call.ts";

export function completionService(dependencies: CompletionDependencies): ServiceHandlers<typeof CompletionService> {
  return {
    async complete({ input }, call) {
      const request = completionRequest(input, false, call);
      const answer = completionAnswer(request);
      for await (const batch of complete(request, dependencies, call)) {
        for (const event of batch) {
          if (event.type === "committed") call.writeStallMs = event.writeStallMs;
          answer.add(event);
          if (event.type === "finished") addTrailers(call.trailers, event.report);
        }
      }
      return answer.message();
    },

    async *streamComplete({ input }, call) {
      const request = completionRequest(input, true, call);
      const stream = completionEvents(request);
      for await (const batch of complete(request, dependencies, call)) {
        const messages: (MessageInitShape<typeof StreamCompleteResponseSchema> | EncodedMessage)[] = [];
        for (const event of batch) {
          if (event.type === "committed") {
            call.writeStallMs = event.writeStallMs;
            call.sendInitialMetadata(initialMetadata(request.requestId, event.facts));
          }
          const message = stream.messageOf(event);
          if (message !== undefined) messages.push(message);
          if (event.type === "finished") addTrailers(call.trailers, event.report);
        }
        yield messages;
      }
    },

    converse: (requests, call) => converse(requests, dependencies, call),
  };
}
