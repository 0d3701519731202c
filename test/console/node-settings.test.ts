/** What nodes were started with, side by side: what differs is named, what is a node's own is not. */
import { expect, it } from "vitest";
import { settingsOfNodes, type Told, type ToldNode } from "../../web-console/pages/settings/node-settings.ts";

const told = (name: string, value: string | null, origin: Told["origin"] = "DEFAULT", isSecret = false): Told => ({
  name: `PENSTOCK_${name}`,
  value,
  origin,
  isSecret,
});
const node = (name: string, ...settings: Told[]): ToldNode => ({ id: name, name, settings });
const differing = (nodes: readonly ToldNode[]) => settingsOfNodes(nodes).flatMap(({ name, differs }) => (differs ? [name] : []));

it("differ by their values, and not by where the same value comes from", () => {
  const nodes = [
    node("a", told("REST_PORT", "4001"), told("DRAIN_MS", "1"), told("HOST", "::1")),
    node("b", told("REST_PORT", "4101", "ENVIRONMENT"), told("DRAIN_MS", "1", "ENVIRONMENT"), told("HOST", "::1")),
    node("c", told("REST_PORT", "4101", "ENVIRONMENT"), told("DRAIN_MS", "1"), told("HOST", "::1")),
  ];
  expect(differing(nodes)).toEqual(["PENSTOCK_REST_PORT"]);
  expect(settingsOfNodes(nodes).at(-1)?.answers).toEqual([
    { value: "4101", isSecret: false, origin: "ENVIRONMENT", nodes: ["b", "c"] },
    { value: "4001", isSecret: false, origin: "DEFAULT", nodes: ["a"] },
  ]);
});

it("of secrets differ where one is set and another is not", () => {
  const secret = (origin: Told["origin"]) => told("REDIS_URL", null, origin, true);
  expect(differing([node("a", secret("FILE")), node("b", secret("ENVIRONMENT"))])).toEqual([]);
  expect(differing([node("a", secret("FILE")), node("b", secret("DEFAULT"))])).toEqual(["PENSTOCK_REDIS_URL"]);
});

it("say which nodes do not know a setting, and leave out nodes that have said nothing", () => {
  const nodes = [node("new", told("HOST", "::1"), told("LATER", "x")), node("old", told("HOST", "::1")), node("silent")];
  expect(settingsOfNodes(nodes).map(({ name, unknownTo, differs }) => [name, unknownTo, differs])).toEqual([
    ["PENSTOCK_HOST", [], false],
    ["PENSTOCK_LATER", ["old"], true],
  ]);
});

it("do not differ by what is each node's own", () => {
  const own = (name: string) => node(name, told("NODE_NAME", name), told("DATA_DIR", `/${name}`));
  expect(differing([own("a"), own("b")])).toEqual([]);
});
