/**
 * The lines of a batch's input on their way to the provider: each names a model, and gets the one that the caller's route has at
 * that provider. So a batch calls nothing that its key may not call. Line by line; the file is never held.
 */
import { StringDecoder } from "node:string_decoder";
import { GatewayError } from "../../gateway-error.ts";
import { type JsonText, readJsonText, spliced } from "../../pipeline/json-text.ts";
import { refuseSteering } from "../chat-body.ts";

/** As of a body that is sent by itself, in characters. */
const lineLengthMax = 10 * 1024 * 1024;

/** @param modelAt the provider's name for a route. What it throws ends the upload, with the line's number. */
export async function* batchLines(
  content: AsyncIterable<Uint8Array>,
  modelAt: (route: string) => string,
): AsyncGenerator<Uint8Array, void> {
  const decoder = new StringDecoder("utf8");
  let rest = "";
  let number = 0;
  const written = (line: string): Buffer => {
    number++;
    return Buffer.from(line.trim() === "" ? `${line}\n` : `${lineFor(line, number, modelAt)}\n`);
  };
  for await (const chunk of content) {
    const lines = (rest + decoder.write(Buffer.from(chunk))).split("\n");
    rest = lines.pop() ?? "";
    if (rest.length > lineLengthMax) throw wrongLine(number + 1, `is longer than ${lineLengthMax} characters`);
    if (lines.length > 0) yield Buffer.concat(lines.map(written));
  }
  rest += decoder.end();
  if (rest !== "") yield written(rest);
}

function lineFor(line: string, number: number, modelAt: (route: string) => string): string {
  try {
    const outer = readJsonText(line);
    const span = outer.members.get("body");
    if (span === undefined) throw new GatewayError("INVALID_ARGUMENT", "has no body", { field: "body" });
    const body: JsonText = readJsonText(outer.text.slice(span.start, span.end));
    for (const name of body.members.keys()) refuseSteering(name);
    const { model } = body.value;
    if (typeof model !== "string") throw new GatewayError("INVALID_ARGUMENT", "names no model", { field: "body.model" });
    const named = spliced(body, new Map([["model", JSON.stringify(modelAt(model))]]));
    return spliced(outer, new Map([["body", named]])).replaceAll("\n", " ");
  } catch (reason) {
    const error = GatewayError.from(reason);
    throw new GatewayError(error.kind, `line ${number}: ${error.message}`, { ...error.details, field: "file" });
  }
}

const wrongLine = (number: number, what: string) => new GatewayError("INVALID_ARGUMENT", `line ${number} ${what}`, { field: "file" });
