/** Revisions as marks on a chart: what was changed, by its kind. */
import { graphql, type ResultOf } from "../../graphql/documents.ts";

export const changeFragment = graphql(`
  fragment OverviewChange on Revision {
    number
    createdAt
    actor
    summary
  }
`);

export type OverviewChange = ResultOf<typeof changeFragment>;

export type ChangeKind = "prompt" | "experiment" | "configuration";

/** By the word that its summary begins with. */
export function changeKind(summary: string): ChangeKind {
  const [word = ""] = summary.split(/[^a-z]/i, 1);
  if (word === "prompt" || word === "label") return "prompt";
  return word === "experiment" || word === "rollout" || word === "bandit" ? "experiment" : "configuration";
}

export const changeWords: Readonly<Record<ChangeKind, string>> = {
  prompt: "prompt",
  experiment: "experiment",
  configuration: "configuration",
};

/** As upright lines of a chart, in seconds since the epoch; those that fall outside its times are not drawn. */
export const changeMarks = (changes: readonly OverviewChange[]) =>
  changes.map(({ number, createdAt, summary }) => ({
    time: Date.parse(createdAt) / 1000,
    label: `Revision ${number}: ${summary}`,
    kind: changeKind(summary),
    to: `/revisions/${number}`,
  }));
