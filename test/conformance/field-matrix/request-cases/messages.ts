/** Who says what: text, roles, and what stands in the history. */
import { earlier, everywhere, grpcSaid, grpcText, grpcUser, itemSaid, parts, type RequestCase, said, user } from "./wording.ts";

export const messagesCases: readonly RequestCase[] = [
  {
    field: "text",
    asked: { ...everywhere({}), grpc: grpcSaid },
    meaning: ["user-said"],
  },
  {
    field: "several text parts",
    asked: parts({
      chat: [
        { type: "text", text: "part-one" },
        { type: "text", text: "part-two" },
      ],
      responses: [
        { type: "input_text", text: "part-one" },
        { type: "input_text", text: "part-two" },
      ],
      messages: [
        { type: "text", text: "part-one" },
        { type: "text", text: "part-two" },
      ],
      grpc: [grpcText("part-one"), grpcText("part-two")],
    }),
    meaning: ["part-one", "part-two"],
  },
  {
    field: "system message",
    asked: {
      chat: { messages: [{ role: "system", content: "system-said" }, user] },
      responses: { input: [{ role: "system", content: "system-said" }, user] },
      messages: { ...said, system: "system-said" },
      grpc: { messages: [{ role: "ROLE_SYSTEM", content: [grpcText("system-said")] }, grpcUser] },
    },
    meaning: ["system-said", "user-said"],
  },
  {
    field: "system message, in parts",
    asked: {
      chat: {
        messages: [
          {
            role: "system",
            content: [
              { type: "text", text: "system-one" },
              { type: "text", text: "system-two" },
            ],
          },
          user,
        ],
      },
      messages: {
        ...said,
        system: [
          { type: "text", text: "system-one" },
          { type: "text", text: "system-two" },
        ],
      },
    },
    meaning: ["system-one", "system-two"],
  },
  {
    field: "system message in mid-conversation",
    asked: {
      chat: { messages: [user, { role: "system", content: "system-said" }, user] },
      responses: { input: [user, { role: "system", content: "system-said" }, user] },
      messages: { messages: [user, { role: "system", content: "system-said" }, user] },
    },
    meaning: ["system-said"],
  },
  { field: "instructions", asked: { responses: { ...itemSaid, instructions: "instructed-so" } }, meaning: ["instructed-so"] },
  {
    field: "developer message",
    asked: {
      chat: { messages: [{ role: "developer", content: "developer-said" }, user] },
      responses: { input: [{ role: "developer", content: "developer-said" }, user] },
      grpc: { messages: [{ role: "ROLE_DEVELOPER", content: [grpcText("developer-said")] }, grpcUser] },
    },
    meaning: ["developer-said"],
  },
  {
    field: "assistant message",
    asked: earlier({
      chat: { content: "assistant-said" },
      responses: [{ type: "message", role: "assistant", content: [{ type: "output_text", text: "assistant-said", annotations: [] }] }],
      messages: { content: [{ type: "text", text: "assistant-said" }] },
      grpc: { content: [grpcText("assistant-said")] },
    }),
    meaning: ["assistant-said"],
  },
  {
    field: "refusal in the history",
    asked: earlier({
      chat: { content: null, refusal: "refused-so" },
      responses: [{ type: "message", role: "assistant", content: [{ type: "refusal", refusal: "refused-so" }] }],
      grpc: { refusal: "refused-so" },
    }),
    meaning: ["refused-so"],
  },
  {
    field: "citations in the history",
    asked: earlier({
      chat: {
        content: "assistant-said",
        annotations: [
          { type: "url_citation", url_citation: { url: "https://example.org/cited", title: "t", start_index: 0, end_index: 4 } },
        ],
      },
      responses: [
        {
          type: "message",
          role: "assistant",
          content: [
            {
              type: "output_text",
              text: "assistant-said",
              annotations: [{ type: "url_citation", url: "https://example.org/cited", title: "t", start_index: 0, end_index: 4 }],
            },
          ],
        },
      ],
      messages: {
        content: [
          {
            type: "text",
            text: "assistant-said",
            citations: [
              {
                type: "web_search_result_location",
                url: "https://example.org/cited",
                title: "t",
                cited_text: "c",
                encrypted_index: "Eo8Z",
              },
            ],
          },
        ],
      },
    }),
    meaning: ["assistant-said", "https://example.org/cited"],
  },
  {
    field: "name of a message's author",
    asked: { chat: { messages: [{ ...user, name: "ann" }] }, grpc: { messages: [{ ...grpcUser, name: "ann" }] } },
    meaning: ['"ann"'],
  },
];
