/** One request to a backend whose answer is read whole: what is asked beside completions. */
import { GatewayError } from "../gateway-error.ts";
import type { Clocks } from "../snapshot/compiled-route.ts";
import { type FailedAnswer, readText } from "./answer-exchange.ts";
import { type Proof, proofRefused } from "./proof.ts";
import { exchange, type UpstreamRequest } from "./upstream-http.ts";
import type { Upstream } from "./upstream-pools.ts";

export interface WholeAnswer {
  readonly text: string;
  /** By its name in lower case. */
  readonly header: (name: string) => string | undefined;
}

export interface WholeExchange {
  readonly request: UpstreamRequest;
  readonly proof: Proof;
  /** The whole answer has to come within `firstByteMs`. */
  readonly clocks: Pick<Clocks, "connectMs" | "firstByteMs">;
  readonly answerBytesMax: number;
  /** For an answer whose status is not 2xx. */
  readonly errorOfStatus: (failure: FailedAnswer) => GatewayError;
}

/** What is read of an error's body. */
const errorBytesMax = 64 * 1024;

/** @throws GatewayError as Provider.complete. */
export async function wholeExchange(connection: Upstream, asked: WholeExchange, signal: AbortSignal): Promise<WholeAnswer> {
  signal.throwIfAborted();
  const { clocks, proof } = asked;
  const upstream = exchange(connection.pool, asked.request, clocks.connectMs);
  const onAbort = () => upstream.abort(signal.reason);
  signal.addEventListener("abort", onAbort);
  const timer = setTimeout(() => upstream.abort(late(clocks.firstByteMs)), clocks.firstByteMs);
  try {
    const { status, headers } = await upstream.head();
    const header = (name: string) => single(headers[name]);
    if (status >= 200 && status < 300) return { text: await readText(upstream, asked.answerBytesMax, "refuse"), header };
    if (status === 401) proofRefused(connection, proof);
    throw asked.errorOfStatus({
      status,
      body: await readText(upstream, errorBytesMax, "cut"),
      retryAfter: header("retry-after"),
      retryAfterMs: header("retry-after-ms"),
      nowMs: Date.now(),
      credential: proof.secret,
      header,
    });
  } catch (reason) {
    upstream.abort(abandoned);
    if (signal.aborted) throw signal.reason;
    throw reason instanceof GatewayError
      ? reason
      : new GatewayError("UPSTREAM_UNAVAILABLE", "the connection to the backend failed", { cause: reason, anotherBackendMayHelp: true });
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", onAbort);
  }
}

const abandoned = new GatewayError("CANCELLED", "the answer was not needed any more");
const late = (ms: number) =>
  new GatewayError("UPSTREAM_TIMEOUT", `the backend gave no answer within ${ms} ms`, { anotherBackendMayHelp: true });

const single = (value: string | string[] | undefined): string | undefined => (Array.isArray(value) ? value[0] : value);
