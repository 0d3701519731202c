/**
 * Tells with some reports what the node was started with: with the first that is taken, and again each minute, because whoever took
 * the first may have lost it. The others, every two seconds, stay small.
 */
import { create } from "@bufbuild/protobuf";
import type { ResolvedSetting } from "#agreements/setting-source.ts";
import { type NodeSetting, NodeSettingSchema } from "#proto/penstock/config/v1/node_pb.ts";
import type { NodeStatusReport } from "./node-status-report.ts";

const everyMs = 60_000;
/** In characters: enough for any list that a person has written. */
const valueLengthMax = 1000;

/** @param resolved of secrets only whether they are set. */
export function nodeSettingsReport(
  report: NodeStatusReport,
  resolved: readonly ResolvedSetting[],
  nowMs: () => number = () => performance.now(),
): NodeStatusReport {
  const settings = resolved.map(nodeSetting);
  let dueAtMs = Number.NEGATIVE_INFINITY;
  return {
    report: async (status, signal) => {
      if (nowMs() < dueAtMs) return report.report(status, signal);
      await report.report({ ...status, settings }, signal);
      dueAtMs = nowMs() + everyMs;
    },
    close: () => report.close(),
  };
}

const nodeSetting = ({ name, value, isSecret, origin }: ResolvedSetting): NodeSetting =>
  create(NodeSettingSchema, {
    name,
    isSecret,
    origin,
    ...(value === null || isSecret ? {} : { value: value.slice(0, valueLengthMax).toWellFormed() }),
  });
