/** Tools, their choice, their calls and results. */
import {
  called,
  callId,
  chatTool,
  grpcSaid,
  grpcText,
  grpcTool,
  itemSaid,
  messagesTool,
  png,
  type RequestCase,
  responsesTool,
  said,
  withTools,
} from "./wording.ts";

export const toolsCases: readonly RequestCase[] = [
  {
    field: "tools",
    asked: withTools({ chat: {}, responses: {}, messages: {}, grpc: {} }),
    meaning: ["fn-a", "fn-described", "arg_a", "fn-b"],
  },
  {
    field: "tools, strict",
    asked: {
      chat: { ...said, tools: [chatTool("fn-a", { strict: true })] },
      responses: { ...itemSaid, tools: [responsesTool("fn-a", { strict: true })] },
      messages: { ...said, tools: [messagesTool("fn-a", { strict: true })] },
      grpc: { ...grpcSaid, tools: [grpcTool("fn-a", { strict: true })] },
    },
    meaning: [['"strict":true', '"strict_tools":true', '"parametersJsonSchema"']],
  },
  {
    field: "custom tool",
    asked: {
      chat: { ...said, tools: [{ type: "custom", custom: { name: "custom-a", description: "d" } }] },
      responses: { ...itemSaid, tools: [{ type: "custom", name: "custom-a", description: "d" }] },
      grpc: { ...grpcSaid, tools: [{ custom: { name: "custom-a", description: "d" } }] },
    },
    meaning: ["custom-a"],
  },
  {
    field: "provider's own tool",
    asked: {
      responses: { ...itemSaid, tools: [{ type: "web_search" }] },
      messages: { ...said, tools: [{ type: "web_search_20250305", name: "web_search" }] },
    },
    meaning: ["web_search"],
  },
  {
    field: "examples of a tool's input",
    asked: { messages: { ...said, tools: [messagesTool("fn-a", { input_examples: [{ arg_a: "exampled" }] })] } },
    meaning: ["exampled"],
  },
  {
    field: "tool's member that nobody knows",
    asked: {
      chat: { ...said, tools: [{ ...chatTool("fn-a"), brand_new: "unheard" }] },
      responses: { ...itemSaid, tools: [responsesTool("fn-a", { brand_new: "unheard" })] },
      messages: { ...said, tools: [messagesTool("fn-a", { brand_new: "unheard" })] },
    },
    meaning: ["unheard"],
  },
  {
    field: "tool_choice auto",
    asked: withTools({
      chat: { tool_choice: "auto" },
      responses: { tool_choice: "auto" },
      messages: { tool_choice: { type: "auto" } },
      grpc: { toolChoice: { mode: "TOOL_CHOICE_MODE_AUTO" } },
    }),
    meaning: ["fn-a"],
  },
  {
    field: "tool_choice none",
    asked: withTools({
      chat: { tool_choice: "none" },
      responses: { tool_choice: "none" },
      messages: { tool_choice: { type: "none" } },
      grpc: { toolChoice: { mode: "TOOL_CHOICE_MODE_NONE" } },
    }),
    meaning: [['"none"', '"NONE"', "NO fn-a"]],
  },
  {
    field: "tool_choice required",
    asked: withTools({
      chat: { tool_choice: "required" },
      responses: { tool_choice: "required" },
      messages: { tool_choice: { type: "any" } },
      grpc: { toolChoice: { mode: "TOOL_CHOICE_MODE_REQUIRED" } },
    }),
    meaning: [['"required"', '"any"', '"ANY"', '"REQUIRED"']],
  },
  {
    field: "tool_choice of one function",
    asked: withTools({
      chat: { tool_choice: { type: "function", function: { name: "fn-b" } } },
      responses: { tool_choice: { type: "function", name: "fn-b" } },
      messages: { tool_choice: { type: "tool", name: "fn-b" } },
      grpc: { toolChoice: { functionName: "fn-b" } },
    }),
    meaning: [
      [
        '"tool_choice":{"type":"function","function":{"name":"fn-b"}}',
        '"tool_choice":{"type":"function","name":"fn-b"}',
        '"tool_choice":{"type":"tool","name":"fn-b"}',
        '"allowedFunctionNames":["fn-b"]',
        '"toolChoice":{"tool":{"name":"fn-b"}}',
        '"tool_choice":"REQUIRED"',
      ],
    ],
  },
  {
    field: "tool_choice of several",
    asked: withTools({
      chat: {
        tool_choice: {
          type: "allowed_tools",
          allowed_tools: { mode: "required", tools: [{ type: "function", function: { name: "fn-b" } }] },
        },
      },
      responses: { tool_choice: { type: "allowed_tools", mode: "required", tools: [{ type: "function", name: "fn-b" }] } },
      grpc: { toolChoice: { allowed: { mode: "TOOL_CHOICE_MODE_REQUIRED", functionNames: ["fn-b"] } } },
    }),
    meaning: ["fn-b", ['"allowed_tools"', '"any"', '"allowedFunctionNames"', '"toolChoice":{"tool"', '"REQUIRED"']],
  },
  {
    field: "parallel_tool_calls false",
    asked: withTools({
      chat: { parallel_tool_calls: false },
      responses: { parallel_tool_calls: false },
      messages: { tool_choice: { type: "auto", disable_parallel_tool_use: true } },
      grpc: { parallelToolCalls: false },
    }),
    meaning: [['"parallel_tool_calls":false', '"disable_parallel_tool_use":true']],
  },
  {
    field: "parallel tool calls and their results",
    asked: called({
      chat: { content: "resulted" },
      responses: { output: "resulted" },
      messages: { content: "resulted" },
      grpc: { content: [grpcText("resulted")] },
    }),
    meaning: ["argued", "argued-too", "resulted", "other-result", callId, "abcDEF456"],
  },
  {
    field: "tool result that failed",
    asked: called({
      chat: { content: "resulted", is_error: true },
      messages: { content: "resulted", is_error: true },
      grpc: { content: [grpcText("resulted")], toolFailed: true },
    }),
    meaning: ["resulted", ['"is_error":true', '"status":"error"', '"error":"resulted"', "Error: resulted"]],
  },
  {
    field: "image in a tool result",
    asked: called({
      chat: {
        content: [
          { type: "text", text: "resulted" },
          { type: "image_url", image_url: { url: png } },
        ],
      },
      responses: {
        output: [
          { type: "input_text", text: "resulted" },
          { type: "input_image", image_url: png },
        ],
      },
      messages: {
        content: [
          { type: "text", text: "resulted" },
          { type: "image", source: { type: "base64", media_type: "image/png", data: "iVBORw0K" } },
        ],
      },
      grpc: { content: [grpcText("resulted"), { image: { inline: { data: "iVBORw0K", mediaType: "image/png" } } }] },
    }),
    meaning: ["resulted", "iVBORw0K"],
  },
];
