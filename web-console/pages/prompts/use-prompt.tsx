/** Code that calls with this prompt, for the clients that people use: by a label, which moves, or by the version that is looked at. */
import { useState } from "react";
import { Card } from "../../shell/page.tsx";
import { SelectField } from "../../ui/field.tsx";
import { Code } from "../../ui/marks.tsx";
import { grpcAddressOf, restUrlOf } from "../developers/addresses.ts";
import type { PromptData, PromptPageData, VersionData } from "./prompt-page.tsx";
import { exampleOf, promptSamples } from "./prompt-samples.ts";

interface UsePromptProps {
  readonly prompt: PromptData;
  readonly version: VersionData;
  readonly data: PromptPageData;
}

export function UsePrompt({ prompt, version, data }: UsePromptProps) {
  const routes = data.routes.edges.map(({ node }) => node);
  const bound = routes.find((route) => route.prompt?.promptId === prompt.id);
  const [pointer, setPointer] = useState(prompt.labels.some(({ name }) => name === "production") ? "production" : `@${version.version}`);
  const [route, setRoute] = useState(bound?.name ?? routes[0]?.name ?? "");
  const ownRoute = routes.find(({ id }) => id === prompt.runRouteId)?.name;
  const facts = {
    restUrl: restUrlOf(data.nodes),
    grpcAddress: grpcAddressOf(data.nodes),
    route,
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
          <SelectField
            label="On route"
            value={route}
            onChange={setRoute}
            choices={routes.map(({ name }) => ({ value: name, label: name }))}
          />
        </div>
        {bound !== undefined && (
          <p className="quiet">
            Route {bound.name} binds it: there the variables alone are enough, and a call may leave out name and label.
          </p>
        )}
        {promptSamples(ownRoute !== undefined).map(({ name, of }) => (
          <div key={name} className="stack tight">
            <h3>{name}</h3>
            <Code text={of(facts)} label={name} />
          </div>
        ))}
        {ownRoute === undefined && (
          <p className="quiet">Under Settings it can be an endpoint of its own, which takes the variables and nothing else.</p>
        )}
      </div>
    </Card>
  );
}
