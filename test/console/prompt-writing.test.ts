/** Writing and using a prompt: drafts, cases, datasets and code, the console's pure parts. */
import { describe, expect, it } from "vitest";
import { casesInput, casesProblem, linesIn, newCases } from "../../web-console/pages/datasets/case-values.ts";
import { casesIn, casesText } from "../../web-console/pages/prompts/cases.ts";
import { exampleOf, promptSamples } from "../../web-console/pages/prompts/prompt-samples.ts";
import { draftFrom, draftProblem, variablesIn, versionOf } from "../../web-console/pages/prompts/version-draft.ts";

const version = {
  version: 3,
  messages: [{ role: "SYSTEM", template: "You answer for {{ company }} in {{- language }}, {{ company }}." }],
  defaultParameters: { temperature: 0 },
  tools: null,
  responseSchema: null,
  inputs: { type: "object" },
  inputsDerived: true,
} as const;

describe("a draft", () => {
  it("begins as the version was, and is saved as it says, with the variables' schema only where somebody wrote one", () => {
    expect(versionOf(draftFrom(version))).toEqual({
      messages: version.messages,
      defaultParameters: { temperature: 0 },
      tools: null,
      responseSchema: null,
      inputs: null,
    });
    expect(versionOf(draftFrom({ ...version, inputsDerived: false })).inputs).toEqual({ type: "object" });
    expect(draftFrom(undefined)).toMatchObject({ from: 0, messages: [{ role: "SYSTEM", template: "" }] });
    expect(draftFrom(undefined, "TEXT").messages).toEqual([{ role: "USER", template: "" }]);
  });

  it("names what it reads, and what is wrong with it", () => {
    expect(variablesIn(version.messages)).toEqual(["company", "language"]);
    expect(draftProblem(draftFrom(version))).toBeUndefined();
    expect(draftProblem(draftFrom(undefined))).toBe("Write something first");
    expect(draftProblem({ ...draftFrom(version), tools: "[" })).toBe("What stands under tools is not JSON");
  });
});

it("a case is a line, and what is none is refused", () => {
  expect(casesIn(casesText(["a"]))).toEqual([{ variables: { a: "" }, input: "", expected: "" }]);
  expect(casesIn('{"variables":{"a":1}}\n\n{"input":"b","expected":"c"}')).toEqual([
    { variables: { a: 1 }, input: null, expected: null },
    { variables: {}, input: "b", expected: "c" },
  ]);
  for (const text of ["", "{", "[]", '{"variable":{}}', '{"variables":[]}', '{"input":1}', Array(51).fill("{}").join("\n")])
    expect(casesIn(text)).toBeUndefined();
});

it("code names the prompt by label or version, with a value of each variable's type", () => {
  const inputs = { properties: { count: { type: "integer" }, tone: { enum: ["warm"] }, all: { type: ["boolean", "null"] } } };
  const variables = exampleOf(inputs, ["count", "tone", "all", "it's"]);
  expect(variables).toEqual({ count: 1, tone: "warm", all: true, "it's": "… it's …" });
  const facts = { restUrl: "http://n:1", grpcAddress: "n:2", route: "chat", prompt: "reply", variables };
  const code = (pointer: string) => Object.fromEntries(promptSamples(true).map(({ name, of }) => [name, of({ ...facts, pointer })]));
  expect(code("@3")["curl"]).toContain('"prompt":{"name":"reply","version":3,"variables":{"count":1');
  expect(code("production")["curl"]).toContain('"label":"production"');
  expect(code("production")["curl"]).toContain("… it'\\''s …");
  expect(code("production")["Python (openai)"]).toContain('"all": True');
  expect(code("production")["Its own endpoint"]).toContain("curl http://n:1/v1/prompts/reply/run");
  expect(promptSamples(false).map(({ name }) => name)).not.toContain("Its own endpoint");
});

describe("cases of a dataset", () => {
  it("are lines, a request by itself or with what is expected", () => {
    const request = { model: "chat", messages: [] };
    expect(linesIn(`${JSON.stringify({ request, expected: "Hi" })}\n\n${JSON.stringify(request)}`)).toEqual([
      { request, expected: "Hi" },
      { request, expected: null },
    ]);
    for (const text of ["", "[]", "{", '{"request":1}', '{"request":{},"expected":1}']) expect(linesIn(text)).toBeUndefined();
  });

  it("or the newest calls whose content is kept, of one route or any", () => {
    expect(casesInput({ ...newCases, route: "chat" })).toEqual({ calls: { filter: { hasContent: true, routeName: ["chat"] }, limit: 50 } });
    expect(casesInput({ ...newCases, from: "lines", lines: '{"model":"chat"}' })).toEqual({
      cases: [{ request: { model: "chat" }, expected: null }],
    });
    expect([casesProblem(newCases), casesProblem({ ...newCases, limit: "0" }), casesProblem({ ...newCases, from: "lines" })]).toEqual([
      undefined,
      "How many calls, at most?",
      "Each line is a JSON object with a request",
    ]);
  });
});
