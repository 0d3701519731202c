/** What differs between two versions, and what both answer to the same cases. */
import type { Choice } from "../../change/choices.ts";
import { ChooseField } from "../../change/choose-field.tsx";
import { versionName } from "../../change/prompt-pointers.ts";
import { Card } from "../../shell/page.tsx";
import { TextDiff } from "../../ui/text-diff.tsx";
import type { PromptData } from "./prompt-page.tsx";
import { ReplayVersions } from "./replay-versions.tsx";
import { useVersion, type VersionData } from "./version-query.ts";

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
  readonly onPick: (patch: { v?: number; with?: number | undefined }) => void;
}) {
  const found = useVersion(prompt, older > 0 ? older : undefined);
  const before = found ?? undefined;
  const reading = older > 0 && found === undefined;
  const choice = { of: "promptVersions", within: prompt.id } as const;
  return (
    <>
      <Card title="What differs">
        <div className="stack">
          <div className="field-grid">
            <ChooseField
              {...choice}
              label="From"
              value={before === undefined && !reading ? "" : `@${older}`}
              named={versionName(older)}
              {...(before === undefined ? { none: "nothing" } : {})}
              onChange={({ id }) => onPick({ with: Number(id.slice(1)) || undefined })}
            />
            <ChooseField
              {...choice}
              label="To"
              value={`@${newer.version}`}
              named={versionName(newer.version)}
              onChange={({ id }) => onPick({ v: Number(id.slice(1)) })}
            />
          </div>
          {reading ? (
            <p className="quiet">Reading version {older} …</p>
          ) : (
            <TextDiff label="What differs between the two versions" before={asText(before)} after={asText(newer)} />
          )}
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
