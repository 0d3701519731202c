/** Whether what one sees is live, and how far the newest revision has come, node by node. */
import { Link } from "@tanstack/react-router";
import { type LiveNode, useLive } from "../graphql/live.ts";
import { useOffline, useUnanswered } from "../graphql/unanswered.ts";
import { Hint } from "../ui/hint.tsx";

export function LiveMark() {
  const { state, nodes, revision } = useLive();
  const unanswered = useUnanswered();
  const offline = useOffline();
  const alive = nodes.filter((node) => node.state !== "gone");
  const current = alive.filter(isCurrent);
  if (state !== "live" || unanswered || offline)
    return (
      <span className="live-mark" role="status">
        <i className="dot warn" aria-hidden />{" "}
        <span className="words">{offline ? "Offline" : state === "connecting" ? "Connecting" : "Reconnecting"}</span>
      </span>
    );
  const behind = alive.length - current.length;
  const tone = alive.length === 0 ? "bad" : behind > 0 ? "warn" : "good";
  const words = alive.length === 0 ? "no node" : `${current.length}/${alive.length} nodes`;
  return (
    <Hint
      text={
        revision === undefined
          ? "No node has reported a revision yet"
          : `Revision ${revision} serves on ${current.length} of ${alive.length} nodes`
      }
    >
      <Link to="/nodes" className="live-mark" aria-label={`Live, revision ${revision ?? "unknown"}, ${words}`}>
        <i className={`dot ${tone}`} aria-hidden />
        <span className="words">
          Live · revision {String(revision ?? "–")} · {words}
        </span>
      </Link>
    </Hint>
  );
}

export const isCurrent = ({ revisionsBehind }: Pick<LiveNode, "revisionsBehind">): boolean => revisionsBehind === "0";
