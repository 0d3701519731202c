/** A node says what it was started with when it registers and once a minute, not in every report; and nothing that is secret. */

import { hostname } from "node:os";
import { create } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { type NodeStatus, NodeStatusSchema } from "#proto/penstock/config/v1/node_pb.ts";
import { readDataPlaneSettings } from "../../data-plane/settings.ts";
import { nodeSettingsReport } from "../../data-plane/snapshot/node-settings-report.ts";

const secret = "5".repeat(64);
const environment = { PENSTOCK_PEPPER: "p3pper", PENSTOCK_SEALING_KEY: secret, PENSTOCK_SIGNING_KEY: secret, PENSTOCK_OPS_PORT: "4103" };
const signal = new AbortController().signal;
const status = create(NodeStatusSchema, { nodeId: "node-1" });

function listener() {
  const heard: NodeStatus[] = [];
  let deaf = false;
  return {
    heard,
    hear: (does: boolean) => {
      deaf = !does;
    },
    report: async (one: NodeStatus) => {
      if (deaf) throw new Error("nobody listens");
      heard.push(one);
    },
    close: async () => {},
  };
}

it("says its settings with the first report that is taken, and again after a minute", async () => {
  const to = listener();
  let nowMs = 0;
  const report = nodeSettingsReport(to, readDataPlaneSettings(environment).resolved, () => nowMs);
  to.hear(false);
  await expect(report.report(status, signal)).rejects.toThrow("nobody listens");
  to.hear(true);
  for (nowMs of [2_000, 4_000, 61_999, 62_000]) await report.report(status, signal);
  expect(to.heard.map(({ settings }) => settings.length > 0)).toEqual([true, false, false, true]);
});

it("says of each where it came from, and of secrets only whether they are set", async () => {
  const to = listener();
  await nodeSettingsReport(to, readDataPlaneSettings(environment).resolved).report(status, signal);
  const settings = to.heard[0]?.settings ?? [];
  const of = (name: string) => settings.find((setting) => setting.name === name);
  expect(of("PENSTOCK_OPS_PORT")).toMatchObject({ value: "4103", isSecret: false, origin: "environment" });
  expect(of("PENSTOCK_REST_PORT")).toMatchObject({ value: "4001", isSecret: false, origin: "default" });
  expect(of("PENSTOCK_PEPPER")).toMatchObject({ isSecret: true, origin: "environment" });
  expect(of("PENSTOCK_REDIS_URL")).toMatchObject({ isSecret: true, origin: "default" });
  expect(settings.filter(({ isSecret, value }) => isSecret && value !== undefined)).toEqual([]);
  expect(JSON.stringify(settings)).not.toContain("p3pper");
  expect(JSON.stringify(settings)).not.toContain(secret);
});

describe("a node's name", () => {
  it("is its host's where nobody says another", () => {
    expect(readDataPlaneSettings(environment).nodeName).toBe(hostname());
    expect(readDataPlaneSettings({ ...environment, PENSTOCK_NODE_NAME: "gateway-1" }).nodeName).toBe("gateway-1");
  });

  it.each([" gateway", "gate\nway", "x".repeat(101)])("is refused by name of the setting: %j", (name) => {
    expect(() => readDataPlaneSettings({ ...environment, PENSTOCK_NODE_NAME: name })).toThrow("PENSTOCK_NODE_NAME must be");
  });
});
