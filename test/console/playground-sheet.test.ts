/** What the playground sends, what it says that costs, and a logged call as its form: the console's pure parts. */
import { describe, expect, it } from "vitest";
import { namedIn, readColumns, writeColumns } from "../../web-console/pages/playground/columns.ts";
import { estimateOf } from "../../web-console/pages/playground/estimate.ts";
import { againstThen, loggedAnswer } from "../../web-console/pages/playground/logged-answer.ts";
import { loggedRequest } from "../../web-console/pages/playground/logged-request.ts";
import { savedMessages, turnsIn } from "../../web-console/pages/playground/saved-messages.ts";
import { newSheet, requestOf, sheetProblem } from "../../web-console/pages/playground/sheet.ts";
import { variableFields, variablesFor } from "../../web-console/pages/prompts/variable-values.ts";

const prompt = {
  variables: ["count", "name", "options", "tone", "urgent"],
  inputs: {
    properties: {
      count: { type: "integer" },
      name: { type: "string", description: "Whose" },
      options: { type: "object" },
      tone: { enum: ["warm", "cold"] },
      urgent: { type: ["boolean", "null"] },
    },
    required: ["name"],
  },
};

describe("variables", () => {
  it("have fields of the kind that their schema says, each once", () => {
    const fields = variableFields([prompt, { variables: ["name", "other"], inputs: null }]);
    expect(fields.map(({ name, kind }) => [name, kind])).toEqual([
      ["count", "number"],
      ["name", "text"],
      ["options", "json"],
      ["other", "text"],
      ["tone", "choice"],
      ["urgent", "boolean"],
    ]);
    expect(fields.find(({ name }) => name === "name")).toMatchObject({ required: true, description: "Whose" });
    expect(fields.find(({ name }) => name === "tone")?.choices).toEqual(["warm", "cold"]);
  });

  it("are sent as values, to the prompts that read them and no other", () => {
    const typed = { count: "3", name: "7", options: '{"a":1}', tone: "warm", urgent: "true", other: "x", empty: "" };
    expect(variablesFor(prompt, typed)).toEqual({ count: 3, name: "7", options: { a: 1 }, tone: "warm", urgent: true });
    expect(variablesFor(prompt, { count: "many", name: "" })).toEqual({ count: "many" });
  });
});

it("an answer of now is held against what the logged call was answered", () => {
  const call = {
    durationMs: 900,
    timeToFirstTokenMs: 300,
    inputTokens: "10",
    outputTokens: "40",
    costNanodollars: "5000000",
    modelServed: "m",
  };
  const then = loggedAnswer(call, [{ role: "assistant", content: "It is a pipe." }]);
  expect(then).toMatchObject({ text: "It is a pipe.", model: "m", inputTokens: 10, firstMs: 300 });
  const now = { outputTokens: 28, costNanodollars: 7_000_000, firstMs: 180.4 };
  expect(againstThen(now, then)).toBe("12 tokens fewer, $0.002 dearer, first token 120 ms sooner than then");
  expect(againstThen({ outputTokens: 40, costNanodollars: 5_000_000, firstMs: 300 }, then)).toBe(
    "like then in tokens, cost and first token",
  );
  expect(againstThen({ ...now, outputTokens: undefined, costNanodollars: undefined, firstMs: undefined }, then)).toBeUndefined();
  expect(loggedAnswer({ ...call, timeToFirstTokenMs: null, costNanodollars: null }, null)).toMatchObject({
    text: "",
    firstMs: undefined,
    costNanodollars: undefined,
  });
});

it("becomes a version with the messages that are chosen, and with turns only where all of them are texts", () => {
  const own = [{ role: "DEVELOPER" as const, template: "Own." }];
  const sheet = { ...newSheet(undefined), system: "Be brief.", user: "Hi" };
  const saved = (what: string, of = sheet) => savedMessages(of, what, own).map(({ role, template }) => `${role} ${template}`);
  expect(saved("system")).toEqual(["SYSTEM Be brief."]);
  expect(saved("system", { ...sheet, system: " " })).toEqual(["USER Hi"]);
  expect(saved("both")).toEqual(["SYSTEM Be brief.", "USER Hi"]);
  expect(saved("own")).toEqual(["DEVELOPER Own.", "SYSTEM Be brief."]);
  expect(saved("turns")).toEqual([]);
  const turns = [
    { role: "user", content: "Hi" },
    { role: "assistant", content: "Yes?" },
  ];
  expect(saved("turns", { ...sheet, more: JSON.stringify({ messages: turns }) })).toEqual(["USER Hi", "ASSISTANT Yes?"]);
  expect(turnsIn({ ...sheet, more: JSON.stringify({ messages: [...turns, { role: "tool", content: "7" }] }) })).toBeUndefined();
});

describe("a request", () => {
  const sheet = { ...newSheet(undefined), user: "Hi", variables: { name: "Ada" } };

  it("has messages, the column's prompt by name, its variables, tools and the answer's schema", () => {
    const full = {
      ...sheet,
      system: "Short.",
      temperature: "0",
      maxTokens: "9",
      tools: "[]",
      schema: '{"type":"object"}',
      more: '{"seed":1}',
    };
    expect(requestOf(full, { route: "chat", prompt: "support/reply@2" }, prompt)).toEqual({
      model: "chat",
      messages: [
        { role: "system", content: "Short." },
        { role: "user", content: "Hi" },
      ],
      prompt: { name: "support/reply", version: 2, variables: { name: "Ada" } },
      parameters: {
        temperature: 0,
        max_tokens: 9,
        tools: [],
        response_format: { type: "json_schema", json_schema: { name: "answer", schema: { type: "object" }, strict: true } },
        seed: 1,
      },
    });
  });

  it("leaves a route's own prompt alone where no variable is given, and an empty message out where a prompt speaks", () => {
    expect(requestOf({ ...sheet, variables: {} }, { route: "chat", prompt: "" }, prompt)).not.toHaveProperty("prompt");
    expect(requestOf(sheet, { route: "chat", prompt: "" }, prompt).prompt).toEqual({ variables: { name: "Ada" } });
    expect(requestOf({ ...sheet, user: " " }, { route: "chat", prompt: "" }, prompt).messages).toEqual([]);
    expect(requestOf({ ...sheet, user: " " }, { route: "chat", prompt: "" }, undefined).messages).toHaveLength(1);
  });

  it("that is no JSON somewhere is not sent", () => {
    expect(sheetProblem(sheet)).toBeUndefined();
    expect(sheetProblem({ ...sheet, schema: "{" })).toMatch(/^Under the schema of the answer is no JSON/);
  });
});

it("columns are in the address and come back from it, four at the most", () => {
  const columns = [
    { route: "chat", prompt: "" },
    { route: "chat", prompt: "reply@production" },
  ];
  expect(readColumns(writeColumns(columns))).toEqual(columns);
  expect(readColumns("a,b,c,d,e")).toHaveLength(4);
  expect([namedIn("reply@production"), namedIn("reply@12")]).toEqual([
    { name: "reply", label: "production" },
    { name: "reply", version: 12 },
  ]);
});

it("an estimate adds up what is sent over the columns, and says where a price is missing", () => {
  const price = { inputNanodollarsPerMillion: "1000000000", outputNanodollarsPerMillion: "2000000000" };
  expect(estimateOf([{ letters: 4000, price }], "")).toBe("Spends about $0.001 for what is sent, and what the answer takes.");
  expect(
    estimateOf(
      [
        { letters: 4000, price },
        { letters: 2000, price },
      ],
      "1000",
    ),
  ).toBe("Spends about $0.0015 for what is sent, and up to $0.004 for the answer.");
  expect(estimateOf([{ letters: 1, price: undefined }], "")).toMatch(/not known/);
});

it("a logged call fills the fields that the form has, and what it has none for stands under more", () => {
  const kept = (request: object) => ({
    messages: [
      { role: "system", content: "Short." },
      { role: "user", content: "Hi" },
    ],
    promptMessages: null,
    request: JSON.stringify({ model: "chat", messages: [], stream: true, ...request }),
    requestCut: false,
  });
  const schema = { type: "object" };
  expect(
    loggedRequest(
      kept({ tools: [{ type: "function" }], response_format: { type: "json_schema", json_schema: { name: "a", schema } }, seed: 1 }),
    ),
  ).toEqual({
    system: "Short.",
    user: "Hi",
    tools: JSON.stringify([{ type: "function" }], null, 2),
    schema: JSON.stringify(schema, null, 2),
    more: JSON.stringify({ seed: 1 }, null, 2),
  });
  expect(loggedRequest(kept({ response_format: { type: "json_object" } }))).toMatchObject({
    schema: "",
    more: JSON.stringify({ response_format: { type: "json_object" } }, null, 2),
  });
  expect(loggedRequest({ ...kept({}), requestCut: true })).toBeUndefined();
});
