/**
 * What an API key can be narrowed to. chat: every way to ask for an answer (chat, responses, completions, messages, gRPC).
 * files: files, batches and fine-tuning jobs.
 */
export const apiMethods = ["chat", "embeddings", "audio", "images", "rerank", "files"] as const;
export type ApiMethod = (typeof apiMethods)[number];
