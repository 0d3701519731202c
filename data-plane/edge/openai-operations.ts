/**
 * The endpoints of OpenAI's API that are not completions and keep nothing: embeddings, moderations, ranking, speech, images.
 * Each is one row: where it is, what its body must have, and what it uses where the backend does not say.
 */
import type { AnswerText } from "../pipeline/answer-text.ts";
import { jsonTextOf, readJsonText } from "../pipeline/json-text.ts";
import { type OperationDependencies, operate } from "../pipeline/operation.ts";
import type { OperationBody, OperationRequest } from "../pipeline/operation-request.ts";
import { checkEmbeddingBody, inEncoding } from "./embedding-body.ts";
import { isKnown } from "./known-caller.ts";
import { openMultipart, readMultipart } from "./multipart-body.ts";
import { writeOperation } from "./operation-answer.ts";
import { checkList, checkText, readOperationBody, wrongField } from "./operation-body.ts";
import { type RestCall, type RestEndpoints, readBody, simulationHeaders } from "./rest-server.ts";

type Json = Readonly<Record<string, unknown>>;

interface Row {
  /** Below /v1, here and at the backend. */
  readonly path: string;
  readonly takes: "json" | "multipart" | "either";
  readonly unsaidUsage: OperationRequest["unsaidUsage"];
  /** @throws GatewayError INVALID_ARGUMENT naming the field. */
  readonly check?: (body: Json) => void;
  readonly rewrite?: (text: AnswerText, asked: Json) => AnswerText;
}

const rows: readonly Row[] = [
  {
    path: "/embeddings",
    takes: "json",
    unsaidUsage: "input",
    check: checkEmbeddingBody,
    rewrite: (text, asked) => inEncoding(text, asked["encoding_format"]),
  },
  {
    path: "/moderations",
    takes: "json",
    unsaidUsage: "input",
    check: ({ input }) => {
      if (typeof input !== "string" && !(Array.isArray(input) && input.length > 0)) throw wrongField("input", "must be a text or a list");
    },
  },
  {
    path: "/rerank",
    takes: "json",
    unsaidUsage: "input",
    check: (body) => {
      checkText(body, "query");
      checkList(body, "documents");
    },
  },
  { path: "/audio/speech", takes: "json", unsaidUsage: "unknown", check: (body) => checkText(body, "input") },
  { path: "/audio/transcriptions", takes: "multipart", unsaidUsage: "unknown" },
  { path: "/audio/translations", takes: "multipart", unsaidUsage: "unknown" },
  { path: "/images/generations", takes: "json", unsaidUsage: "unknown", check: (body) => checkText(body, "prompt") },
  { path: "/images/edits", takes: "either", unsaidUsage: "unknown" },
  { path: "/images/variations", takes: "multipart", unsaidUsage: "unknown" },
];

export const openaiOperations = (dependencies: OperationDependencies): RestEndpoints =>
  rows.map((row) => ({ method: "POST", path: `/v1${row.path}`, serve: (call) => serve(row, dependencies, call) }));

async function serve(row: Row, dependencies: OperationDependencies, call: RestCall): Promise<void> {
  if (!isKnown(dependencies, call) || !takesForm(row, call)) {
    const read = isKnown(dependencies, call) ? await readJsonCall(row, call) : unread;
    return answer(row, dependencies, call, read);
  }
  const form = openMultipart(call);
  try {
    await answer(row, dependencies, call, { ...unread, ...(await readMultipart(form)) });
  } finally {
    await form.close();
  }
}

async function answer(row: Row, dependencies: OperationDependencies, call: RestCall, read: ReadCall): Promise<void> {
  const { model, endUserId, stream, asked, body } = read;
  const request: OperationRequest = {
    ...operationRequest(call, row.path),
    model,
    endUserId,
    stream,
    target: { case: "route" },
    body,
    unsaidUsage: row.unsaidUsage,
  };
  const { rewrite } = row;
  await writeOperation(call, operate(request, dependencies, call), rewrite === undefined ? undefined : (text) => rewrite(text, asked));
}

interface ReadCall {
  readonly model: string;
  readonly endUserId: string;
  readonly stream: boolean;
  readonly asked: Json;
  readonly body: OperationBody;
}

/** For a caller that nobody knows: the conductor refuses it, and by that it is counted. */
const unread: ReadCall = { model: "", endUserId: "", stream: false, asked: {}, body: { case: "json", json: jsonTextOf({}) } };

const takesForm = ({ takes }: Row, { request }: RestCall): boolean =>
  takes === "multipart" || (takes === "either" && /^multipart\/form-data\b/i.test(request.headers["content-type"] ?? ""));

async function readJsonCall(row: Row, call: RestCall): Promise<ReadCall> {
  const json = readJsonText(await readBody(call));
  const { model, endUserId } = readOperationBody(json);
  row.check?.(json.value);
  const stream = json.value["stream"] === true || json.value["stream_format"] === "sse";
  return { model, endUserId, stream, asked: json.value, body: { case: "json", json } };
}

/** What every operation over REST has in common. */
export const operationRequest = (call: RestCall, path: string) => ({
  ingress: `openai${path.replaceAll("/", "-")}`,
  callId: call.callId,
  requestId: call.requestId,
  receivedAtMs: call.receivedAtMs,
  credential: call.credential,
  sessionId: call.sessionId,
  tags: call.tags,
  callerHeader: call.header,
  simulation: simulationHeaders(call),
  method: "POST" as const,
  path,
  answer: "read" as const,
});
