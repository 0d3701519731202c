/**
 * A small real server of OpenAI's responses and legacy completions. Its answers have the shapes of the examples in OpenAI's API
 * reference ("Create a model response", "Streaming events", "Completions (legacy)"), with members in them that nobody here knows.
 */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

type Json = Record<string, unknown>;

export async function startNativeOpenai() {
  const bodies: { path: string; body: Json; authorization: string | undefined }[] = [];
  let cut = false;
  let counter = 0;
  const server = createServer(async (request, response) => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const body = JSON.parse(Buffer.concat(parts).toString("utf8")) as Json;
    const path = request.url ?? "";
    bodies.push({ path, body, authorization: request.headers.authorization });
    const streamed = body["stream"] === true;
    response.writeHead(200, { "content-type": streamed ? "text/event-stream; charset=utf-8" : "application/json" });
    if (path === "/v1/completions") {
      const text = `${body["echo"] === true ? String(body["prompt"]) : ""} said`;
      const head = { id: "cmpl-up1", object: "text_completion", created: 1589478378, model: body["model"], x_kept: 1 };
      const choice = { text, index: 0, logprobs: null, finish_reason: "length" };
      const usage = { prompt_tokens: 5, completion_tokens: 7, total_tokens: 12 };
      if (!streamed) return void response.end(JSON.stringify({ ...head, choices: [choice], usage }));
      response.write(`data: ${JSON.stringify({ ...head, choices: [{ ...choice, finish_reason: null }] })}\n\n`);
      if (cut) return void response.end();
      response.write(`data: ${JSON.stringify({ ...head, choices: [{ ...choice, text: "" }] })}\n\n`);
      response.end(`data: ${JSON.stringify({ ...head, choices: [], usage })}\n\ndata: [DONE]\n\n`);
      return;
    }
    const id = `resp_up${++counter}`;
    const reasoning = { id: "rs_1", type: "reasoning", summary: [], encrypted_content: "gAAAAsealed" };
    const part = { type: "output_text", text: "Hi there!", annotations: [], logprobs: [] };
    const message = { id: "msg_1", type: "message", status: "completed", role: "assistant", content: [part], x_phase: "final" };
    const begun = {
      id,
      object: "response",
      created_at: 1741290958,
      status: "in_progress",
      model: `${String(body["model"])}-2025`,
      output: [],
      store: false,
      x_kept: { deep: true },
    };
    const whole = {
      ...begun,
      status: "completed",
      output: [reasoning, { id: "ws_1", type: "web_search_call", status: "completed", action: { type: "search", query: "x" } }, message],
      usage: {
        input_tokens: 37,
        input_tokens_details: { cached_tokens: 5 },
        output_tokens: 11,
        output_tokens_details: { reasoning_tokens: 3 },
        total_tokens: 48,
      },
    };
    if (!streamed) return void response.end(JSON.stringify(whole));
    let number = 0;
    const say = (event: Json) =>
      response.write(`event: ${String(event["type"])}\ndata: ${JSON.stringify({ ...event, sequence_number: number++ })}\n\n`);
    say({ type: "response.created", response: begun });
    say({ type: "response.in_progress", response: begun });
    say({ type: "response.web_search_call.searching", item_id: "ws_1", output_index: 1 });
    say({ type: "response.output_item.added", output_index: 2, item: { ...message, status: "in_progress", content: [] } });
    say({ type: "response.output_text.delta", item_id: "msg_1", output_index: 2, content_index: 0, delta: "Hi there!", x_unknown: "é" });
    if (cut) return void response.end();
    say({ type: "response.output_item.done", output_index: 2, item: message });
    say({ type: "response.completed", response: whole });
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    bodies,
    cutStreams(yes: boolean) {
      cut = yes;
    },
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
