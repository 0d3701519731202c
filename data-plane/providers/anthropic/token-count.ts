/**
 * `POST /messages/count_tokens`: how many tokens a call would have, asked of the backend itself. For providers of other dialects,
 * which have no such endpoint: an estimate.
 */
import { AnswerText } from "../../pipeline/answer-text.ts";
import { tokensOfBody } from "../../pipeline/estimate-tokens.ts";
import { spliced } from "../../pipeline/json-text.ts";
import type { OperationCall, OperationProvider } from "../../pipeline/operation.ts";
import type { OperationAnswerEvent } from "../../pipeline/operation-event.ts";
import { countTokens, tokenizerLoaded } from "../../pipeline/tokenizer.ts";
import { protocolError } from "../answer-exchange.ts";
import { proofOf } from "../proof.ts";
import type { UpstreamPools } from "../upstream-pools.ts";
import { wholeExchange } from "../whole-exchange.ts";
import { errorOfStatus } from "./error.ts";
import { apiVersion } from "./request.ts";

const answerBytesMax = 64 * 1024;

export const anthropicTokenCount = (pools: UpstreamPools): OperationProvider => ({
  keepsFiles: false,
  async *operate(call, signal) {
    signal.throwIfAborted();
    const text = await ask(pools, call, signal);
    yield { events: answered(text), bearsContent: true };
  },
});

/** By another vocabulary than the model's own, and said to be so. */
export const estimatedTokenCount: OperationProvider = {
  keepsFiles: false,
  async *operate({ request }) {
    await tokenizerLoaded();
    const tokens = request.body.case === "json" ? tokensOfBody(request.body.json, countTokens) : 0;
    yield { events: answered(JSON.stringify({ input_tokens: tokens }), true), bearsContent: true };
  },
};

const answered = (text: string, estimated = false): OperationAnswerEvent[] => [
  { type: "operation-started", contentType: "application/json", contentDisposition: "" },
  { type: "operation-answer", text: AnswerText.of(text), servedModel: "", estimated },
];

/** @throws GatewayError as Provider.complete. */
async function ask(pools: UpstreamPools, { request, backend, clocks }: OperationCall, signal: AbortSignal): Promise<string> {
  const connection = pools.of(backend.provider);
  const proof = await proofOf(connection, backend.provider, "x-api-key");
  const header = (name: string) => request.callerHeader?.(name);
  const beta = header("anthropic-beta");
  const { text } = await wholeExchange(
    connection,
    {
      request: {
        path: `${connection.pathPrefix === "" ? "/v1" : connection.pathPrefix}${request.path}`,
        headers: [
          "content-type",
          "application/json",
          "x-request-id",
          request.callId,
          "anthropic-version",
          header("anthropic-version") ?? apiVersion,
          ...(beta === undefined ? [] : ["anthropic-beta", beta]),
          ...proof.headers,
        ],
        body: request.body.case === "json" ? spliced(request.body.json, new Map([["model", JSON.stringify(backend.model)]])) : "{}",
      },
      proof,
      clocks,
      answerBytesMax,
      errorOfStatus,
    },
    signal,
  );
  if (!/"input_tokens"\s*:\s*\d/.test(text)) throw protocolError("a count of tokens without a count");
  return text;
}
