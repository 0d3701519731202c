/** Prompt templates: whoever writes one, or fills one in, reads nothing but the variables and runs nothing but the template. */
import { performance } from "node:perf_hooks";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compileTemplate, partialsIn, templateLengthMax } from "#agreements/prompt-template.ts";

const render = (source: string, variables: Readonly<Record<string, unknown>> = {}): string => compileTemplate(source).render(variables);

describe("variables are derived from the template", () => {
  test.each<[string, string[]]>([
    ["You are kind.", []],
    ["{{ name }}", ["name"]],
    ["{{ b }} {{ a }} {{ b }}", ["a", "b"]],
    ["{{ user.name }} {{ user.age }}", ["user"]],
    ["{% for d in docs %}{{ d.title }}{{ forloop.index }}{% endfor %}", ["docs"]],
    ["{% if formal %}Sir{% else %}{{ nick }}{% endif %}", ["formal", "nick"]],
    ["{% assign x = y %}{{ x }}", ["y"]],
    ["{% capture w %}{{ m }}{% endcapture %}{{ w }}", ["m"]],
    ["{% liquid assign z = y\n echo z %}", ["y"]],
    ["{{ a | append: b | default: c }}", ["a", "b", "c"]],
    ["{{ a[b] }}", ["a", "b"]],
    ["{% case a %}{% when b %}{{ c }}{% endcase %}", ["a", "b", "c"]],
    ["{% raw %}{{ x }}{% endraw %}{% comment %}{{ y }}{% endcomment %}", []],
    ["{% increment n %}", []],
    ["{{ constructor }}{{ __proto__ }}", ["__proto__", "constructor"]],
  ])("%s", (source, variables) => {
    expect(compileTemplate(source).variables).toEqual(variables);
  });
});

describe("a template renders", () => {
  test.each<[string, Record<string, unknown>, string]>([
    ["plain text with { and } and %", {}, "plain text with { and } and %"],
    ["Hello {{ name }}!", { name: "Ada" }, "Hello Ada!"],
    ["{% for d in docs %}{{ forloop.index }}. {{ d.t }}\n{% endfor %}", { docs: [{ t: "a" }, { t: "b" }] }, "1. a\n2. b\n"],
    ["{{ data | json }}", { data: { a: [1, "x"] } }, '{"a":[1,"x"]}'],
    ["{% if q %}yes{% else %}no{% endif %}", { q: false }, "no"],
    ["{{ x }}", { x: "<b>&amp;\"'\u2028" }, "<b>&amp;\"'\u2028"],
    ["{{ x | replace_first: 'a', '$&$1' }}", { x: "a" }, "$&$1"],
    ["{{ n | plus: 1 }}", { n: 41 }, "42"],
  ])("%j", (source, variables, text) => {
    expect(render(source, variables)).toBe(text);
  });

  test("a RAG prompt of five documents", () => {
    const docs = Array.from({ length: 5 }, (_, i) => ({ title: `T${i}`, text: "x".repeat(500) }));
    const text = render("{% for d in docs %}[{{ forloop.index }}] {{ d.title }}: {{ d.text }}\n{% endfor %}Question: {{ q }}", {
      docs,
      q: "?",
    });
    expect(text.split("\n")).toHaveLength(6);
  });
});

test("what is in a value is text, whatever it looks like", () => {
  const pieces = [
    "{{",
    "}}",
    "{%",
    "%}",
    "{{ 7 | times: 7 }}",
    "{% assign a = 1 %}",
    "{{ secret }}",
    "{{-",
    "-%}",
    "{% raw %}",
    "${1}",
    "<%= 1 %>",
    "#{1}",
    "a",
    " ",
    "\n",
  ];
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...pieces), { maxLength: 10 }), (parts) => {
      const value = parts.join("");
      expect(render("<{{ value }}>", { value, secret: "s" })).toBe(`<${value}>`);
      expect(render("{% for v in list %}{{ v }}{% endfor %}", { list: [value] })).toBe(value);
      expect(render("{% assign v = value | append: '' %}{{ v }}", { value })).toBe(value);
      expect(render("{% capture v %}{{ value }}{% endcapture %}{{ v }}", { value })).toBe(value);
    }),
  );
});

describe("no file and no other template can be reached:", () => {
  test.each(["include", "render", "layout", "block"])("%s", (tag) => {
    for (const source of [
      `{% ${tag} "package.json" %}`,
      `{%- ${tag} package.json -%}`,
      `{% liquid ${tag} "/etc/passwd" %}`,
      `{% ${tag} x %}{% end${tag} %}`,
    ])
      expect(() => compileTemplate(source)).toThrow(/not found|not supported|invalid|no partial of that name|named in quotes/);
  });
});

describe("no property beyond an object's own can be read:", () => {
  const names = [
    "constructor",
    "__proto__",
    "prototype",
    "toString",
    "valueOf",
    "hasOwnProperty",
    "__defineGetter__",
    "__lookupGetter__",
    "call",
    "bind",
    "then",
  ];
  const values: Record<string, unknown> = { o: {}, a: [1], s: "text", n: 1 };
  test.each(names)("%s", (name) => {
    for (const variable of Object.keys(values)) {
      for (const source of [
        `{{ ${variable}.${name} }}`,
        `{{ ${variable}["${name}"] }}`,
        `{% assign k = "${name}" %}{{ ${variable}[k] }}`,
        `{% for x in ${variable}.${name} %}{{ x }}{% endfor %}`,
      ])
        expect(() => render(source, values), source).toThrow("is missing");
    }
    expect(() => render(`{{ ${name} }}`, {})).toThrow("is missing");
    // Filters that take a property's name find none, or say so.
    for (const filter of ["map", "where", "sort", "group_by", "sum", "find", "reject", "has", "uniq", "compact"]) {
      let text = "";
      try {
        text = render(`{{ list | ${filter}: "${name}" | json }}`, { list: [{}, {}] });
      } catch (error) {
        text = (error as Error).message;
      }
      expect(text).not.toMatch(/function|native code|\[object Function/i);
    }
  });

  test("and a variable of such a name is only what the caller gave", () => {
    const variables = JSON.parse('{"__proto__": "p", "constructor": {"name": "c"}}') as Record<string, unknown>;
    expect(render("{{ __proto__ }} {{ constructor.name }}", variables)).toBe("p c");
    expect(() => render("{{ constructor.constructor }}", variables)).toThrow("is missing");
  });
});

describe("attacks on other engines are text or mistakes here:", () => {
  test.each([
    "{{ self }}",
    "{{ this }}",
    "{{ global }}",
    "{{ globalThis.process }}",
    "{{ process.env }}",
    "{{ require }}",
    "{{ config }}",
    "{{ settings }}",
    "{{ request.application }}",
    "{{ env }}",
    "{{ ''.__class__.__mro__ }}",
    "{{ [].constructor }}",
    "{{ x.constructor.constructor('return process')() }}",
    '{{ range.constructor("return 1")() }}',
    "{{ (1).constructor }}",
    "{{ cycler.__init__.__globals__ }}",
    "{{ lipsum }}",
    "{{ import('fs') }}",
    "{{ x() }}",
    "{{ `1` }}",
    "{{ x => x }}",
    "{{ eval('1') }}",
    "{% import os %}",
    "{% set x = 1 %}",
    "{% debug %}",
    "{% extends 'a' %}",
    "{% macro a() %}{% endmacro %}",
    "{% call x() %}{% endcall %}",
    "{% with %}{% endwith %}",
    "{% php %}",
    "{% eval x %}",
    "{% function %}",
    "{{ x | attr('constructor') }}",
    "{{ x | safe }}",
    "{{ x | filter('system') }}",
    "{{ 'id' | system }}",
    "{{ 'x' | exec }}",
    "{{ x | constructor }}",
    "{{ x | __proto__ }}",
    "{{ x | toString }}",
    "{{ x | hasOwnProperty }}",
  ])("%s", (source) => {
    expect(() => render(source, { x: {} })).toThrow();
  });

  test.each(["${7*7}", "<%= 7*7 %>", "#{7*7}", "*{7*7}", "@(7*7)", "[[${7*7}]]", "{7*7}", "{{'{'}}{7*7}", "$where", "{#if x}{/if}"])(
    "%s",
    (source) => {
      expect(render(source)).not.toContain("49");
    },
  );
});

/** Generous: the bound is 50 ms, a loaded machine is slow, and without the bound each of these takes seconds or does not end. */
const boundMs = 1500;

describe("nothing runs or grows without a bound:", () => {
  test.each<[string, string, Record<string, unknown>]>([
    ["a range of a hundred million", "{% for i in (1..100000000) %}{% endfor %}", {}],
    ["a range of more than memory", "{{ (1..9999999999) | size }}", {}],
    ["loops within loops", "{% for i in (1..9000) %}{% for j in (1..9000) %}x{% endfor %}{% endfor %}", {}],
    [
      "loops over the caller's list",
      "{% for i in a %}{% for j in a %}{% for k in a %}{{ i }}{% endfor %}{% endfor %}{% endfor %}",
      { a: Array.from({ length: 1000 }, () => 1) },
    ],
    ["rows of a table", "{% tablerow i in (1..1000000) cols:1 %}x{% endtablerow %}", {}],
    ["a text that doubles", '{% assign x = "a" %}{% for i in (1..60) %}{% assign x = x | append: x %}{% endfor %}{{ x }}', {}],
    [
      "a capture that doubles",
      '{% assign x = "a" %}{% for i in (1..60) %}{% capture x %}{{ x }}{{ x }}{% endcapture %}{% endfor %}{{ x }}',
      {},
    ],
    ["a date as wide as memory", '{{ "now" | date: "%999999999d" }}', {}],
    ["a replacement that multiplies", "{{ x | replace: 'a', y }}", { x: "a".repeat(90_000), y: "b".repeat(90_000) }],
    ["a list out of a long text", "{{ x | split: '' | join: ',' }}", { x: "a".repeat(2_000_000) }],
    ["a list that doubles", "{% assign x = y %}{% for i in (1..60) %}{% assign x = x | concat: x %}{% endfor %}{{ x | size }}", { y: [1] }],
  ])("%s", (_, source, variables) => {
    const template = compileTemplate(source);
    const startedAt = performance.now();
    expect(() => template.render(variables)).toThrow(/limit exceeded|are allowed/);
    expect(performance.now() - startedAt).toBeLessThan(boundMs);
  });

  test("a result that is too long", () => {
    expect(render("{{ x }}", { x: "a".repeat(templateLengthMax) })).toHaveLength(templateLengthMax);
    expect(() => render("{{ x }}.", { x: "a".repeat(templateLengthMax) })).toThrow("100000 are allowed");
  });

  test("a template that is too long", () => {
    expect(() => compileTemplate("a".repeat(templateLengthMax))).not.toThrow();
    expect(() => compileTemplate("a".repeat(templateLengthMax + 1))).toThrow("this one has 100001");
  });

  test("tags within tags, and brackets within one", () => {
    const tags = (count: number) => "{% if a %}".repeat(count) + "x" + "{% endif %}".repeat(count);
    const lists = (count: number) => `{{ ${"a[".repeat(count)}0${"]".repeat(count)} }}`;
    expect(render(tags(100), { a: true })).toBe("x");
    expect(() => compileTemplate(tags(101))).toThrow("100 levels");
    expect(() => compileTemplate(`{% liquid\n${"if a\n".repeat(101)}${"endif\n".repeat(101)}%}`)).toThrow("100 levels");
    expect(() => compileTemplate(lists(100))).not.toThrow();
    expect(() => compileTemplate(lists(101))).toThrow("100 levels");
    // Text is text.
    expect(() => compileTemplate(`${"[(".repeat(200)}{{ a }}`)).not.toThrow();
  });

  test("patterns that some engines need quadratic time for", () => {
    const filters = [
      "strip_html",
      "strip",
      "rstrip",
      "strip_newlines",
      "normalize_whitespace",
      "truncatewords: 3",
      "number_of_words",
      "slugify",
      "escape_once",
      "url_decode",
      "newline_to_br",
    ];
    const startedAt = performance.now();
    for (const text of ["<script", "<!--", " ", "\r", "<", "&", "%", "a "]) {
      for (const filter of filters) {
        try {
          render(`{{ x | ${filter} }}`, { x: `${text.repeat(30_000)}` });
        } catch {
          // Too long, or no such escape: what counts is that it ended.
        }
      }
    }
    expect(performance.now() - startedAt).toBeLessThan(4 * boundMs);
  });
});

describe("a mistake is named with its place:", () => {
  test.each([
    ["{{ x", "line:1, col:1"],
    ["a\n{% if %}{% endif %}", "line:2"],
    ["{% for %}{% endfor %}", "line:1"],
    ["{% if a %}", "not closed"],
    ["{% endif %}", "not found"],
    ["{{ x | nofilter }}", "undefined filter: nofilter"],
  ])("%j", (source, message) => {
    expect(() => render(source, { x: 1, a: 1 })).toThrow(message);
  });

  test("a variable that is missing", () => {
    expect(() => render("{{ a }} {{ b }}", { a: 1 })).toThrow('the variable "b" is missing');
    expect(() => render("{{ user.name }}", { user: {} })).toThrow('the variable "user.name" is missing');
  });
});

test("one rendering leaves nothing behind for the next", () => {
  const template = compileTemplate("{% increment n %}{% assign x = v %}{{ x }}");
  expect(template.render({ v: "a" })).toBe("0a");
  expect(template.render({ v: "b" })).toBe("0b");
  const charging = compileTemplate("{{ x | upcase | size }}");
  // The memory's bound is that of one rendering, not of all together.
  for (let i = 0; i < 25; i++) expect(charging.render({ x: "a".repeat(50_000) })).toBe("50000");
});

test("a partial comes with the version, is named in quotes, and sees only what it is handed", () => {
  const partials = { "support/sign-off": "Yours, {{ from }}" };
  const template = compileTemplate('Hi {{ name }}. {% render "support/sign-off", from: company %}', partials);
  expect(template.variables).toEqual(["company", "name"]);
  expect(template.render({ name: "Ada", company: "Acme" })).toBe("Hi Ada. Yours, Acme");
  expect(partialsIn('{% if a %}{% render "b" %}{% else %}{% render "a" %}{% endif %}')).toEqual(["a", "b"]);
  expect(() => compileTemplate('{% render "other" %}', partials)).toThrow(/no partial of that name/);
  expect(() => compileTemplate("{% render name %}", partials)).toThrow(/named in quotes/);
});
