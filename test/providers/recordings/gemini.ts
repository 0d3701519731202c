/**
 * What the Gemini API and Vertex AI say, in the shape and with the members of recorded answers.
 * Sources: ai.google.dev/gemini-api/docs/text-generation, /function-calling, /thinking, /thought-signatures, /google-search,
 * /image-generation, /troubleshooting; ai.google.dev/api/generate-content. Lines end in CR LF, as the server writes them.
 */
const sse = (...events: object[]): string => events.map((event) => `data: ${JSON.stringify(event)}\r\n\r\n`).join("");
const head = { modelVersion: "gemini-2.5-flash", responseId: "mJ5gaKf1E8-yvdIPsNiHmAU" };
const usage = { promptTokenCount: 8, promptTokensDetails: [{ modality: "TEXT", tokenCount: 8 }] };

export const text = sse(
  {
    candidates: [{ content: { parts: [{ text: "The water " }], role: "model" }, index: 0 }],
    usageMetadata: { ...usage, totalTokenCount: 8 },
    ...head,
  },
  {
    candidates: [{ content: { parts: [{ text: "flows 🚰 down." }], role: "model" }, finishReason: "STOP", index: 0 }],
    usageMetadata: { ...usage, candidatesTokenCount: 7, totalTokenCount: 15 },
    ...head,
  },
);

/** Thoughts, then two calls at once: the signature stands on the first, the end comes in an event of its own. */
export const thoughtsAndCalls = sse(
  {
    candidates: [{ content: { parts: [{ text: "**Comparing** two cities", thought: true }], role: "model" }, index: 0 }],
    usageMetadata: { ...usage, thoughtsTokenCount: 40, totalTokenCount: 48 },
    ...head,
  },
  {
    candidates: [
      {
        content: {
          parts: [
            {
              functionCall: { name: "weather", args: { city: "Köln", id: 12345678901234567000 } },
              thoughtSignature: "EpwCCpkCAdHtim+signature",
            },
            { functionCall: { id: "fc-2", name: "weather", args: {} } },
          ],
          role: "model",
        },
        index: 0,
      },
    ],
    ...head,
  },
  {
    candidates: [{ content: { parts: [{ text: "" }], role: "model" }, finishReason: "STOP", index: 0 }],
    usageMetadata: {
      ...usage,
      cachedContentTokenCount: 5,
      toolUsePromptTokenCount: 2,
      candidatesTokenCount: 12,
      thoughtsTokenCount: 64,
      totalTokenCount: 86,
    },
    ...head,
  },
).replace("12345678901234567000", "12345678901234567891");

/** A signature that is no call's comes on the last part, which may be empty. */
export const signedText = sse(
  { candidates: [{ content: { parts: [{ text: "42" }], role: "model" }, index: 0 }], ...head },
  {
    candidates: [{ content: { parts: [{ text: "", thoughtSignature: "c2ln" }], role: "model" }, finishReason: "STOP", index: 0 }],
    usageMetadata: { ...usage, candidatesTokenCount: 2, totalTokenCount: 10 },
    ...head,
  },
);

export const grounded = sse({
  candidates: [
    {
      content: { parts: [{ text: "Köln liegt am Rhein." }], role: "model" },
      finishReason: "STOP",
      index: 0,
      groundingMetadata: {
        webSearchQueries: ["köln rhein"],
        groundingChunks: [{ web: { uri: "https://example.org/koeln", title: "example.org" } }],
        // In bytes: the umlaut has two.
        groundingSupports: [{ segment: { endIndex: 21, text: "Köln liegt am Rhein." }, groundingChunkIndices: [0] }],
      },
    },
  ],
  usageMetadata: { ...usage, candidatesTokenCount: 6, totalTokenCount: 14 },
  ...head,
});

/** Two candidates; a picture; logprobs. */
export const twoCandidates = JSON.stringify({
  candidates: [
    {
      content: { parts: [{ text: "a" }], role: "model" },
      finishReason: "STOP",
      index: 0,
      logprobsResult: {
        chosenCandidates: [{ token: "a", tokenId: 1, logProbability: -0.5 }],
        topCandidates: [
          {
            candidates: [
              { token: "a", tokenId: 1, logProbability: -0.5 },
              { token: "b", tokenId: 2, logProbability: -1 },
            ],
          },
        ],
      },
    },
    {
      content: { parts: [{ inlineData: { mimeType: "image/png", data: "iVBORw0KGgo=" } }], role: "model" },
      finishReason: "MAX_TOKENS",
      index: 1,
    },
  ],
  usageMetadata: { ...usage, candidatesTokenCount: 3, totalTokenCount: 11 },
  ...head,
});

export const blockedPrompt = sse({
  promptFeedback: { blockReason: "PROHIBITED_CONTENT" },
  usageMetadata: { promptTokenCount: 8, totalTokenCount: 8 },
  ...head,
});

export const ranCode = sse({
  candidates: [
    {
      content: {
        parts: [
          { executableCode: { language: "PYTHON", code: "print(1)" } },
          { codeExecutionResult: { outcome: "OUTCOME_OK", output: "1\n" } },
          { text: "1" },
        ],
        role: "model",
      },
      finishReason: "STOP",
      index: 0,
    },
  ],
  ...head,
});

export const errors = {
  badKey: {
    error: {
      code: 400,
      message: "API key not valid. Please pass a valid API key.",
      status: "INVALID_ARGUMENT",
      details: [
        { "@type": "type.googleapis.com/google.rpc.ErrorInfo", reason: "API_KEY_INVALID", domain: "googleapis.com" },
        { "@type": "type.googleapis.com/google.rpc.LocalizedMessage", locale: "en-US", message: "API key not valid." },
      ],
    },
  },
  badField: {
    error: {
      code: 400,
      message: 'Invalid value at "generation_config.temperature"',
      status: "INVALID_ARGUMENT",
      details: [
        {
          "@type": "type.googleapis.com/google.rpc.BadRequest",
          fieldViolations: [{ field: "generation_config.temperature", description: "out of range" }],
        },
      ],
    },
  },
  tooLong: {
    error: {
      code: 400,
      message: "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).",
      status: "INVALID_ARGUMENT",
    },
  },
  quota: {
    error: {
      code: 429,
      message: "You exceeded your current quota.",
      status: "RESOURCE_EXHAUSTED",
      details: [{ "@type": "type.googleapis.com/google.rpc.RetryInfo", retryDelay: "34.07s" }],
    },
  },
  overloaded: { error: { code: 503, message: "The model is overloaded. Please try again later.", status: "UNAVAILABLE" } },
};
