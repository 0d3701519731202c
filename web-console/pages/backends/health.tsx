/** How a backend does, node by node; a test call; and draining it, with what that does to each route. */
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { TrafficLine } from "../../change/destroy-dialog.tsx";
import { change, problemFragment } from "../../change/outcome.ts";
import { tell } from "../../change/tell.ts";
import { count, counted, duration, money, percent } from "../../format/numbers.ts";
import { graphql, type ResultOf } from "../../graphql/documents.ts";
import { Card } from "../../shell/page.tsx";
import { Button } from "../../ui/button.tsx";
import { Dialog } from "../../ui/dialog.tsx";
import { SelectField } from "../../ui/field.tsx";
import { Badge, Code, Facts, Meter, Notice, When } from "../../ui/marks.tsx";
import { NodeName } from "../../ui/node-name.tsx";
import type { RouteDetails } from "../routes/changes.ts";
import { type BackendDetails, drainBackend } from "./changes.ts";
import { takenBy } from "./in-words.ts";

export const circuitFragment = graphql(`
  fragment Circuits on Backend {
    circuits {
      nodeId
      nodeName
      state
      since
      openUntil
      failuresInRow
      lastError
      lastMessage
      lastHttpStatus
      lastErrorAt
      callsInFlight
      callsWaiting
      attempts
      attemptsFailed
      attemptsRateLimited
    }
  }
`);

export type Circuit = ResultOf<typeof circuitFragment>["circuits"][number];

/** A node's default, where a backend says 0. */
const placesDefault = 1024;
export const placesOf = (concurrentCallsMax: number): number => (concurrentCallsMax === 0 ? placesDefault : concurrentCallsMax);

/** All nodes together. */
export const triesOf = (circuits: readonly Circuit[]) => ({
  inFlight: sumOf(circuits, "callsInFlight"),
  waiting: sumOf(circuits, "callsWaiting"),
  tries: sumOf(circuits, "attempts"),
  failed: sumOf(circuits, "attemptsFailed"),
  rateLimited: sumOf(circuits, "attemptsRateLimited"),
});

const sumOf = (
  circuits: readonly Circuit[],
  field: "callsInFlight" | "callsWaiting" | "attempts" | "attemptsFailed" | "attemptsRateLimited",
) => circuits.reduce((sum, circuit) => sum + circuit[field], 0);

interface HealthCardProps {
  readonly backend: Pick<BackendDetails, "archivedAt" | "drainedAt">;
  readonly circuits: readonly Circuit[];
  readonly places: number;
}

export function HealthCard({ backend, circuits, places }: HealthCardProps) {
  return (
    <Card title="Health, as each node sees it">
      {circuits.length === 0 ? (
        <Notice tone="warn">No node is heard, so nobody can say how it does.</Notice>
      ) : (
        <ul className="stack">
          {circuits.map((circuit) => (
            <li key={circuit.nodeId} className="stack tight">
              <span className="row">
                <Taken backend={backend} circuit={circuit} />
                <NodeName id={circuit.nodeId} name={circuit.nodeName} />
                {circuit.state !== "CLOSED" && circuit.since !== null && (
                  <span className="quiet">
                    since <When at={circuit.since} />
                  </span>
                )}
                {circuit.openUntil !== null && (
                  <span className="quiet">
                    tried again <When at={circuit.openUntil} />
                  </span>
                )}
              </span>
              <Meter
                share={circuit.callsInFlight / places}
                label={`${circuit.callsInFlight} of ${places} places on ${circuit.nodeName} are taken`}
              />
              <span className="quiet">
                {count(circuit.callsInFlight)} of {count(places)} calls at once
                {circuit.callsWaiting > 0 && `, ${count(circuit.callsWaiting)} waiting for a place`}.{" "}
                {circuit.attempts === 0
                  ? "Not tried in the last five minutes."
                  : `In five minutes ${counted(circuit.attempts, "try", "tries")}, ${percent(circuit.attemptsFailed / circuit.attempts)} failed, ${percent(circuit.attemptsRateLimited / circuit.attempts)} refused as too many (429).`}
              </span>
              {circuit.lastError !== null && (
                <span className="quiet">
                  {circuit.failuresInRow > 0 && `${counted(circuit.failuresInRow, "failure")} in a row. `}
                  Last: {circuit.lastError}
                  {circuit.lastHttpStatus !== null && `, HTTP ${circuit.lastHttpStatus}`}
                  {circuit.lastErrorAt !== null && (
                    <>
                      , <When at={circuit.lastErrorAt} />
                    </>
                  )}
                  {circuit.lastMessage !== null && `: ${circuit.lastMessage}`}
                </span>
              )}
            </li>
          ))}
        </ul>
      )}
      <p className="quiet">
        After five failures in a row a node tries the route's other backends first, and this one again after 30 seconds.
      </p>
    </Card>
  );
}

function Taken({ backend, circuit }: { readonly backend: HealthCardProps["backend"]; readonly circuit: Circuit }) {
  const { word, tone } = takenBy(backend, circuit);
  return <Badge tone={tone}>{word}</Badge>;
}

const testMutation = graphql(
  `
    mutation TestBackend($input: TestBackendInput!) {
      testBackend(input: $input) {
        ... on BackendTest {
          nodeId
          nodeName
          callId
          status
          durationMs
          timeToFirstTokenMs
          request
          response
          content
          errorReason
          errorMessage
          inputTokens
          outputTokens
          costUsd
        }
        ...Problem
      }
    }
  `,
  [problemFragment],
);

type Test = Extract<ResultOf<typeof testMutation>["testBackend"], { callId: string }>;

export function TestCard({
  id,
  nodes,
  refusal,
  onDone,
}: {
  readonly id: string;
  readonly nodes: readonly Pick<Circuit, "nodeId" | "nodeName">[];
  readonly refusal: string | undefined;
  readonly onDone: () => void;
}) {
  const [node, setNode] = useState("");
  const [busy, setBusy] = useState(false);
  const [test, setTest] = useState<Test>();
  const [failure, setFailure] = useState<string>();
  const run = async () => {
    setBusy(true);
    setFailure(undefined);
    const outcome = await change(testMutation, { input: { id, ...(node === "" ? {} : { nodeId: node }) } });
    setBusy(false);
    setTest(outcome.kind === "done" ? (outcome.payload as Test) : undefined);
    if (outcome.kind !== "done") setFailure(outcome.message);
    onDone();
  };
  return (
    <Card title="Test call">
      <div className="stack">
        <p className="quiet">One small call by a node, past all routes. It costs what it costs and stands in the ledger.</p>
        <div className="row">
          {nodes.length > 1 && (
            <SelectField
              label="Made by"
              value={node}
              onChange={setNode}
              choices={[{ value: "", label: "any node" }, ...nodes.map(({ nodeId, nodeName }) => ({ value: nodeId, label: nodeName }))]}
            />
          )}
          <Button look="primary" disabled={busy} refused={refusal} onClick={() => void run()}>
            {busy ? "Calling …" : "Test it"}
          </Button>
        </div>
        <div aria-live="polite" className="stack">
          {failure !== undefined && <Notice tone="bad">{failure}</Notice>}
          {test !== undefined && <TestResult test={test} />}
        </div>
      </div>
    </Card>
  );
}

function TestResult({ test }: { readonly test: Test }) {
  return (
    <>
      {test.errorReason === null ? (
        <Notice tone="good">It answers, after {duration(test.durationMs)}.</Notice>
      ) : (
        <Notice tone="bad">
          {test.errorReason}: {test.errorMessage}
        </Notice>
      )}
      <Facts
        of={[
          ["First token", duration(test.timeToFirstTokenMs)],
          ["All of it", duration(test.durationMs)],
          ["Tokens in / out", `${count(test.inputTokens)} / ${count(test.outputTokens)}`],
          ["Cost", test.costUsd === null ? "not known" : money(Math.round(test.costUsd * 1e9))],
          ["Made by", <NodeName key="node" id={test.nodeId} name={test.nodeName} />],
          test.callId !== "" && [
            "Call",
            <Link key="call" to="/calls/$callId" params={{ callId: test.callId }}>
              in the log
            </Link>,
          ],
        ]}
      />
      {test.content !== "" && <Code wrap label="The answer" text={test.content} />}
      <details>
        <summary>The exchange as it was, word for word</summary>
        <div className="stack tight">
          <Code wrap label="What the node was sent" text={JSON.stringify(JSON.parse(test.request), null, 2)} />
          <Code wrap label="What the node answered" text={test.response} />
        </div>
      </details>
    </>
  );
}

interface DrainProps {
  readonly backend: BackendDetails;
  readonly routes: readonly RouteDetails[];
  readonly onClose: () => void;
}

export function DrainDialog({ backend, routes, onClose }: DrainProps) {
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<string>();
  const draining = backend.drainedAt === null;
  const send = async () => {
    setBusy(true);
    const outcome = await drainBackend(backend.id, draining, backend.revision);
    setBusy(false);
    if (outcome.kind !== "done") return setFailure(outcome.message);
    tell(draining ? `${backend.key} takes no new calls` : `${backend.key} takes calls again`, outcome);
    onClose();
  };
  return (
    <Dialog open onClose={onClose} title={draining ? `Drain ${backend.key}?` : `Send calls to ${backend.key} again?`}>
      <ul className="stack tight">
        {draining && <TrafficLine groupBy="BACKEND" group={backend.id} />}
        {routes.length === 0 && <li>No route leads to it.</li>}
        {routes.map((route) => (
          <li key={route.id}>
            <strong>{route.name}</strong>: {draining ? insteadOf(route, backend.id) : "gets it back with the weight that it had"}
          </li>
        ))}
        <li className="quiet">{draining ? "Calls that run go on to their end. Weights stay as they are." : "As its weights say."}</li>
      </ul>
      {failure !== undefined && <Notice tone="bad">{failure}</Notice>}
      <div className="dialog-foot">
        <Button onClick={onClose}>Cancel</Button>
        <Button look={draining ? "danger solid" : "primary"} disabled={busy} onClick={() => void send()}>
          {draining ? "Drain it" : "Send calls again"}
        </Button>
      </div>
    </Dialog>
  );
}

/** Who answers in its place: the rest of its tier, else the tiers behind it. */
function insteadOf(route: RouteDetails, id: string): string {
  const left = route.tiers
    .map(({ targets }) => targets.filter((one) => one.backendId !== id && one.weight > 0 && one.backend?.drainedAt === null))
    .find((targets) => targets.length > 0);
  if (left === undefined) return "nothing is left, and every call of it will fail";
  return `${left.map(({ backend }) => backend?.key ?? "a backend that is gone").join(", ")} answers instead`;
}
