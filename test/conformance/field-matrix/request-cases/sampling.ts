/** How tokens are drawn, and how many. */
import { everywhere, grpcSaid, itemSaid, prompted, type RequestCase, said } from "./wording.ts";

export const samplingCases: readonly RequestCase[] = [
  {
    field: "output tokens at most",
    asked: {
      chat: { ...said, max_tokens: 4321 },
      responses: { ...itemSaid, max_output_tokens: 4321 },
      messages: { ...said, max_tokens: 4321 },
      completions: { ...prompted, max_tokens: 4321 },
      grpc: { ...grpcSaid, sampling: { outputTokensMax: 4321 } },
    },
    meaning: ["4321"],
  },
  {
    field: "temperature",
    asked: { ...everywhere({ temperature: 0.625 }), grpc: { ...grpcSaid, sampling: { temperature: 0.625 } } },
    meaning: ["0.625"],
  },
  { field: "top_p", asked: { ...everywhere({ top_p: 0.875 }), grpc: { ...grpcSaid, sampling: { topP: 0.875 } } }, meaning: ["0.875"] },
  {
    field: "top_k",
    asked: {
      chat: { ...said, top_k: 37 },
      messages: { ...said, top_k: 37 },
      completions: { ...prompted, top_k: 37 },
      grpc: { ...grpcSaid, sampling: { topK: 37 } },
    },
    meaning: ["37"],
  },
  {
    field: "stop",
    asked: {
      chat: { ...said, stop: ["STOP-HERE"] },
      messages: { ...said, stop_sequences: ["STOP-HERE"] },
      completions: { ...prompted, stop: "STOP-HERE" },
      grpc: { ...grpcSaid, sampling: { stop: ["STOP-HERE"] } },
    },
    meaning: ["STOP-HERE"],
  },
  {
    field: "seed",
    asked: { chat: { ...said, seed: 7654 }, completions: { ...prompted, seed: 7654 }, grpc: { ...grpcSaid, sampling: { seed: "7654" } } },
    meaning: ["7654"],
  },
  ...(["presence_penalty", "frequency_penalty"] as const).map((name) => ({
    field: name,
    asked: {
      chat: { ...said, [name]: 0.375 },
      completions: { ...prompted, [name]: 0.375 },
      grpc: { ...grpcSaid, sampling: { [name === "presence_penalty" ? "presencePenalty" : "frequencyPenalty"]: 0.375 } },
    },
    meaning: ["0.375"],
  })),
  {
    field: "logit_bias",
    asked: {
      chat: { ...said, logit_bias: { "4242": 5 } },
      completions: { ...prompted, logit_bias: { "4242": 5 } },
      grpc: { ...grpcSaid, sampling: { logitBias: { "4242": 5 } } },
    },
    meaning: ["4242"],
  },
  {
    field: "n",
    asked: { chat: { ...said, n: 3 }, completions: { ...prompted, n: 3 }, grpc: { ...grpcSaid, sampling: { n: 3 } } },
    meaning: [['"n":3', '"candidateCount":3']],
  },
  {
    field: "logprobs",
    asked: {
      chat: { ...said, logprobs: true },
      responses: { ...itemSaid, include: ["message.output_text.logprobs"] },
      grpc: { ...grpcSaid, sampling: { logprobs: true } },
    },
    meaning: [['"logprobs":true', '"responseLogprobs":true', "message.output_text.logprobs"]],
  },
  {
    field: "top_logprobs",
    asked: {
      chat: { ...said, logprobs: true, top_logprobs: 4 },
      responses: { ...itemSaid, top_logprobs: 4 },
      completions: { ...prompted, logprobs: 4 },
      grpc: { ...grpcSaid, sampling: { logprobs: true, topLogprobs: 4 } },
    },
    meaning: [['"top_logprobs":4', '"logprobs":4']],
  },
  ...(["echo", "suffix", "best_of"] as const).map((name) => ({
    field: name,
    asked: { completions: { ...prompted, [name]: name === "echo" ? true : name === "suffix" ? "suffixed" : 3 } },
    meaning: [`"${name}":`],
  })),
  { field: "prompt as tokens", asked: { completions: { prompt: [4242, 4243] } }, meaning: ["[4242,4243]"] },
  { field: "several prompts", asked: { completions: { prompt: ["prompt-one", "prompt-two"] } }, meaning: ['["prompt-one","prompt-two"]'] },
];
