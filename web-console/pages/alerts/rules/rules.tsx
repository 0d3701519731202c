/** The rules that people have made: how each stands against its threshold, since when, and who is told. */
import { graphql, type ResultOf } from "../../../graphql/documents.ts";
import { useKeyset } from "../../../graphql/keyset.ts";
import { useLookAgain } from "../../../graphql/look-again.ts";
import { Empty, Result } from "../../../graphql/result.tsx";
import { useRefusal } from "../../../session/viewer.ts";
import { flag, oneOf, text, useUrlState } from "../../../shell/url-state.ts";
import { Button } from "../../../ui/button.tsx";
import { More } from "../../../ui/more.tsx";
import { ruleFragment } from "./changes.ts";
import { metricNames } from "./metrics.ts";
import { RuleCard } from "./rule-card.tsx";
import { ChangeRule, NewRule, type Tellable } from "./rule-dialog.tsx";

const query = graphql(
  `
    query AlertRules($after: String) {
      alertRules(first: 50, after: $after) {
        edges {
          cursor
          node {
            ...RuleDetails
          }
        }
        pageInfo {
          hasNextPage
          endCursor
        }
      }
      webhooks(first: 50) {
        edges {
          node {
            id
            name
            enabled
          }
        }
      }
      emailSender
    }
  `,
  [ruleFragment],
);

const lookAgainMs = 10_000;

export const ruleAddress = {
  make: flag,
  rule: text,
  metric: oneOf(...metricNames),
  project: text,
  key: text,
  route: text,
  backend: text,
};

const closed = {
  make: undefined,
  rule: undefined,
  metric: undefined,
  project: undefined,
  key: undefined,
  route: undefined,
  backend: undefined,
} as const;

export function Rules() {
  const [{ make, rule, ...asked }, setUrl] = useUrlState(ruleAddress);
  const list = useKeyset(query, {}, (data) => data.alertRules);
  useLookAgain(lookAgainMs, list.first.again);
  const refusal = useRefusal();
  const close = () => {
    setUrl(closed, { replace: true });
    list.first.again();
  };
  const edited = list.nodes.find(({ id }) => id === rule);
  return (
    <Result of={list.first}>
      {(data) => (
        <>
          {list.nodes.length === 0 ? (
            <Empty
              title="No rule yet"
              action={
                <Button refused={refusal} onClick={() => setUrl({ make: true })}>
                  Make the first rule
                </Button>
              }
            >
              A rule tells when a figure passes a threshold: errors of a route, the time to its first token, what a project costs in an
              hour. Charts have an “Alert me” of their own, filled in.
            </Empty>
          ) : (
            <>
              <div className="grid">
                {list.nodes.map((one) => (
                  <RuleCard
                    key={one.id}
                    rule={one}
                    refusal={refusal}
                    onEdit={() => setUrl({ rule: one.id })}
                    onChanged={list.first.again}
                  />
                ))}
              </div>
              <More {...list} />
            </>
          )}
          {make && refusal === undefined && <NewRule asked={asked} {...tellableOf(data)} onClose={close} />}
          {edited !== undefined && <ChangeRule rule={edited} {...tellableOf(data)} onClose={close} />}
        </>
      )}
    </Result>
  );
}

const tellableOf = ({ webhooks, emailSender }: ResultOf<typeof query>): Tellable => ({
  webhooks: webhooks.edges.map(({ node }) => node),
  emailSender,
});
