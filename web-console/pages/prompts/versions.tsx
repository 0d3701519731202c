/** A version: its messages, variables and labels, and all the others beside it. */
import { actorName } from "../../format/time.ts";
import { Card } from "../../shell/page.tsx";
import { Editor } from "../../ui/editor.tsx";
import { Badge, Code, Facts, When } from "../../ui/marks.tsx";
import { AllVersions, labelsAt } from "./all-versions.tsx";
import { LabelHistory } from "./label-history.tsx";
import { LabelsCard } from "./labels.tsx";
import type { PromptData } from "./prompt-page.tsx";
import { Labels } from "./prompts.tsx";
import type { VersionData } from "./version-query.ts";

export function Versions({
  prompt,
  version,
  onPick,
  onChanged,
}: {
  readonly prompt: PromptData;
  readonly version: VersionData;
  readonly onPick: (version: number) => void;
  readonly onChanged: () => void;
}) {
  return (
    <div className="grid two-one">
      <Card title={`Version ${version.version}`} actions={<Labels of={labelsAt(prompt, version.version)} />}>
        <div className="stack">
          <Facts
            of={[
              ["What changed", version.commitMessage === "" ? "–" : version.commitMessage],
              ["By", actorName(version.author)],
              ["When", <When key="when" at={version.createdAt} />],
              [
                "Variables",
                version.variables.length === 0 ? (
                  "none"
                ) : (
                  <span key="variables" className="row">
                    {version.variables.map((name) => (
                      <Badge key={name}>{name}</Badge>
                    ))}
                  </span>
                ),
              ],
            ]}
          />
          {version.messages.map((message, index) => (
            <div key={`${version.id} ${index}`} className="stack tight">
              <h3>{message.role.toLowerCase()}</h3>
              <Editor label={`The ${message.role.toLowerCase()} message`} language="liquid" value={message.template} lines={2} />
            </div>
          ))}
          {(
            [
              ["Default parameters", version.defaultParameters],
              ["Tools", version.tools],
              ["Schema of the answer", version.responseSchema],
            ] as const
          ).map(
            ([name, value]) =>
              value != null && (
                <div key={name} className="stack tight">
                  <h3>{name}</h3>
                  <Code text={JSON.stringify(value, null, 2)} label={name} />
                </div>
              ),
          )}
          <details>
            <summary>Schema of its variables</summary>
            <Code text={JSON.stringify(version.inputs, null, 2)} label="Schema of its variables" />
          </details>
        </div>
      </Card>
      <div className="stack">
        <LabelsCard prompt={prompt} onChanged={onChanged} />
        <LabelHistory moves={prompt.labelMoves} />
        <AllVersions prompt={prompt} shown={version.version} onPick={onPick} />
      </div>
    </div>
  );
}
