/** What is asked of the provider beside the answer, and members that nobody knows. */
import {
  chatTool,
  everywhere,
  grpcSaid,
  grpcText,
  grpcTool,
  itemSaid,
  messagesTool,
  parts,
  prompted,
  type RequestCase,
  said,
  user,
} from "./wording.ts";

export const serviceCases: readonly RequestCase[] = [
  {
    field: "caching hint on a part",
    asked: parts({
      chat: [{ type: "text", text: "x", cache_control: { type: "ephemeral" } }],
      messages: [{ type: "text", text: "x", cache_control: { type: "ephemeral" } }],
      grpc: [{ ...grpcText("x"), cacheHint: {} }],
    }),
    meaning: [['"ephemeral"', '"cachePoint"']],
  },
  {
    field: "caching hint on a tool",
    asked: {
      chat: { ...said, tools: [{ ...chatTool("fn-a"), cache_control: { type: "ephemeral" } }] },
      messages: { ...said, tools: [messagesTool("fn-a", { cache_control: { type: "ephemeral" } })] },
      grpc: { ...grpcSaid, tools: [{ ...grpcTool("fn-a"), cacheHint: {} }] },
    },
    meaning: [['"ephemeral"', '"cachePoint"']],
  },
  {
    field: "caching hint on the whole",
    asked: {
      chat: { ...said, cache_control: { type: "ephemeral" } },
      messages: { ...said, cache_control: { type: "ephemeral" } },
      grpc: { ...grpcSaid, cacheHint: {} },
    },
    meaning: [['"ephemeral"', '"cachePoint"']],
  },
  {
    field: "prompt_cache_key",
    asked: {
      chat: { ...said, prompt_cache_key: "k" },
      responses: { ...itemSaid, prompt_cache_key: "k" },
      grpc: { ...grpcSaid, promptCacheKey: "k" },
    },
    meaning: ['"prompt_cache_key":'],
  },
  {
    field: "service tier flex",
    asked: {
      chat: { ...said, service_tier: "flex" },
      responses: { ...itemSaid, service_tier: "flex" },
      grpc: { ...grpcSaid, serviceTier: "flex" },
    },
    meaning: ['"flex"'],
  },
  {
    field: "service tier standard_only",
    asked: { messages: { ...said, service_tier: "standard_only" } },
    meaning: [['"standard_only"', '"service_tier":"default"', "NO service"]],
  },
  {
    field: "end-user id",
    asked: {
      chat: { ...said, user: "user-1" },
      responses: { ...itemSaid, user: "user-1" },
      messages: { ...said, metadata: { user_id: "user-1" } },
      completions: { ...prompted, user: "user-1" },
      grpc: { ...grpcSaid, endUserId: "user-1" },
    },
    meaning: ["user-1"],
    ours: true,
  },
  {
    field: "metadata",
    asked: {
      chat: { ...said, metadata: { a: "meta-1" } },
      responses: { ...itemSaid, metadata: { a: "meta-1" } },
      grpc: { ...grpcSaid, metadata: { a: "meta-1" } },
    },
    meaning: ["meta-1"],
    ours: true,
  },
  {
    field: "metadata beside the user's id",
    asked: { messages: { ...said, metadata: { user_id: "user-1", brand_new: "unheard" } } },
    meaning: ["unheard"],
  },
  {
    field: "store",
    asked: { chat: { ...said, store: true }, grpc: { ...grpcSaid, store: true } },
    meaning: ['"store":true'],
  },
  {
    field: "store (responses)",
    asked: { responses: { ...itemSaid, store: true } },
    meaning: ['"store":true'],
    ours: true,
  },
  {
    field: "verbosity",
    asked: {
      chat: { ...said, verbosity: "low" },
      responses: { ...itemSaid, text: { verbosity: "low" } },
      grpc: { ...grpcSaid, verbosity: "low" },
    },
    meaning: ['"verbosity":"low"'],
  },
  {
    field: "spoken answer",
    asked: {
      chat: { ...said, modalities: ["text", "audio"], audio: { voice: "Kore", format: "pcm16" } },
      grpc: { ...grpcSaid, modalities: ["text", "audio"], audioOutput: { voice: "Kore", format: "pcm16" } },
    },
    meaning: ["Kore"],
  },
  {
    field: "prediction",
    asked: {
      chat: { ...said, prediction: { type: "content", content: "predicted" } },
      grpc: { ...grpcSaid, predictedContent: "predicted" },
    },
    meaning: ["predicted"],
  },
  {
    field: "web_search_options",
    asked: { chat: { ...said, web_search_options: {} }, grpc: { ...grpcSaid, webSearchOptions: {} } },
    meaning: [["web_search_options", "googleSearch"]],
  },
  { field: "truncation auto", asked: { responses: { ...itemSaid, truncation: "auto" } }, meaning: ['"truncation":"auto"'] },
  { field: "max_tool_calls", asked: { responses: { ...itemSaid, max_tool_calls: 17 } }, meaning: ["17"] },
  {
    field: "include of a provider's tool",
    asked: { responses: { ...itemSaid, include: ["web_search_call.action.sources"] } },
    meaning: ["web_search_call.action.sources"],
  },
  {
    field: "item of a provider's tool",
    asked: {
      responses: {
        input: [user, { type: "web_search_call", id: "ws_1", status: "completed", action: { type: "search", query: "searched-so" } }],
      },
    },
    meaning: ["searched-so"],
  },
  {
    field: "context_management",
    asked: { messages: { ...said, context_management: { edits: [{ type: "clear_tool_uses_20250919" }] } } },
    meaning: ["clear_tool_uses"],
  },
  {
    field: "mcp_servers",
    asked: { messages: { ...said, mcp_servers: [{ type: "url", url: "https://example.org/mcp", name: "m" }] } },
    meaning: ["https://example.org/mcp"],
  },
  {
    field: "output_config's member that nobody knows",
    asked: { messages: { ...said, output_config: { brand_new: "unheard" } } },
    meaning: ["unheard"],
  },
  {
    field: "thinking's member that nobody knows",
    asked: { messages: { ...said, max_tokens: 9000, thinking: { type: "enabled", budget_tokens: 2000, brand_new: "unheard" } } },
    meaning: ["unheard"],
  },
  { field: "text's member that nobody knows", asked: { responses: { ...itemSaid, text: { brand_new: "unheard" } } }, meaning: ["unheard"] },
  {
    field: "reasoning's member that nobody knows",
    asked: { chat: { ...said, reasoning: { brand_new: "unheard" } }, responses: { ...itemSaid, reasoning: { brand_new: "unheard" } } },
    meaning: ["unheard"],
  },
  {
    field: "message's member that nobody knows",
    asked: {
      chat: { messages: [{ ...user, brand_new: "unheard" }] },
      responses: { input: [{ ...user, brand_new: "unheard" }] },
      messages: { messages: [{ ...user, brand_new: "unheard" }] },
    },
    meaning: ["unheard"],
  },
  {
    field: "part's member that nobody knows",
    asked: parts({
      chat: [{ type: "text", text: "x", brand_new: "unheard" }],
      responses: [{ type: "input_text", text: "x", brand_new: "unheard" }],
      messages: [{ type: "text", text: "x", brand_new: "unheard" }],
    }),
    meaning: ["unheard"],
  },
  {
    field: "part that nobody knows",
    asked: parts({
      chat: [
        { type: "text", text: "x" },
        { type: "brand_new", brand_new: "unheard" },
      ],
      responses: [
        { type: "input_text", text: "x" },
        { type: "brand_new", brand_new: "unheard" },
      ],
      messages: [
        { type: "text", text: "x" },
        { type: "brand_new", brand_new: "unheard" },
      ],
    }),
    meaning: ["unheard"],
  },
  {
    field: "member that nobody knows",
    asked: { ...everywhere({ brand_new: "unheard" }), grpc: { ...grpcSaid, backendExtensions: { brand_new: "unheard" } } },
    meaning: ["unheard"],
  },
];
