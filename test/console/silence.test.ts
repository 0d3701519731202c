/** A stream that brings nothing ends; one that brings something now and then goes on. */
import { expect, it } from "vitest";
import { endedBySilence } from "../../web-console/graphql/silence.ts";

const clockMs = 200;

it("fails where nothing comes for too long", async () => {
  const stream = new ReadableStream<Uint8Array>({ start: (controller) => controller.enqueue(new TextEncoder().encode("first ")) });
  const reader = endedBySilence(new Response(stream, { status: 200 }), clockMs).body?.getReader();
  expect(new TextDecoder().decode((await reader?.read())?.value)).toBe("first ");
  await expect(reader?.read()).rejects.toThrow("nothing was heard for too long");
});

it("hears what comes, and its end", async () => {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const answer = endedBySilence(new Response(readable, { status: 207, headers: { "content-type": "text/event-stream" } }), clockMs);
  const whole = answer.text();
  const writer = writable.getWriter();
  for (const piece of [":\n\n", "data: 1\n\n"]) await writer.write(new TextEncoder().encode(piece));
  await writer.close();
  expect(await whole).toBe(":\n\ndata: 1\n\n");
  expect([answer.status, answer.headers.get("content-type")]).toEqual([207, "text/event-stream"]);
});
