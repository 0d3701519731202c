/** Says what a change has reached: all nodes and how fast, or who is missing and why. */
import { counted, duration } from "../format/numbers.ts";
import { say } from "../ui/toasts.tsx";
import type { Acknowledgement, Outcome } from "./outcome.ts";

export function tell(done: string, outcome: Outcome<unknown>): void {
  if (outcome.kind !== "done")
    say(outcome.kind === "conflict" ? "Somebody else has changed it meanwhile" : "Not done", outcome.message, "error");
  else if (outcome.revision === undefined) say(done);
  else say(done, reached(outcome.revision, outcome.nodes), outcome.nodes.some(({ applied }) => !applied) ? "warning" : "info");
}

function reached(revision: string, nodes: readonly Acknowledgement[]): string {
  const missing = nodes.filter(({ applied }) => !applied);
  if (nodes.length === 0) return `Revision ${revision}. No node is connected; they take it when they come.`;
  if (missing.length === 0)
    return `Revision ${revision} serves on ${counted(nodes.length, "node")} after ${duration(Math.max(...nodes.map(({ waitedMs }) => waitedMs)))}.`;
  const reasons = missing.map(({ nodeName, refusedReason }) => `${nodeName}: ${refusedReason ?? "has not answered yet"}`);
  return `Revision ${revision} is on ${nodes.length - missing.length} of ${counted(nodes.length, "node")}. ${reasons.join("; ")}`;
}
