/**
 * Mustache templates as Liquid, for prompts that come from elsewhere. Pure. Mustache's sections mean a condition or a loop,
 * whichever the value is when it is rendered; Liquid wants it said. A section is a loop where its body prints the item (`{{.}}`)
 * or where the caller names it a list; inside, a name that is printed nowhere outside of loops is one of the item's.
 */
import Mustache from "mustache";

type Token = readonly [type: string, value: string, start: number, end: number, children?: readonly Token[]];

/** @throws Error that says which tag cannot be said in Liquid, or where the template is no Mustache. */
export function liquidOfMustache(source: string, lists: readonly string[] = []): string {
  // The library parses into nested tuples, which its types say are flat.
  const tokens = Mustache.parse(source) as unknown as readonly Token[];
  const outside = new Set<string>();
  const isLoop = ([type, value, , , children = []]: Token): boolean =>
    type === "#" && (lists.includes(value) || children.some(([inner, name]) => (inner === "name" || inner === "&") && name === "."));
  const collect = (level: readonly Token[]): void => {
    for (const token of level) {
      const [type, value, , , children = []] = token;
      if (!["name", "&", "#", "^"].includes(type)) continue;
      outside.add(rootOf(value));
      if (!isLoop(token)) collect(children);
    }
  };
  collect(tokens);

  const written = (level: readonly Token[], items: readonly string[]): string =>
    level
      .map((token) => {
        const [type, value, , , children = []] = token;
        switch (type) {
          case "text":
            return /\{[{%]|[%}]\}/.test(value) ? `{% raw %}${value}{% endraw %}` : value;
          case "name":
          case "&":
            return `{{ ${named(value, items)} }}`;
          case "^": {
            const name = named(value, items);
            return `{% unless ${name} and ${name} != empty %}${written(children, items)}{% endunless %}`;
          }
          case "#": {
            if (!isLoop(token)) return `{% if ${named(value, items)} %}${written(children, items)}{% endif %}`;
            const item = `item${items.length === 0 ? "" : items.length + 1}`;
            return `{% for ${item} in ${named(value, items)} %}${written(children, [...items, item])}{% endfor %}`;
          }
          case "!":
          case "=":
            return "";
          case ">":
            return `{% render "${value.replaceAll('"', "")}" %}`;
          default:
            throw new Error(`the tag "${type}${value}" cannot be said in Liquid`);
        }
      })
      .join("");

  const named = (name: string, items: readonly string[]): string => {
    const item = items.at(-1);
    if (name === ".") {
      if (item === undefined) throw new Error("{{.}} stands outside of a list");
      return item;
    }
    if (!/^[A-Za-z_][\w-]*(\.[A-Za-z_][\w-]*)*$/.test(name)) throw new Error(`"${name}" is no name of a variable in Liquid; rename it`);
    return item === undefined || outside.has(rootOf(name)) ? name : `${item}.${name}`;
  };
  return written(tokens, []);
}

const rootOf = (name: string): string => name.split(".", 1)[0] ?? name;
