/** Code that calls a route, for the clients that people use, and a button that calls it from here. */
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { useRefusal, useViewer } from "../../session/viewer.ts";
import { Card } from "../../shell/page.tsx";
import { Button } from "../../ui/button.tsx";
import { Code, Notice } from "../../ui/marks.tsx";
import { type CallState, runCall } from "../playground/run-call.ts";
import { grpcAddressOf } from "./addresses.ts";
import type { Data, Key, Route } from "./developers.tsx";
import { samples } from "./samples.ts";

interface SamplesProps {
  readonly base: string;
  readonly data: Data;
  readonly route: Route;
  /** Undefined: none may call it. */
  readonly caller: Key | undefined;
  readonly picked: string;
  readonly onPick: (sample: string) => void;
}

export function Samples({ base, data, route, caller, picked, onPick }: SamplesProps) {
  const sample = samples.find(({ id }) => id === picked) ?? samples[0];
  const facts = { restUrl: base, grpcAddress: grpcAddressOf(data.nodes), route: route.name, key: "$PENSTOCK_API_KEY" };
  return (
    <Card title="Call it">
      <div className="stack">
        <div className="tabs" role="tablist" aria-label="Client">
          {samples.map(({ id, name }) => (
            <button key={id} type="button" role="tab" aria-selected={id === sample?.id} aria-controls="sample" onClick={() => onPick(id)}>
              {name}
            </button>
          ))}
        </div>
        <div id="sample" role="tabpanel" aria-label={sample?.name ?? ""}>
          <Code text={sample?.of(facts) ?? ""} label="The sample" />
        </div>
        <p className="quiet">
          Put a key in <code>PENSTOCK_API_KEY</code> first; the full text of one is shown only when it is made, on the page{" "}
          <Link to="/keys">API keys</Link>. Where a load balancer stands before the nodes, its address is your base URL.
        </p>
        <RunIt route={route.name} caller={caller} />
      </div>
    </Card>
  );
}

function RunIt({ route, caller }: { readonly route: string; readonly caller: Key | undefined }) {
  const [state, setState] = useState<CallState>();
  const refusal = useRefusal("developer");
  const { actor } = useViewer();
  const project = caller?.project ?? undefined;
  const run = () => {
    const messages = [{ role: "user", content: "Hello" }];
    const request = { model: route, messages, parameters: {}, ...(project === undefined ? {} : { projectId: project.id }) };
    void runCall(request, new AbortController().signal, setState);
  };
  return (
    <div className="stack tight">
      <div>
        <Button refused={refusal} onClick={run} disabled={state?.phase === "waiting" || state?.phase === "streaming"}>
          Run it here
        </Button>
      </div>
      <p className="quiet">
        Says “Hello” in the project {project?.name ?? "that is the oldest of your own"}, as “playground of {actor}”
        {caller !== undefined && `: not as ${caller.name}, of which only the hash is kept, so limits of that key alone do not hold`}. Where
        there is no such key, the call makes one, which publishes a revision; it is good for six hours and for further calls.
      </p>
      {state !== undefined && (
        <div className="answer" aria-live="polite">
          {state.text || <span className="quiet">Waiting …</span>}
        </div>
      )}
      {state?.failure !== undefined && <Notice tone="bad">{state.failure}</Notice>}
      {state?.phase === "done" && state.callId !== undefined && (
        <Link to="/calls/$callId" params={{ callId: state.callId }}>
          This call in the log
        </Link>
      )}
    </div>
  );
}
