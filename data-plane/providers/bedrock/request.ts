/**
 * Writes the request that Converse and ConverseStream get. Pure. Each member of the common form is mapped, or said to have no place
 * here; what only a family of models knows goes in `additionalModelRequestFields`.
 *
 * Source: docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html.
 */
import { thinkingOf } from "../anthropic/thinking.ts";
import {
  asksForMore,
  type CannotCarry,
  commonBody,
  functionToolsOf,
  isSaid,
  type Json,
  listOf,
  numberOf,
  objectOf,
  outputBoundOf,
  reasoningAskedOf,
  responseFormatOf,
  stopsOf,
  tellUncarried,
  tellUnknownMembers,
  toolChoiceOf,
} from "../common-form.ts";
import type { ProviderCall } from "../provider.ts";
import { cachePoint, conversationOf } from "./content.ts";

/** What is mapped below. */
const known = new Set([
  "max_tokens",
  "max_completion_tokens",
  "temperature",
  "top_p",
  "top_k",
  "stop",
  "response_format",
  "reasoning_effort",
  "reasoning",
  "tools",
  "tool_choice",
  "parallel_tool_calls",
  "service_tier",
  "guardrail_config",
]);

export function requestBody(call: ProviderCall): string {
  const body = commonBody(call);
  const { cannotCarry } = call;
  tellUncarried(body, known, cannotCarry);
  tellUnknownMembers(body, cannotCarry);
  const { system, messages } = conversationOf(listOf(body["messages"]), call);
  const callsBefore = messages.some(({ content }) => content.some((block) => "toolUse" in block));
  const additional = additionalFields(body, call);
  const inference = inferenceConfig(body, cannotCarry, additional.thinkingTokens);
  const tools = toolConfig(body, callsBefore, cannotCarry);
  const output = outputConfig(body, cannotCarry);
  const stops = stopsOf(body).length > 0 && isClaude(call);
  return JSON.stringify({
    messages,
    ...(system.length === 0 ? {} : { system }),
    ...(Object.keys(inference).length === 0 ? {} : { inferenceConfig: inference }),
    ...(tools === undefined ? {} : { toolConfig: tools }),
    ...(output === undefined ? {} : { outputConfig: output }),
    ...(Object.keys(additional.fields).length === 0 ? {} : { additionalModelRequestFields: additional.fields }),
    // Which of the stop sequences it was, is said only where it is asked for.
    ...(stops ? { additionalModelResponseFieldPaths: ["/stop_sequence"] } : {}),
    ...serviceTier(body["service_tier"], cannotCarry),
    ...(isSaid(body["guardrail_config"]) ? { guardrailConfig: body["guardrail_config"] } : {}),
  });
}

/** An ARN holds slashes and colons, and is one segment all the same. */
export const requestPath = (pathPrefix: string, { backend, request }: Pick<ProviderCall, "backend" | "request">): string =>
  `${pathPrefix}/model/${encodeURIComponent(backend.model)}/${request.stream ? "converse-stream" : "converse"}`;

/** For models that are not spoken to in Converse's words. */
export const invokePath = (pathPrefix: string, model: string): string => `${pathPrefix}/model/${encodeURIComponent(model)}/invoke`;

const isClaude = ({ backend }: Pick<ProviderCall, "backend">): boolean => /claude|anthropic/i.test(backend.model);

function inferenceConfig(body: Json, cannotCarry: CannotCarry, thinkingTokens: number): Json {
  const temperature = numberOf(body["temperature"]);
  // 0 to 1 here, 0 to 2 in the common form: half of another scale would be another temperature.
  if (temperature !== undefined && temperature > 1) cannotCarry("temperature");
  const stops = stopsOf(body);
  const bound = outputBoundOf(body);
  const config: Record<string, unknown> = {
    // Without a bound the model's own holds, unless thinking would take all of it.
    maxTokens: bound ?? (thinkingTokens > 0 ? thinkingTokens + 4096 : undefined),
    temperature: temperature !== undefined && temperature > 1 ? undefined : temperature,
    topP: numberOf(body["top_p"]),
    stopSequences: stops.length === 0 ? undefined : stops,
  };
  return Object.fromEntries(Object.entries(config).filter(([, value]) => value !== undefined));
}

/** @returns also how many tokens of the answer's bound are for thinking. */
function additionalFields(body: Json, call: ProviderCall): { readonly fields: Json; readonly thinkingTokens: number } {
  const { backend, cannotCarry } = call;
  const { model } = backend;
  const fields: Record<string, unknown> = {};
  let thinkingTokens = 0;
  const topK = numberOf(body["top_k"]);
  if (topK !== undefined) {
    if (/\bnova-/.test(model)) fields["inferenceConfig"] = { topK };
    else fields["top_k"] = topK;
  }
  const asked = reasoningAskedOf(body);
  if (asked !== undefined) {
    if (isClaude(call)) {
      const said = { effort: body["reasoning_effort"] ?? undefined, reasoning: objectOf(body["reasoning"]) };
      const thinking = thinkingOf(said, model, outputBoundOf(body));
      if (thinking === undefined) cannotCarry(asked.field);
      if (thinking?.thinking !== undefined) fields["thinking"] = thinking.thinking;
      if (thinking?.effort !== undefined) fields["output_config"] = { effort: thinking.effort };
      thinkingTokens = thinking?.budget ?? 0;
    } else if (/gpt-oss/.test(model) && asked.effort !== undefined) fields["reasoning_effort"] = asked.effort;
    else if (/\bnova-2/.test(model) && asked.effort !== undefined)
      fields["reasoningConfig"] =
        asked.effort === "none"
          ? { type: "disabled" }
          : { type: "enabled", maxReasoningEffort: asked.effort === "minimal" ? "low" : asked.effort };
    else if (asksForMore(asked)) cannotCarry(asked.field, asked.enabled === false ? "hint" : undefined);
  }
  return { fields, thinkingTokens };
}

function toolConfig(body: Json, callsBefore: boolean, cannotCarry: CannotCarry): Json | undefined {
  const offered = functionToolsOf(body, cannotCarry);
  const { mode, names, understood } = toolChoiceOf(body);
  if (!understood) cannotCarry("tool_choice");
  if (offered.length === 0) return undefined;
  if (body["parallel_tool_calls"] === false) cannotCarry("parallel_tool_calls");
  if (mode === "none") {
    // Calls that were made may only be told of together with their tools, and then nothing forbids another.
    if (callsBefore) cannotCarry("tool_choice");
    else return undefined;
  }
  const tools = offered
    .filter(({ name }) => names === undefined || names.includes(name))
    .flatMap(({ name, description, parameters, strict, tool }): Json[] => [
      {
        toolSpec: {
          name,
          ...(description === undefined || description === "" ? {} : { description }),
          inputSchema: { json: { type: "object", ...parameters } },
          ...(strict === true ? { strict } : {}),
        },
      },
      ...cachePoint(tool),
    ]);
  if (mode !== "required") return { tools, ...(mode === "auto" ? { toolChoice: { auto: {} } } : {}) };
  return { tools, toolChoice: names?.length === 1 ? { tool: { name: names[0] } } : { any: {} } };
}

function outputConfig(body: Json, cannotCarry: CannotCarry): Json | undefined {
  const format = responseFormatOf(body);
  if (format.type === "json" || format.type === "other") cannotCarry("response_format");
  if (format.type !== "schema") return undefined;
  const { name, description, schema } = format;
  return {
    textFormat: {
      type: "json_schema",
      structure: {
        jsonSchema: {
          schema: JSON.stringify(schema),
          ...(name === "" ? {} : { name }),
          ...(description === undefined ? {} : { description }),
        },
      },
    },
  };
}

function serviceTier(tier: unknown, cannotCarry: CannotCarry): Json {
  if (!isSaid(tier) || tier === "auto" || tier === "default") return {};
  if (tier === "priority" || tier === "flex" || tier === "reserved") return { serviceTier: { type: tier } };
  cannotCarry("service_tier");
  return {};
}
