/**
 * Items that a caller names by their id instead of sending them: `{"type":"item_reference","id"}`. An item's id says which response
 * it is of, so those of the project's stored responses are found and put in their place; no backend is asked to have kept them.
 */
import { GatewayError } from "../../gateway-error.ts";
import { type JsonText, readJsonText, spliced } from "../../pipeline/json-text.ts";
import type { ResponseStore } from "../../pipeline/response-store.ts";
import { isObject, type Json, wrong } from "./fields.ts";
import { storedResponse } from "./stored-responses.ts";

/** A conversation that is sent by references is of so many turns at most. */
const responsesMax = 64;

/** @throws GatewayError RESOURCE_NOT_FOUND, INVALID_ARGUMENT naming the item. */
export async function withReferredItems(json: JsonText, responses: ResponseStore, owner: string): Promise<JsonText> {
  const { input } = json.value;
  if (!Array.isArray(input) || !input.some(isReference)) return json;
  const known = new Map<string, ReadonlyMap<unknown, Json>>();
  const items: unknown[] = [];
  for (const [i, item] of input.entries()) {
    if (!isReference(item)) {
      items.push(item);
      continue;
    }
    const field = `input[${i}]`;
    const response = responseOf(item["id"]);
    if (response === undefined) throw missing(field);
    if (!known.has(response) && known.size >= responsesMax)
      throw wrong(field, `is of more responses than ${responsesMax}; send previous_response_id`);
    const found = known.get(response) ?? (await itemsOf(responses, owner, response, field));
    known.set(response, found);
    const referred = found.get(item["id"]);
    if (referred === undefined) throw missing(field);
    items.push(referred);
  }
  return readJsonText(spliced(json, new Map([["input", JSON.stringify(items)]])));
}

const isReference = (item: unknown): item is Json => isObject(item) && item["type"] === "item_reference";

/** The response's id: items have its digits in theirs. */
function responseOf(id: unknown): string | undefined {
  const digits = typeof id === "string" ? /^[a-z]+_([0-9a-f]{32})/.exec(id)?.[1] : undefined;
  return digits === undefined ? undefined : `resp_${digits}`;
}

async function itemsOf(responses: ResponseStore, owner: string, id: string, field: string): Promise<ReadonlyMap<unknown, Json>> {
  const { input, output } = await storedResponse(responses, owner, id, field).catch((reason: unknown) => {
    throw reason instanceof GatewayError && reason.kind === "RESOURCE_NOT_FOUND" ? missing(field) : reason;
  });
  return new Map([...input, ...output].map((item) => [item["id"], item]));
}

const missing = (field: string) =>
  new GatewayError(
    "RESOURCE_NOT_FOUND",
    `${field} refers to an item of no stored response of this project (they are kept for a day); send the item itself`,
    { field },
  );
