/** An answer's limit, where the backend wants one and nobody has said it: the model's own, as far as the catalogue knows it. */
import OpenAI from "openai";
import { expect, it } from "vitest";
import { ids, routeOver, startTestNode } from "../harness/node.ts";

it("is the catalogue's, else what every model takes, and always the caller's where that has said one", async () => {
  const over = (name: string, catalogueModelId: string) =>
    routeOver("sim-instant", { name }, { key: name, providerId: ids.anthropicProvider, catalogueModelId });
  await using node = await startTestNode({
    resources: [
      { case: "catalogueModel", value: { id: "m-1", organisationId: ids.organisation, key: "anthropic/long", outputTokensMax: 64_000 } },
      { case: "catalogueModel", value: { id: "m-2", organisationId: ids.organisation, key: "anthropic/unknown" } },
      ...over("long", "m-1"),
      ...over("unknown", "m-2"),
      ...over("none", ""),
    ],
  });
  const openai = new OpenAI({ apiKey: node.apiKey, baseURL: `${node.restUrl}/v1`, maxRetries: 0 });
  const limitOf = async (model: string, more: object = {}) => {
    await openai.chat.completions.create({ model, messages: [{ role: "user", content: "hi" }], ...more });
    return (JSON.parse((await node.simulatorCalls()).at(-1)?.body ?? "{}") as { max_tokens?: number }).max_tokens;
  };
  expect(await limitOf("long")).toBe(64_000);
  expect(await limitOf("unknown")).toBe(4096);
  expect(await limitOf("none")).toBe(4096);
  expect(await limitOf("long", { max_completion_tokens: 5 })).toBe(5);
});
