/** Code that calls with this prompt, for the clients that people use: by a label, which moves, or by the version that is looked at. */

import { useState } from "react";
import { ChooseField } from "../../change/choose-field.tsx";
import { Card } from "../../shell/page.tsx";
import { SelectField } from "../../ui/field.tsx";
import { Code } from "../../ui/marks.tsx";
import { grpcAddressOf, restUrlOf } from "../developers/addresses.ts";
import { type PromptData, type PromptPageData, routeFor } from "./prompt-page.tsx";
import { exampleOf, promptSamples } from "./prompt-samples.ts";
import type { VersionData } from "./version-query.ts";

interface UsePromptProps {
  readonly prompt: PromptData;
  readonly version: VersionData;
  readonly data: PromptPageData;
}

export function UsePrompt({ prompt, version, data }: UsePromptProps) {
  const bound = prompt.usedBy.find(({ kind }) => kind === "ROUTE");
  const [pointer, setPointer] = useState(prompt.labels.some(({ name }) => name === "production") ? "production" : `@${version.version}`);
  const [route, setRoute] = useState(routeFor(data));
  const facts = {
    restUrl: restUrlOf(data.nodes),
    grpcAddress: grpcAddressOf(data.nodes),
    route: route?.name ?? "",
    prompt: prompt.name,
    pointer,
    variables: exampleOf(version.inputs, version.variables),
  };
  return (
    <Card title="Use it">
      <div className="stack">
        <div className="field-grid">
          <SelectField
            label="Which version"
            value={pointer}
            onChange={setPointer}
            choices={[
              ...prompt.labels.map(({ name, version: now }) => ({ value: name, label: `whatever ${name} is (now version ${now})` })),
              { value: `@${version.version}`, label: `version ${version.version}, for good` },
            ]}
          />
          <ChooseField label="On route" of="routes" value={route?.id ?? ""} named={route?.name} onChange={setRoute} />
        </div>
        {bound !== undefined && (
          <p className="quiet">
            Route {bound.name} binds it: there the variables alone are enough, and a call may leave out name and label.
          </p>
        )}
        {promptSamples(prompt.runRouteId !== null).map(({ name, of }) => (
          <div key={name} className="stack tight">
            <h3>{name}</h3>
            <Code text={of(facts)} label={name} />
          </div>
        ))}
        {prompt.runRouteId === null && (
          <p className="quiet">Under Settings it can be an endpoint of its own, which takes the variables and nothing else.</p>
        )}
      </div>
    </Card>
  );
}
