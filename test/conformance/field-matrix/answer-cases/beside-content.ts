/** What stands beside the text: refusals, citations, probabilities, other choices. */
import type { Json } from "../backends.ts";
import {
  type AnswerCase,
  bedrock,
  bedrockDelta,
  chat,
  cohere,
  cohereSaid,
  cohereText,
  completions,
  gemini,
  messages,
  noChoices,
  noLogprobs,
  responseDelta,
  responses,
  responseText,
  saidText,
  textOnly,
} from "./wording.ts";

export const besideContentCases: readonly AnswerCase[] = [
  {
    feature: "refusal",
    said: {
      chat: chat({ refusal: "refused-so" }, [{ refusal: "refused-so" }]),
      messages: messages([], { stop_reason: "refusal", stop_details: { type: "refusal", category: null, explanation: "refused-so" } }),
      responses: responses([{ ...responseText(""), content: [{ type: "refusal", refusal: "refused-so" }] }], []),
    },
    meaning: ["refused-so"],
  },
  {
    feature: "citations",
    said: {
      chat: chat(
        {
          content: "said-so",
          annotations: [
            { type: "url_citation", url_citation: { url: "https://example.org/cited", title: "titled-so", start_index: 0, end_index: 4 } },
          ],
        },
        [
          { content: "said-so" },
          {
            annotations: [
              {
                type: "url_citation",
                url_citation: { url: "https://example.org/cited", title: "titled-so", start_index: 0, end_index: 4 },
              },
            ],
          },
        ],
      ),
      messages: messages([
        {
          start: { type: "text", text: "", citations: [] },
          deltas: [
            { type: "text_delta", text: "said-so" },
            {
              type: "citations_delta",
              citation: {
                type: "web_search_result_location",
                url: "https://example.org/cited",
                title: "titled-so",
                cited_text: "c",
                encrypted_index: "Eo8Z",
              },
            },
          ],
          whole: {
            type: "text",
            text: "said-so",
            citations: [
              {
                type: "web_search_result_location",
                url: "https://example.org/cited",
                title: "titled-so",
                cited_text: "c",
                encrypted_index: "Eo8Z",
              },
            ],
          },
        },
      ]),
      gemini: gemini([{ text: "said-so" }], {
        groundingMetadata: {
          groundingChunks: [{ web: { uri: "https://example.org/cited", title: "titled-so" } }],
          groundingSupports: [{ segment: { endIndex: 4 }, groundingChunkIndices: [0] }],
        },
      }),
      bedrock: bedrock(
        [
          {
            citationsContent: {
              content: [{ text: "said-so" }],
              citations: [{ title: "titled-so", location: { web: { url: "https://example.org/cited" } } }],
            },
          },
        ],
        [
          bedrockDelta({ text: "said-so" }),
          bedrockDelta({ citation: { title: "titled-so", location: { web: { url: "https://example.org/cited" } } } }),
        ],
      ),
      cohere: cohere(
        {
          content: [{ type: "text", text: "said-so" }],
          citations: [
            {
              start: 0,
              end: 4,
              text: "said",
              sources: [{ type: "document", id: "d", document: { url: "https://example.org/cited", title: "titled-so" } }],
            },
          ],
        },
        [
          ...cohereText("said-so"),
          cohereSaid("citation-start", {
            citations: {
              start: 0,
              end: 4,
              text: "said",
              sources: [{ type: "document", id: "d", document: { url: "https://example.org/cited", title: "titled-so" } }],
            },
          }),
        ],
      ),
      responses: responses(
        [
          responseText("said-so", {
            annotations: [{ type: "url_citation", url: "https://example.org/cited", title: "titled-so", start_index: 0, end_index: 4 }],
          }),
        ],
        [responseDelta("said-so")],
      ),
    },
    meaning: ["said-so", "https://example.org/cited", "titled-so"],
    noWord: { completions: textOnly },
  },
  {
    feature: "logprobs",
    said: {
      chat: chat({ content: "said-so" }, [{ content: "said-so" }], {
        logprobs: {
          content: [{ token: "said-so", logprob: -0.3125, bytes: null, top_logprobs: [{ token: "other", logprob: -1.4375, bytes: null }] }],
          refusal: null,
        },
      }),
      gemini: gemini([], {
        content: { role: "model", parts: [{ text: "said-so" }] },
        logprobsResult: {
          chosenCandidates: [{ token: "said-so", logProbability: -0.3125 }],
          topCandidates: [{ candidates: [{ token: "other", logProbability: -1.4375 }] }],
        },
      }),
      completions: completions([
        {
          index: 0,
          text: "said-so",
          finish_reason: "stop",
          logprobs: { tokens: ["said-so"], token_logprobs: [-0.3125], top_logprobs: [{ other: -1.4375 }], text_offset: [0] },
        },
      ]),
    },
    meaning: ["-0.3125", "-1.4375"],
    noWord: { messages: noLogprobs },
  },
  {
    feature: "several choices",
    said: {
      chat: {
        whole: {
          ...saidText.chat.whole,
          choices: [
            { index: 0, message: { role: "assistant", content: "choice-one" }, finish_reason: "stop" },
            { index: 1, message: { role: "assistant", content: "choice-two" }, finish_reason: "length" },
          ],
        },
        events: [0, 1].flatMap((index) =>
          saidText.chat.events.slice(0, -1).map((event) => ({
            ...event,
            choices: (event["choices"] as Json[]).map((choice) => ({
              ...choice,
              index,
              ...(JSON.stringify(choice).includes("said-so") ? { delta: { content: index === 0 ? "choice-one" : "choice-two" } } : {}),
            })),
          })),
        ),
      },
      gemini: {
        whole: {
          ...saidText.gemini.whole,
          candidates: [
            { index: 0, content: { parts: [{ text: "choice-one" }] }, finishReason: "STOP" },
            { index: 1, content: { parts: [{ text: "choice-two" }] }, finishReason: "STOP" },
          ],
        },
        events: [
          {
            ...saidText.gemini.whole,
            candidates: [
              { index: 0, content: { parts: [{ text: "choice-one" }] }, finishReason: "STOP" },
              { index: 1, content: { parts: [{ text: "choice-two" }] }, finishReason: "STOP" },
            ],
          },
        ],
      },
      completions: completions([
        { index: 0, text: "choice-one", finish_reason: "stop" },
        { index: 1, text: "choice-two", finish_reason: "stop" },
      ]),
    },
    meaning: ["choice-one", "choice-two"],
    noWord: { messages: noChoices, responses: noChoices },
  },
];
