/** Reads the JSON body of an operation: whose model, for whom, and nothing that would steer the call past its route. */
import { GatewayError } from "../gateway-error.ts";
import type { JsonText } from "../pipeline/json-text.ts";
import { refuseSteering } from "./chat-body.ts";

/** @throws GatewayError INVALID_ARGUMENT or UNSUPPORTED_PARAMETER naming the field. */
export function readOperationBody({ value, members }: JsonText): { readonly model: string; readonly endUserId: string } {
  for (const name of members.keys()) refuseSteering(name);
  const { model, user } = value;
  if (typeof model !== "string" || model === "") throw wrongField("model", "must be the name of a model; GET /v1/models lists them");
  if (user !== undefined && user !== null && (typeof user !== "string" || user.length > 512))
    throw wrongField("user", "must be a string of at most 512 characters");
  return { model, endUserId: typeof user === "string" ? user : "" };
}

export const wrongField = (field: string, what: string): GatewayError =>
  new GatewayError("INVALID_ARGUMENT", `${field} ${what}`, { field });

/** @throws GatewayError INVALID_ARGUMENT where the member is there and not as it must be. */
export function checkText(value: Readonly<Record<string, unknown>>, name: string): void {
  if (typeof value[name] !== "string" || value[name] === "") throw wrongField(name, "must be a text");
}

export function checkList(value: Readonly<Record<string, unknown>>, name: string): void {
  const list = value[name];
  if (!Array.isArray(list) || list.length === 0) throw wrongField(name, "must be a list of at least one");
}
