/**
 * Writes the answer of an operation: JSON whole, anything else as it comes. Once bytes have gone out a failure can only be told
 * by cutting the connection, which every HTTP client notices.
 */
import type { AnswerText } from "../pipeline/answer-text.ts";
import type { OperationEvent } from "../pipeline/operation-event.ts";
import { answerHeaders, usd } from "./answer-headers.ts";
import type { RestCall } from "./rest-server.ts";
import { drained, streamHeaders } from "./streamed-answer.ts";

/** @param rewrite what the caller gets in the place of the backend's JSON text. */
export async function writeOperation(
  call: RestCall,
  batches: AsyncIterable<readonly OperationEvent[]>,
  rewrite: (text: AnswerText) => AnswerText = (text) => text,
): Promise<void> {
  const { response } = call;
  let headers: Record<string, string> = {};
  let answer: AnswerText | undefined;
  let writeStallMs = 0;
  for await (const batch of batches) {
    for (const event of batch) {
      switch (event.type) {
        case "committed":
          writeStallMs = event.writeStallMs;
          headers = { ...answerHeaders(event.facts), "x-request-id": call.requestId, "x-penstock-call-id": call.callId };
          break;
        case "operation-started":
          if (event.contentType.includes("text/event-stream")) Object.assign(headers, streamHeaders);
          else headers["content-type"] = event.contentType || "application/octet-stream";
          if (event.contentDisposition !== "") headers["content-disposition"] = event.contentDisposition;
          break;
        case "operation-answer":
          answer = rewrite(event.text);
          if (event.estimated === true) headers["x-penstock-estimated"] = "true";
          break;
        case "operation-bytes": {
          if (!response.headersSent) response.writeHead(200, headers);
          let open = true;
          for (const chunk of event.chunks) open = response.write(chunk);
          if (!open) await drained(call, writeStallMs);
          break;
        }
        case "operation-usage":
          break;
        case "finished":
          if (event.report.costNanodollars !== undefined) headers["x-penstock-cost-usd"] = usd(event.report.costNanodollars);
          break;
        default:
          event satisfies never;
      }
    }
  }
  if (answer === undefined) response.end();
  else writeWhole(call, answer, headers);
}

/** In the pieces that it came in. */
function writeWhole({ response, receivedAtMs }: RestCall, answer: AnswerText, headers: Readonly<Record<string, string>>): void {
  response.writeHead(200, {
    ...headers,
    "openai-processing-ms": String(Date.now() - receivedAtMs),
    "content-type": "application/json",
    "content-length": answer.length,
  });
  response.cork();
  for (const piece of answer.pieces) response.write(piece);
  response.end();
}
