/**
 * `POST /v1/responses`: reads OpenAI's newer dialect into a CompletionRequest and writes the answer in it, streamed as named
 * events with sequence numbers, or whole. Stored responses are kept here and not at a backend, which may be another one next time.
 *
 * As in openai-chat.ts the 200 waits for the commit point; what fails after it is told as `response.failed`.
 */
import type { Caller } from "../../pipeline/authenticate.ts";
import { type CompletionDependencies, complete } from "../../pipeline/completion.ts";
import type { CompletionEvent } from "../../pipeline/completion-event.ts";
import type { CompletionRequest } from "../../pipeline/completion-request.ts";
import { jsonTextOf, readJsonText } from "../../pipeline/json-text.ts";
import { resolveRoute } from "../../pipeline/resolve-route.ts";
import type { ResponseStore } from "../../pipeline/response-store.ts";
import { readSnapshot } from "../../snapshot/snapshot-source.ts";
import { answerHeaders, usd } from "../answer-headers.ts";
import { knownCaller } from "../known-caller.ts";
import { type RestCall, type RestEndpoint, readBody, sendJson, simulationHeaders } from "../rest-server.ts";
import { commentHeartbeat, type StreamedDialect, streamAnswer } from "../streamed-answer.ts";
import { type NamedEvent, type ResponseAnswer, responseAnswer } from "./answer.ts";
import type { BackgroundResponses } from "./background-responses.ts";
import { responseField } from "./field-names.ts";
import { isSaid, type Json, wrong } from "./fields.ts";
import { followedBatches } from "./followed-batches.ts";
import { withReferredItems } from "./referred-items.ts";
import { type ResponseRequest, readResponseBody } from "./request-body.ts";
import { isUnderWay, keptItems, storedResponse } from "./stored-responses.ts";

export interface ResponseDependencies extends CompletionDependencies {
  readonly responses: ResponseStore;
  readonly background: BackgroundResponses;
}

export function openaiResponses(dependencies: ResponseDependencies): RestEndpoint {
  return async (call) => {
    const caller = knownCaller(dependencies, call);
    const read = caller === undefined ? unread : await readRequest(call, dependencies.responses, caller.projectId);
    const idTag = call.callId.replaceAll("-", "");
    const answer = responseAnswer(read, idTag);
    if (caller !== undefined && read.asked["background"] === true) return await serveBackground(call, read, caller, answer, dependencies);
    const batches = complete(completionRequest(call, read), dependencies, call);
    const store = async (): Promise<boolean> => {
      if (!read.store || caller === undefined) return false;
      const response = answer.response();
      const record = { response, input: keptItems(read.input, idTag), output: answer.outputForStoring() };
      return await dependencies.responses.put(caller.projectId, String(response["id"]), JSON.stringify(record));
    };
    if (read.stream) await streamAnswer(call, batches, responseStream(answer, store));
    else await writeWhole(call, batches, answer, store);
  };
}

/** Answers as soon as the response is kept; what the model says comes later, or as a stream that it outlives. */
async function serveBackground(
  call: RestCall,
  read: ResponseRequest,
  caller: Caller,
  answer: ResponseAnswer,
  dependencies: ResponseDependencies,
): Promise<void> {
  // Told at once, as everything that only the caller can mend.
  resolveRoute(readSnapshot(dependencies.snapshot), caller, read.model);
  const idTag = call.callId.replaceAll("-", "");
  const input = keptItems(read.input, idTag);
  const follower = read.stream ? followedBatches() : undefined;
  let response = answer.unfinished("queued");
  let output: readonly Json[] = [];
  const { over } = await dependencies.background.start({
    owner: caller.projectId,
    id: String(response["id"]),
    record: () => ({ response, input, output }),
    async make(lifetime, changed) {
      response = answer.unfinished("in_progress");
      changed();
      for await (const batch of complete(completionRequest(call, read), dependencies, lifetime)) {
        for (const event of batch) answer.add(event);
        follower?.push(batch);
      }
      response = answer.response();
      output = answer.outputForStoring();
    },
    failed(error, cancelled) {
      response = answer.unfinished(cancelled ? "cancelled" : "failed", cancelled ? undefined : error);
      output = [];
      follower?.fail(error);
    },
  });
  if (follower === undefined) return sendJson(call, 200, JSON.stringify(response));
  void over.finally(() => follower.end());
  await streamAnswer(
    call,
    follower.batches(call.signal),
    responseStream(responseAnswer(read, idTag), async () => true),
  );
}

async function readRequest(call: RestCall, responses: ResponseStore, owner: string): Promise<ResponseRequest> {
  const json = await withReferredItems(readJsonText(await readBody(call)), responses, owner);
  const previous = json.value["previous_response_id"];
  if (!isSaid(previous)) return readResponseBody(json, []);
  if (typeof previous !== "string" || previous === "") throw wrong("previous_response_id", "must be the id of a stored response");
  const stored = await storedResponse(responses, owner, previous, "previous_response_id");
  if (isUnderWay(stored)) throw wrong("previous_response_id", "is still being made; wait until its status is completed");
  const { input, output } = stored;
  return readResponseBody(json, [...input, ...output]);
}

/** For a caller that nobody knows: the conductor refuses it, and by that it is counted. */
const unread: ResponseRequest = {
  model: "",
  stream: false,
  prompt: undefined,
  endUserId: "",
  metadata: {},
  reasoningSigners: [],
  body: jsonTextOf({}),
  nativeBody: jsonTextOf({}),
  unmapped: [],
  hints: [],
  asked: {},
  input: [],
  earlierItems: 0,
  store: false,
};

const completionRequest = (call: RestCall, read: ResponseRequest): CompletionRequest => ({
  ingress: "openai-responses",
  callId: call.callId,
  requestId: call.requestId,
  receivedAtMs: call.receivedAtMs,
  credential: call.credential,
  model: read.model,
  stream: read.stream,
  body: read.body,
  native: { body: read.nativeBody, headers: {}, unmapped: read.unmapped, hints: read.hints },
  reasoningSigners: read.reasoningSigners,
  callerField: (field) => responseField(read, field),
  prompt: read.prompt,
  stored: read.store,
  endUserId: read.endUserId,
  sessionId: call.sessionId,
  tags: { ...read.metadata, ...call.tags },
  callerHeader: call.header,
  simulation: simulationHeaders(call),
});

type Batches = AsyncIterable<readonly CompletionEvent[]>;
type Store = () => Promise<boolean>;

async function writeWhole(call: RestCall, batches: Batches, answer: ResponseAnswer, store: Store): Promise<void> {
  let headers: Record<string, string> = {};
  for await (const batch of batches) {
    for (const event of batch) {
      if (event.type === "committed") headers = answerHeaders(event.facts);
      answer.add(event);
      if (event.type === "finished" && event.report.costNanodollars !== undefined)
        headers["x-penstock-cost-usd"] = usd(event.report.costNanodollars);
    }
  }
  const stored = await store();
  headers["openai-processing-ms"] = String(Date.now() - call.receivedAtMs);
  sendJson(call, 200, JSON.stringify({ ...answer.response(), store: stored }), headers);
}

const responseStream = (answer: ResponseAnswer, store: Store): StreamedDialect => ({
  text: (events) => {
    let text = "";
    for (const event of events) if (event.type !== "committed") text += textOf(answer.add(event));
    return text;
  },
  // Kept before the caller can ask for it.
  end: async () => textOf(answer.finish(await store())),
  failure: (error) => textOf(answer.fail(error)),
  heartbeat: commentHeartbeat,
});

const textOf = (events: readonly NamedEvent[]): string => events.map(({ name, data }) => `event: ${name}\ndata: ${data}\n\n`).join("");
