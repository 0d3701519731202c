/** Tools and the choice among them, from the words of responses into those of chat. */
import { isObject, isSaid, type Json, wrong } from "./fields.ts";

/** Those that run at the provider (web search, files, code, MCP) have no word in chat and are named in `unmapped`. */
export function chatTools(tools: unknown): { readonly tools: readonly Json[]; readonly unmapped: readonly string[] } {
  if (!isSaid(tools)) return { tools: [], unmapped: [] };
  if (!Array.isArray(tools)) throw wrong("tools", "must be a list");
  const mapped: Json[] = [];
  const unmapped: string[] = [];
  for (const [i, tool] of tools.entries()) {
    const at = `tools[${i}]`;
    if (!isObject(tool) || typeof tool["type"] !== "string") throw wrong(at, "must be an object with a type");
    if (tool["type"] !== "function" && tool["type"] !== "custom") {
      unmapped.push(at);
      continue;
    }
    const { type, cache_control, ...definition } = tool;
    if (typeof definition["name"] !== "string" || definition["name"] === "") throw wrong(`${at}.name`, "must be a text");
    const said = Object.fromEntries(Object.entries(definition).filter(([, value]) => isSaid(value)));
    mapped.push({ type, [type]: type === "custom" ? customTool(said) : said, ...(isSaid(cache_control) ? { cache_control } : {}) });
  }
  return { tools: mapped, unmapped };
}

/** The grammar of a custom tool stands under its own name in chat. */
function customTool(tool: Json): Json {
  const { format } = tool;
  if (!isObject(format) || format["type"] !== "grammar" || isObject(format["grammar"])) return tool;
  const { type, ...grammar } = format;
  return { ...tool, format: { type, grammar } };
}

export function chatToolChoice(choice: unknown): { readonly choice: unknown; readonly unmapped: readonly string[] } {
  if (!isSaid(choice)) return { choice: undefined, unmapped: [] };
  if (choice === "none" || choice === "auto" || choice === "required") return { choice, unmapped: [] };
  if (!isObject(choice)) throw wrong("tool_choice", "must be none, auto, required or an object");
  const { type, name, mode, tools } = choice;
  if (type === "function" || type === "custom") return { choice: { type, [type]: { name } }, unmapped: [] };
  if (type === "allowed_tools") {
    const allowed = chatTools(tools);
    const named = allowed.tools.map((tool) => ({ type: tool["type"], [String(tool["type"])]: { name: nameOf(tool) } }));
    return { choice: { type, allowed_tools: { mode, tools: named } }, unmapped: allowed.unmapped.map((at) => `tool_choice.${at}`) };
  }
  return { choice: undefined, unmapped: ["tool_choice"] };
}

const nameOf = (tool: Json): unknown => (tool[String(tool["type"])] as Json)["name"];
