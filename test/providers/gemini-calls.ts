/** Gemini's adapter, asked as the pipeline asks it, over a server that answers with a recording. */
import { afterEach } from "vitest";
import type { CompletionEvent } from "../../data-plane/pipeline/completion-event.ts";
import { geminiProvider } from "../../data-plane/providers/gemini/provider.ts";
import type { UpstreamPools } from "../../data-plane/providers/upstream-pools.ts";
import { answered, type Recording, startRecordedServer, type TestCall, testPools } from "./recorded-server.ts";
import * as recorded from "./recordings/gemini.ts";

let pools: UpstreamPools | undefined;
export const unknown: string[] = [];
afterEach(async () => {
  await pools?.close();
  pools = undefined;
  unknown.length = 0;
});
export const provider = () => {
  pools ??= testPools();
  return geminiProvider(pools, (dialect, raw) => unknown.push(`${dialect} ${raw}`));
};
export const json = (body: unknown, status = 200): Recording => ({
  status,
  headers: { "content-type": "application/json; charset=UTF-8" },
  pieces: [typeof body === "string" ? body : JSON.stringify(body)],
});

/** Asks a server that answers with the recording, and says what it was asked and what came of it. */
export async function asked(recording: Recording, call: Partial<TestCall> = {}) {
  await using server = await startRecordedServer(() => recording);
  const answer = await answered(provider(), { kind: "gemini", baseUrl: `${server.url}/v1beta`, credential: "key-1", ...call });
  const [request] = server.asked;
  return { ...answer, request, sent: JSON.parse(request?.body ?? "null") as Record<string, unknown> };
}
export const streamed = (text: string, call: Partial<TestCall> = {}) =>
  asked({ pieces: [text] }, { ...call, body: { stream: true, ...call.body } });
export const sentOf = async (body: Record<string, unknown>, call: Partial<TestCall> = {}) => {
  const { sent, failure, dropped } = await asked(json(recorded.twoCandidates), { ...call, body });
  return { sent, failure, dropped };
};
export const of = <Type extends CompletionEvent["type"]>(events: readonly CompletionEvent[], type: Type) =>
  events.filter((event): event is Extract<CompletionEvent, { type: Type }> => event.type === type);
