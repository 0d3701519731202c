/** Replays in words. */
import { graphql, type ResultOf } from "../../graphql/documents.ts";
import type { Tone } from "../../ui/marks.tsx";

export const candidateFragment = graphql(`
  fragment Candidate on ReplayCandidate {
    route
    promptName
    promptLabel
    promptVersion
    variant
    revision
    parameters
  }
`);

/** "support-answer version 3 on route chat, with {"temperature":0}" */
export function candidateName(candidate: ResultOf<typeof candidateFragment>): string {
  const { route, promptName, promptLabel, promptVersion, variant, revision, parameters } = candidate;
  const parts = [
    promptName !== null && `${promptName} ${promptLabel === null ? "" : `@ ${promptLabel}, `}version ${promptVersion}`,
    route !== null && `route ${route}`,
    variant !== null && `variant ${variant}`,
    revision !== null && `as of revision ${revision}`,
    parameters != null && JSON.stringify(parameters),
  ].filter((part) => part !== false);
  return parts.length === 0 ? "things as they are" : parts.join(", ");
}

export const stateTones: Readonly<Record<string, Tone>> = { RUNNING: "info", FINISHED: "good", FAILED: "bad", CANCELLED: "neutral" };
