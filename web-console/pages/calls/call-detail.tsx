/** All that the ledger knows of one call: the waterfall of its attempts, tokens and money, what configuration it met. */
import { Link } from "@tanstack/react-router";
import { useEffect, useRef } from "react";
import { count, unknown } from "../../format/numbers.ts";
import { graphql, type ResultOf } from "../../graphql/documents.ts";
import type { PageQuery } from "../../graphql/page-query.ts";
import { Badge, Code, Facts, Notice, When } from "../../ui/marks.tsx";
import { NodeName } from "../../ui/node-name.tsx";
import { Judged } from "./judged.tsx";
import { OutcomeBadge } from "./outcome-badge.tsx";
import { costWords } from "./outcomes.ts";
import { QuotaMarks } from "./quota-marks.tsx";
import { Said } from "./said.tsx";
import { Waterfall } from "./waterfall.tsx";

export const callQuery = graphql(`
  query Call($callId: ID!) {
    usageEvent(callId: $callId) {
      callId
      requestId
      startedAt
      outcome
      errorReason
      finishReason
      routeId
      routeName
      ingress
      streamed
      modelAsked
      modelServed
      backendId
      backendName
      providerId
      apiKeyId
      apiKeyName
      projectId
      nodeId
      nodeName
      promptId
      promptName
      promptVersion
      cache
      configEpoch
      configNumber
      durationMs
      timeToFirstTokenMs
      inputTokens
      outputTokens
      cacheReadTokens
      cacheWriteTokens
      reasoningTokens
      usageEstimated
      costNanodollars
      priceVersion
      endUserHash
      tags
      attempts {
        backendId
        backendName
        result
        durationMs
        httpStatus
        startedAfterMs
      }
      quotaMarks {
        quotaId
        quotaKey
        scope
        resource
        window
        effect
      }
      timeline {
        stages {
          name
          fromMs
          untilMs
        }
        attempts {
          startedMs
          placedMs
          sentMs
          contentMs
          endedMs
        }
        pace {
          firstMs
          lastMs
          slotMs
          pieces
          longestGapMs
          longestGapFromMs
        }
      }
      exposure {
        experimentId
        variantKey
        unitType
        bucket
        forced
      }
    }
    feedback(callId: $callId) {
      id
      recordedAt
      metric
      boolean
      number
      category
      comment
      demonstration
    }
  }
`);

export type CallData = ResultOf<typeof callQuery>;
export type Call = NonNullable<CallData["usageEvent"]>;

/** The playground as the call was: its route, the prompt version that it had, and what was said, where that is kept. */
export function playgroundSearch(call: Call): { readonly m: string; readonly from: string } {
  const route = call.routeName || call.modelAsked;
  return { m: call.promptName === null ? route : `${route}~${call.promptName}@${call.promptVersion}`, from: call.callId };
}

const askAgainMs = 1_000;
const asksMax = 20;

/** A call is in the ledger a moment after it has ended: whoever comes from the playground is there before it. */
export function useUntilThere({ data, again }: PageQuery<CallData>): void {
  const asks = useRef(0);
  useEffect(() => {
    if (data === undefined || data.usageEvent !== null || asks.current >= asksMax) return;
    const timer = setTimeout(() => {
      asks.current++;
      again();
    }, askAgainMs);
    return () => clearTimeout(timer);
  });
}

export function CallDetail({ data, again }: { readonly data: CallData; readonly again: () => void }) {
  const call = data.usageEvent;
  if (call === null)
    return <Notice tone="warn">The ledger does not have this call, or not yet: a call is written when it has ended.</Notice>;
  return (
    <>
      <div className="row">
        <OutcomeBadge of={call.outcome} />
        <When at={call.startedAt} exact />
        {call.errorReason !== "" && <Badge tone="bad">{call.errorReason}</Badge>}
      </div>
      <Waterfall call={call} />
      <QuotaMarks marks={call.quotaMarks} />
      <Tokens call={call} />
      <section className="stack tight">
        <h3>What it met</h3>
        <Facts
          of={[
            [
              "Route",
              call.routeId === "" ? (
                call.modelAsked
              ) : (
                <Link key="route" to="/routes/$routeId" params={{ routeId: call.routeId }}>
                  {call.routeName}
                </Link>
              ),
            ],
            [
              "Backend",
              call.backendId === "" ? (
                "none"
              ) : (
                <Link key="backend" to="/backends/$backendId" params={{ backendId: call.backendId }}>
                  {call.backendName ?? call.backendId}
                </Link>
              ),
            ],
            ["Model asked / served", `${call.modelAsked} / ${call.modelServed || unknown}`],
            [
              "API key",
              <Link key="key" to="/keys/$keyId" params={{ keyId: call.apiKeyId }}>
                {call.apiKeyName ?? call.apiKeyId}
              </Link>,
            ],
            call.promptId !== "" && [
              "Prompt",
              <Link
                key="prompt"
                to="/prompts/$promptId"
                params={{ promptId: call.promptId }}
                search={{ v: call.promptVersion }}
              >{`${call.promptName ?? "prompt"}, version ${call.promptVersion}`}</Link>,
            ],
            call.exposure !== null && [
              "Experiment",
              <span key="experiment">
                <Link to="/experiments/$experimentId" params={{ experimentId: call.exposure.experimentId }}>
                  arm {call.exposure.variantKey}
                </Link>{" "}
                by {call.exposure.unitType.replace("_", " ")}
                {call.exposure.forced && ", asked for by the caller"}
              </span>,
            ],
            ["Cache", call.cache],
            [
              "Configuration",
              <Link key="revision" to="/revisions/$number" params={{ number: call.configNumber }}>
                revision {call.configNumber}
              </Link>,
            ],
            ["Node", <NodeName key="node" id={call.nodeId} name={call.nodeName} />],
            ["Came in as", `${call.ingress}${call.streamed ? ", streamed" : ""}`],
            ["Finish reason", call.finishReason || unknown],
            ["Call", <code key="call">{call.callId}</code>],
            call.requestId !== "" && ["The caller's request id", <code key="request">{call.requestId}</code>],
            call.endUserHash !== "" && ["End user (hash)", <code key="user">{call.endUserHash.slice(0, 16)}</code>],
          ]}
        />
      </section>
      {Object.keys((call.tags ?? {}) as object).length > 0 && <Code text={JSON.stringify(call.tags, null, 2)} label="Tags" />}
      <Judged callId={call.callId} feedback={data.feedback} again={again} />
      <Said callId={call.callId} />
    </>
  );
}

function Tokens({ call }: { readonly call: Call }) {
  // An answer in one piece has no pace.
  const perSecond =
    !call.streamed || call.outputTokens === null || call.timeToFirstTokenMs === null || call.durationMs <= call.timeToFirstTokenMs
      ? undefined
      : Number(call.outputTokens) / ((call.durationMs - call.timeToFirstTokenMs) / 1000);
  return (
    <section className="stack tight">
      <h3>Tokens and money</h3>
      <Facts
        of={[
          [
            "Input",
            `${count(call.inputTokens)}${call.cacheReadTokens !== null && call.cacheReadTokens !== "0" ? `, of which ${count(call.cacheReadTokens)} from the backend's cache` : ""}`,
          ],
          [
            "Output",
            `${count(call.outputTokens)}${call.reasoningTokens !== null && call.reasoningTokens !== "0" ? `, of which ${count(call.reasoningTokens)} reasoning` : ""}`,
          ],
          perSecond !== undefined && ["Speed", `${perSecond.toFixed(perSecond < 10 ? 1 : 0)} tokens a second after the first`],
          ["Cost", costWords(call)],
          call.usageEstimated === true && ["Counted by", "the node, because the backend did not say"],
        ]}
      />
    </section>
  );
}
