/** Pictures, sound, documents and search results. */
import { grpcText, parts, pdf, png, type RequestCase } from "./wording.ts";

export const mediaCases: readonly RequestCase[] = [
  {
    field: "image, inline",
    asked: parts({
      chat: [
        { type: "text", text: "x" },
        { type: "image_url", image_url: { url: png } },
      ],
      responses: [
        { type: "input_text", text: "x" },
        { type: "input_image", image_url: png },
      ],
      messages: [
        { type: "text", text: "x" },
        { type: "image", source: { type: "base64", media_type: "image/png", data: "iVBORw0K" } },
      ],
      grpc: [grpcText("x"), { image: { inline: { data: "iVBORw0K", mediaType: "image/png" } } }],
    }),
    meaning: ["iVBORw0K"],
  },
  {
    field: "image, by address",
    asked: parts({
      chat: [
        { type: "text", text: "x" },
        { type: "image_url", image_url: { url: "https://example.org/a.png" } },
      ],
      responses: [
        { type: "input_text", text: "x" },
        { type: "input_image", image_url: "https://example.org/a.png" },
      ],
      messages: [
        { type: "text", text: "x" },
        { type: "image", source: { type: "url", url: "https://example.org/a.png" } },
      ],
      grpc: [grpcText("x"), { image: { url: "https://example.org/a.png" } }],
    }),
    meaning: ["https://example.org/a.png"],
  },
  {
    field: "image, by id",
    asked: parts({
      responses: [
        { type: "input_text", text: "x" },
        { type: "input_image", file_id: "file-abc" },
      ],
      messages: [
        { type: "text", text: "x" },
        { type: "image", source: { type: "file", file_id: "file-abc" } },
      ],
    }),
    meaning: ["file-abc"],
  },
  {
    field: "detail of an image",
    asked: parts({
      chat: [
        { type: "text", text: "x" },
        { type: "image_url", image_url: { url: png, detail: "low" } },
      ],
      responses: [
        { type: "input_text", text: "x" },
        { type: "input_image", image_url: png, detail: "low" },
      ],
      grpc: [grpcText("x"), { image: { inline: { data: "iVBORw0K", mediaType: "image/png" }, detail: "low" } }],
    }),
    meaning: ['"detail":"low"'],
  },
  {
    field: "audio",
    asked: parts({
      chat: [{ type: "input_audio", input_audio: { data: "UklGRg==", format: "wav" } }],
      responses: [{ type: "input_audio", input_audio: { data: "UklGRg==", format: "wav" } }],
      grpc: [{ audio: { data: "UklGRg==", format: "wav" } }],
    }),
    meaning: ["UklGRg=="],
  },
  {
    field: "document, inline",
    asked: parts({
      chat: [
        { type: "text", text: "x" },
        { type: "file", file: { file_data: pdf, filename: "a.pdf" } },
      ],
      responses: [
        { type: "input_text", text: "x" },
        { type: "input_file", file_data: pdf, filename: "a.pdf" },
      ],
      messages: [
        { type: "text", text: "x" },
        { type: "document", source: { type: "base64", media_type: "application/pdf", data: "JVBERi0=" }, title: "a.pdf" },
      ],
      grpc: [grpcText("x"), { file: { inline: { data: "JVBERi0=", mediaType: "application/pdf" }, filename: "a.pdf" } }],
    }),
    meaning: ["JVBERi0="],
  },
  {
    field: "document, as text",
    asked: parts({
      messages: [
        { type: "document", source: { type: "text", media_type: "text/plain", data: "documented-so" }, title: "titled-so" },
        { type: "text", text: "x" },
      ],
    }),
    meaning: [["documented-so", Buffer.from("documented-so").toString("base64")], "titled-so"],
  },
  {
    field: "document, in blocks",
    asked: parts({
      messages: [
        { type: "document", source: { type: "content", content: [{ type: "text", text: "documented-so" }] }, title: "titled-so" },
        { type: "text", text: "x" },
      ],
    }),
    meaning: ["documented-so", "titled-so"],
  },
  {
    field: "document, by address",
    asked: parts({
      responses: [
        { type: "input_text", text: "x" },
        { type: "input_file", file_url: "https://example.org/a.pdf" },
      ],
      messages: [
        { type: "document", source: { type: "url", url: "https://example.org/a.pdf" } },
        { type: "text", text: "x" },
      ],
      grpc: [{ file: { url: "https://example.org/a.pdf" } }, grpcText("x")],
    }),
    meaning: ["https://example.org/a.pdf"],
  },
  {
    field: "document, by id",
    asked: parts({
      chat: [{ type: "file", file: { file_id: "file-abc" } }],
      responses: [{ type: "input_file", file_id: "file-abc" }],
      messages: [
        { type: "document", source: { type: "file", file_id: "file-abc" } },
        { type: "text", text: "x" },
      ],
      grpc: [{ file: { fileId: "file-abc" } }],
    }),
    meaning: ["file-abc"],
  },
  {
    field: "citations of a document",
    asked: parts({
      messages: [
        {
          type: "document",
          source: { type: "base64", media_type: "application/pdf", data: "JVBERi0=" },
          citations: { enabled: true },
        },
        { type: "text", text: "x" },
      ],
      grpc: [{ file: { inline: { data: "JVBERi0=", mediaType: "application/pdf" }, cited: true } }, grpcText("x")],
    }),
    meaning: ['"citations":{"enabled":true}'],
  },
  {
    field: "context of a document",
    asked: parts({
      messages: [
        { type: "document", source: { type: "base64", media_type: "application/pdf", data: "JVBERi0=" }, context: "context-said" },
        { type: "text", text: "x" },
      ],
      grpc: [{ file: { inline: { data: "JVBERi0=", mediaType: "application/pdf" }, context: "context-said" } }, grpcText("x")],
    }),
    meaning: ["context-said"],
  },
  {
    field: "search result",
    asked: parts({
      messages: [
        { type: "search_result", source: "https://example.org/s", title: "t", content: [{ type: "text", text: "found-so" }] },
        { type: "text", text: "x" },
      ],
    }),
    meaning: ["found-so", "https://example.org/s"],
  },
];
