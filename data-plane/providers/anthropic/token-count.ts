/**
 * `POST /messages/count_tokens`: how many tokens a call would have, asked of the backend itself. For providers of other dialects,
 * which have no such endpoint: an estimate.
 */
import { GatewayError } from "../../gateway-error.ts";
import { estimateTokens } from "../../pipeline/estimate-tokens.ts";
import { spliced } from "../../pipeline/json-text.ts";
import type { OperationCall, OperationProvider } from "../../pipeline/operation.ts";
import type { OperationAnswerEvent } from "../../pipeline/operation-event.ts";
import { protocolError, readText } from "../answer-exchange.ts";
import { proofOf } from "../proof.ts";
import { exchange } from "../upstream-http.ts";
import type { UpstreamPools } from "../upstream-pools.ts";
import { errorOfStatus } from "./error.ts";
import { apiVersion } from "./request.ts";

const answerBytesMax = 64 * 1024;

export const anthropicTokenCount = (pools: UpstreamPools): OperationProvider => ({
  async *operate(call, signal) {
    signal.throwIfAborted();
    const text = await ask(pools, call, signal);
    yield { events: answered(text), bearsContent: true };
  },
});

/** Of the whole body's text, with a mark that says so. */
export const estimatedTokenCount: OperationProvider = {
  async *operate({ request }) {
    const length = request.body.case === "json" ? request.body.json.text.length : 0;
    yield { events: answered(JSON.stringify({ input_tokens: estimateTokens(length), estimated: true })), bearsContent: true };
  },
};

const answered = (text: string): OperationAnswerEvent[] => [
  { type: "operation-started", contentType: "application/json", contentDisposition: "" },
  { type: "operation-answer", text, servedModel: "" },
];

/** @throws GatewayError as Provider.complete. */
async function ask(pools: UpstreamPools, { request, backend, clocks }: OperationCall, signal: AbortSignal): Promise<string> {
  const connection = pools.of(backend.provider);
  const proof = await proofOf(connection, backend.provider, "x-api-key");
  const header = (name: string) => request.callerHeader?.(name);
  const beta = header("anthropic-beta");
  const upstream = exchange(connection.pool, {
    method: "POST",
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
    connectMs: clocks.connectMs,
  });
  const onAbort = () => upstream.abort(signal.reason);
  signal.addEventListener("abort", onAbort);
  const late = new GatewayError("UPSTREAM_TIMEOUT", "the backend gave no answer in time", { anotherBackendMayHelp: true });
  const timer = setTimeout(() => upstream.abort(late), clocks.firstByteMs);
  try {
    const { status } = await upstream.head();
    const body = await readText(upstream, answerBytesMax, "refuse");
    if (status < 200 || status >= 300)
      throw errorOfStatus({
        status,
        body,
        retryAfter: undefined,
        retryAfterMs: undefined,
        nowMs: Date.now(),
        credential: proof.secret,
      });
    if (!/"input_tokens"\s*:\s*\d/.test(body)) throw protocolError("a count of tokens without a count");
    return body;
  } catch (reason) {
    upstream.abort(late);
    if (signal.aborted) throw signal.reason;
    throw reason instanceof GatewayError
      ? reason
      : new GatewayError("UPSTREAM_UNAVAILABLE", "the connection to the backend failed", { cause: reason, anotherBackendMayHelp: true });
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", onAbort);
  }
}
