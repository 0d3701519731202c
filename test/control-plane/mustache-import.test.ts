/** Mustache templates say the same in Liquid: rendered by both, they give the same text. */
import Mustache from "mustache";
import { expect, it } from "vitest";
import { compileTemplate } from "#agreements/prompt-template.ts";
import { liquidOfMustache } from "../../control-plane/operations/mustache-import.ts";

const view = {
  company: "Acme & Sons",
  vip: true,
  plain: false,
  docs: [{ title: "A" }, { title: "B" }],
  tags: ["x", "y"],
  none: [],
  user: { name: "Ada" },
};

it.each([
  ["names", "You speak for {{{company}}}, {{&company}}. {{user.name}}!", []],
  ["conditions", "{{#vip}}Dear {{user.name}}{{/vip}}{{^plain}}, welcome{{/plain}}{{#plain}}no{{/plain}}", []],
  ["lists by name", "{{#docs}}- {{title}} for {{{company}}}\n{{/docs}}{{{company}}}", ["docs"]],
  ["lists by their body", "{{#tags}}<{{.}}>{{/tags}}{{^none}}nothing{{/none}}", []],
  ["comments and other delimiters", "a{{! not said }}b{{=<% %>=}}<% user.name %>", []],
  ["what Liquid would take for a tag", "{{=<% %>=}}literal {{ braces }} and <% user.name %>", []],
])("%s", (_, source, lists) => {
  const plain = Mustache.render(source, view, {}, { escape: (text) => String(text) });
  expect(compileTemplate(liquidOfMustache(source, lists)).render(view)).toBe(plain);
});

it("says partials by name, and what it cannot say", () => {
  expect(liquidOfMustache("{{> support/footer}}")).toBe('{% render "support/footer" %}');
  expect(() => liquidOfMustache("{{first name}}")).toThrow(/"first name" is no name/);
  expect(() => liquidOfMustache("{{.}}")).toThrow(/outside of a list/);
  expect(() => liquidOfMustache("{{#a}}")).toThrow(/Unclosed section/);
});
