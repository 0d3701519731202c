/** What was said is handed on until somebody takes it, and dropped rather than waited for where nobody does. */
import { create } from "@bufbuild/protobuf";
import { expect, it } from "vitest";
import { type CallContent, CallContentSchema } from "#proto/penstock/usage/v1/usage_event_pb.ts";
import { openLogger } from "../../data-plane/logger.ts";
import { type SendContent, shipContent } from "../../data-plane/usage/ship-content.ts";

const logger = openLogger("silent");
const said = (callId: string, length = 10): CallContent => create(CallContentSchema, { callId, request: "x".repeat(length) });

it("is given again until it is taken, in order and in messages that fit", async () => {
  const taken: string[] = [];
  let away = 2;
  const send: SendContent = async (contents) => {
    if (away-- > 0) throw new Error("away");
    expect(contents.length).toBeLessThanOrEqual(100);
    expect(contents.reduce((sum, { request }) => sum + request.length, 0)).toBeLessThanOrEqual(2 * 1024 * 1024);
    taken.push(...contents.map(({ callId }) => callId));
  };
  const shipping = shipContent(send, logger);
  const names = Array.from({ length: 150 }, (_, index) => `call-${index}`);
  for (const name of names) shipping.keep(said(name, 30_000));
  await expect.poll(() => taken.length, { timeout: 5000 }).toBe(150);
  expect(taken).toEqual(names);
  expect(shipping.dropped()).toBe(0);
  await shipping.close(100);
});

it("is dropped and counted where memory for it is full, or one alone is too large", async () => {
  const hung: SendContent = (_, signal) =>
    new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason), { once: true }));
  const shipping = shipContent(hung, logger);
  for (let index = 0; index < 40; index++) shipping.keep(said(`call-${index}`, 1024 * 1024));
  // 32 MiB hold 31 of them and their names.
  expect(shipping.dropped()).toBe(9);
  shipping.keep(said("large", 3 * 1024 * 1024));
  expect(shipping.dropped()).toBe(10);
  await shipping.close(50);
  expect(shipping.dropped()).toBe(41);
});

it("goes out at the close, as far as the time for it goes", async () => {
  const taken: string[] = [];
  const shipping = shipContent(async (contents) => void taken.push(...contents.map(({ callId }) => callId)), logger);
  shipping.keep(said("last"));
  await shipping.close(2000);
  expect(taken).toEqual(["last"]);
});
