/** What differs between two versions, and what both answer to the same cases. */
import type { Choice } from "../../change/choices.ts";
import { Card } from "../../shell/page.tsx";
import { SelectField } from "../../ui/field.tsx";
import { TextDiff } from "../../ui/text-diff.tsx";
import type { PromptData } from "./prompt-page.tsx";
import { ReplayVersions } from "./replay-versions.tsx";
import type { VersionData } from "./version-query.ts";

type Comparable = Pick<VersionData, "messages" | "defaultParameters" | "tools" | "responseSchema">;

export const asText = (version: Comparable | undefined): string =>
  version === undefined
    ? ""
    : [
        ...version.messages.map(({ role, template }) => `── ${role.toLowerCase()}\n${template}`),
        ...(
          [
            ["default parameters", version.defaultParameters],
            ["tools", version.tools],
            ["schema of the answer", version.responseSchema],
          ] as const
        ).flatMap(([name, value]) => (value == null ? [] : [`── ${name}\n${JSON.stringify(value, null, 2)}`])),
      ].join("\n\n");

export function Compare({
  prompt,
  newer,
  older,
  route,
  onPick,
}: {
  readonly prompt: PromptData;
  readonly newer: VersionData;
  readonly older: number;
  readonly route: Choice | undefined;
  readonly onPick: (patch: { v?: number; with?: number }) => void;
}) {
  const choices = prompt.versions.map(({ version, commitMessage }) => ({
    value: String(version),
    label: `${version}: ${commitMessage || "no message"}`,
  }));
  const before = prompt.versions.find(({ version }) => version === older);
  return (
    <>
      <Card title="What differs">
        <div className="stack">
          <div className="field-grid">
            <SelectField
              label="From"
              value={String(before?.version ?? "")}
              onChange={(value) => onPick({ with: Number(value) })}
              choices={before === undefined ? [{ value: "", label: "nothing" }, ...choices] : choices}
            />
            <SelectField label="To" value={String(newer.version)} onChange={(value) => onPick({ v: Number(value) })} choices={choices} />
          </div>
          <TextDiff label="What differs between the two versions" before={asText(before)} after={asText(newer)} />
        </div>
      </Card>
      {before !== undefined && (
        <ReplayVersions
          promptId={prompt.id}
          baseline={before.version}
          candidate={newer.version}
          variables={newer.variables}
          route={route}
        />
      )}
    </>
  );
}
