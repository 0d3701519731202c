/**
 * Operations at backends that have other words for them than OpenAI: embeddings and ranking. What one call asks for may be several
 * of the backend's, which takes so many texts at a time; they run a few at once, and one answer in OpenAI's words is made of theirs.
 */
import { GatewayError } from "../gateway-error.ts";
import { AnswerText } from "../pipeline/answer-text.ts";
import type { TokenUsage } from "../pipeline/completion-event.ts";
import type { OperationCall, OperationProvider } from "../pipeline/operation.ts";
import type { OperationAnswerEvent } from "../pipeline/operation-event.ts";
import { type FailedAnswer, protocolError, type UpstreamRequest } from "./answer-exchange.ts";
import type { Json } from "./common-form.ts";
import { type KeyHeader, proofOf } from "./proof.ts";
import type { UpstreamPools } from "./upstream-pools.ts";
import { type WholeAnswer, wholeExchange } from "./whole-exchange.ts";

export interface OperationDialect {
  /** By the path of OpenAI's endpoint: "/embeddings". */
  readonly operations: Readonly<Record<string, MappedOperation>>;
  readonly keyHeader: KeyHeader;
  sign?(request: UpstreamRequest, call: OperationCall, secret: string | undefined): Promise<UpstreamRequest>;
  /** For an answer whose status is not 2xx. */
  errorOfStatus(failure: FailedAnswer): GatewayError;
}

/** Pure, both ways. */
export interface MappedOperation {
  /** What is asked of the backend, in the order of the caller's texts; at least one. @throws GatewayError naming the field. */
  requests(call: OperationCall, pathPrefix: string): readonly PartRequest[];
  /** @param parts one for each request. @throws GatewayError UPSTREAM_PROTOCOL. */
  answer(call: OperationCall, parts: readonly PartAnswer[]): MappedAnswer;
}

export interface PartRequest {
  readonly path: string;
  readonly body: Json;
}

export interface PartAnswer {
  readonly json: Json;
  /** By its name in lower case. */
  readonly header: WholeAnswer["header"];
}

export interface MappedAnswer {
  /** In OpenAI's words. */
  readonly body: Json;
  /** undefined: the backend did not say. */
  readonly usage: TokenUsage | undefined;
}

/** Of one part: 250 vectors of 3072 numbers as text are some 16 MB. */
const partBytesMax = 64 * 1024 * 1024;
/** A call has one place at its backend, so its parts must not be a crowd. */
const partsAtOnce = 4;

export const mappedOperations = (pools: UpstreamPools, dialect: OperationDialect): OperationProvider => ({
  keepsFiles: false,
  async *operate(call, signal) {
    const operation = dialect.operations[call.request.path];
    if (operation === undefined) throw notThere(call.backend.provider.kind);
    const connection = pools.of(call.backend.provider);
    const requests = operation.requests(call, connection.pathPrefix);
    const ask = async (part: PartRequest, partSignal: AbortSignal): Promise<PartAnswer> => {
      const proof = await proofOf(connection, call.backend.provider, dialect.keyHeader);
      const plain = { path: part.path, headers: headersOf(call, proof.headers), body: JSON.stringify(part.body) };
      const request = dialect.sign === undefined ? plain : await dialect.sign(plain, call, proof.secret);
      const { clocks } = call;
      const asked = { request, proof, clocks, answerBytesMax: partBytesMax, errorOfStatus: dialect.errorOfStatus };
      const { text, header } = await wholeExchange(connection, asked, partSignal);
      return { json: parsed(text), header };
    };
    const { body, usage } = operation.answer(call, await inOrder(requests, ask, signal));
    const events: OperationAnswerEvent[] = [
      { type: "operation-started", contentType: "application/json", contentDisposition: "" },
      {
        type: "operation-answer",
        text: AnswerText.of(JSON.stringify({ ...body, model: call.request.model })),
        servedModel: call.backend.model,
      },
    ];
    if (usage !== undefined) events.push({ type: "operation-usage", usage });
    yield { events, bearsContent: true };
  },
});

const notThere = (kind: string) =>
  new GatewayError("UNSUPPORTED_ENDPOINT", `providers of the kind "${kind}" serve nothing like this; call a route over another kind`, {
    anotherBackendMayHelp: true,
  });

/** By doubles, which is what vectors are: keeping each digit of a number, as between two dialects of chat, would cost a call each. */
function parsed(text: string): Json {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Json;
  } catch {
    // Told below.
  }
  throw protocolError("an answer that is not a JSON object");
}

const headersOf = ({ request }: OperationCall, proof: readonly string[]): string[] => [
  "content-type",
  "application/json",
  "accept",
  "application/json",
  "accept-encoding",
  "identity",
  "x-request-id",
  request.callId,
  ...proof,
];

/** The answers in the order of the requests. The first that fails ends the others. */
async function inOrder(
  requests: readonly PartRequest[],
  ask: (part: PartRequest, signal: AbortSignal) => Promise<PartAnswer>,
  signal: AbortSignal,
): Promise<readonly PartAnswer[]> {
  const answers: PartAnswer[] = [];
  const ending = new AbortController();
  const onAbort = () => ending.abort(signal.reason);
  signal.addEventListener("abort", onAbort);
  if (signal.aborted) onAbort();
  let next = 0;
  const worker = async () => {
    for (let i = next++; i < requests.length; i = next++) answers[i] = await ask(requests[i] as PartRequest, ending.signal);
  };
  const workers = Array.from({ length: Math.min(partsAtOnce, requests.length) }, worker);
  try {
    await Promise.all(workers);
    return answers;
  } catch (reason) {
    ending.abort(reason);
    await Promise.allSettled(workers);
    throw reason;
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
