/** Says what a change has reached: all nodes and how fast, or who is missing and why. */
import { counted, duration } from "../format/numbers.ts";
import { say } from "../ui/toasts.tsx";
import type { Outcome } from "./outcome.ts";

export function tell(done: string, outcome: Outcome<unknown>): void {
  if (outcome.kind !== "done") {
    say(outcome.kind === "conflict" ? "Somebody else has changed it meanwhile" : "Not done", outcome.message, "error");
    return;
  }
  if (outcome.revision === undefined) return say(done);
  const { nodes, revision } = outcome;
  const missing = nodes.filter(({ applied }) => !applied);
  if (nodes.length === 0) say(done, `Revision ${revision}. No node is connected; they take it when they come.`, "warning");
  else if (missing.length === 0)
    say(
      done,
      `Revision ${revision} serves on ${counted(nodes.length, "node")} after ${duration(Math.max(...nodes.map(({ waitedMs }) => waitedMs)))}.`,
    );
  else
    say(
      done,
      `Revision ${revision} is on ${nodes.length - missing.length} of ${counted(nodes.length, "node")}. ${missing
        .map(({ nodeId, refusedReason }) => `${nodeId}: ${refusedReason ?? "has not answered yet"}`)
        .join("; ")}`,
      "warning",
    );
}
