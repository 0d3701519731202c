/** Whom alerts are told to: each webhook with what it wants, a test, its secret. */
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { DestroyDialog } from "../../change/destroy-dialog.tsx";
import { EditDialog } from "../../change/form.tsx";
import { tell } from "../../change/tell.ts";
import { duration } from "../../format/numbers.ts";
import { graphql } from "../../graphql/documents.ts";
import { useKeyset } from "../../graphql/keyset.ts";
import { Empty, Result } from "../../graphql/result.tsx";
import { useRefusal } from "../../session/viewer.ts";
import { Card } from "../../shell/page.tsx";
import { flag, text, useUrlState } from "../../shell/url-state.ts";
import { Button } from "../../ui/button.tsx";
import { CheckField, TextField } from "../../ui/field.tsx";
import { Badge, Notice, When } from "../../ui/marks.tsx";
import { More } from "../../ui/more.tsx";
import { SecretDialog } from "../../ui/secret.tsx";
import {
  archiveWebhook,
  createWebhook,
  readWebhookAgain,
  rotateWebhookSecret,
  testWebhook,
  updateWebhook,
  type WebhookDetails,
  type WebhookValues,
  webhookFragment,
  webhookValues,
} from "./changes.ts";
import { type AlertTypeName, alertTypes, nameOfType } from "./words.ts";

const query = graphql(
  `
    query Webhooks($after: String) {
      webhooks(first: 50, after: $after) {
        edges {
          cursor
          node {
            ...WebhookDetails
          }
        }
        pageInfo {
          hasNextPage
          endCursor
        }
      }
    }
  `,
  [webhookFragment],
);

export function Webhooks() {
  const [{ make, webhook }, setUrl] = useUrlState({ make: flag, webhook: text });
  const list = useKeyset(query, {}, (data) => data.webhooks);
  const refusal = useRefusal();
  const [secret, setSecret] = useState<string>();
  const edited = list.nodes.find(({ id }) => id === webhook);
  const close = () => {
    setUrl({ make: undefined, webhook: undefined }, { replace: true });
    list.first.again();
  };
  return (
    <Result of={list.first}>
      {() => (
        <>
          {list.nodes.length === 0 ? (
            <Empty title="Nobody is told yet">
              A webhook gets each alert as a signed message: a chat room's, an on-call system's, your own. There is a button to try it.
            </Empty>
          ) : (
            <>
              <div className="grid">
                {list.nodes.map((one) => (
                  <WebhookCard
                    key={one.id}
                    webhook={one}
                    refusal={refusal}
                    onEdit={() => setUrl({ webhook: one.id })}
                    onSecret={setSecret}
                    onChanged={list.first.again}
                  />
                ))}
              </div>
              <More {...list} />
            </>
          )}
          {make && <WebhookDialog onClose={close} onSecret={setSecret} />}
          {edited !== undefined && <WebhookDialog webhook={edited} onClose={close} onSecret={setSecret} />}
          {secret !== undefined && (
            <SecretDialog as="sealed" title="The webhook's secret" secret={secret} onClose={() => setSecret(undefined)}>
              <p>The receiver checks signatures with it, by any library of the Standard Webhooks specification.</p>
            </SecretDialog>
          )}
        </>
      )}
    </Result>
  );
}

interface CardProps {
  readonly webhook: WebhookDetails;
  readonly refusal: string | undefined;
  readonly onEdit: () => void;
  readonly onSecret: (secret: string) => void;
  readonly onChanged: () => void;
}

type Tried = { readonly tone: "good" | "bad" | "info"; readonly text: string };

function WebhookCard({ webhook, refusal, onEdit, onSecret, onChanged }: CardProps) {
  const [archiving, setArchiving] = useState(false);
  const [busy, setBusy] = useState(false);
  const [tried, setTried] = useState<Tried>();
  const test = async () => {
    setBusy(true);
    const outcome = await testWebhook(webhook.id);
    setBusy(false);
    if (outcome.kind !== "done") return setTried({ tone: "bad", text: outcome.message });
    const attempt = outcome.payload.delivery.attempts.at(-1);
    if (attempt === undefined) setTried({ tone: "info", text: "It is on its way; its fate will stand under Deliveries." });
    else if (attempt.error === null)
      setTried({ tone: "good", text: `Taken with ${attempt.httpStatus} in ${duration(attempt.durationMs)}.` });
    else setTried({ tone: "bad", text: `Not taken: ${attempt.error}. It is tried again.` });
  };
  const rotate = async () => {
    setBusy(true);
    const outcome = await rotateWebhookSecret(webhook.id, webhook.revision);
    setBusy(false);
    if (outcome.kind !== "done") return setTried({ tone: "bad", text: outcome.message });
    tell("The secret is new; the one before signs along for a day", outcome);
    onSecret(outcome.payload.secret);
    onChanged();
  };
  return (
    <Card title={webhook.name} actions={<Badge tone={webhook.enabled ? "good" : "neutral"}>{webhook.enabled ? "on" : "off"}</Badge>}>
      <div className="stack tight">
        <p>
          <code className="breaks">{webhook.url ?? webhook.host}</code>
        </p>
        <p className="quiet">{told(webhook)}</p>
        {webhook.previousSecretUntil !== null && (
          <p className="quiet">
            The secret before signs along; it ends <When at={webhook.previousSecretUntil} />.
          </p>
        )}
        {tried !== undefined && <Notice tone={tried.tone}>{tried.text}</Notice>}
        <div className="row">
          <Button small refused={refusal} disabled={busy} onClick={() => void test()}>
            Send a test
          </Button>
          <Button small refused={refusal} onClick={onEdit}>
            Change
          </Button>
          <Button small refused={refusal} disabled={busy} onClick={() => void rotate()}>
            New secret
          </Button>
          <Button small look="plain" refused={refusal} onClick={() => setArchiving(true)}>
            Archive
          </Button>
          <Link to="/alerts" search={{ tab: "deliveries", of: webhook.id }}>
            Its deliveries
          </Link>
        </div>
      </div>
      {archiving && (
        <DestroyDialog
          title={`Archive ${webhook.name}?`}
          name={webhook.name}
          verb="Archive the webhook"
          done="The webhook is archived"
          consequences={[`${webhook.host} is told nothing any more; what waits for it has failed.`]}
          act={() => archiveWebhook(webhook.id, webhook.revision)}
          onClose={(done) => {
            setArchiving(false);
            if (done) onChanged();
          }}
        />
      )}
    </Card>
  );
}

const told = ({ alertTypes: types }: WebhookDetails): string =>
  `Is told: ${types
    .filter((type) => type !== "WEBHOOK_TEST")
    .map(nameOfType)
    .join(", ")}`;

const names = { name: "Name", url: "URL", alertTypes: "Alerts", enabled: "Sends" } as const;
/** A rule names those whom it tells, and a test is for whoever presses the button. */
const wanted = (Object.keys(alertTypes) as AlertTypeName[]).filter((type) => type !== "WEBHOOK_TEST" && !type.startsWith("ALERT_RULE_"));

function WebhookDialog({
  webhook,
  onClose,
  onSecret,
}: {
  readonly webhook?: WebhookDetails;
  readonly onClose: () => void;
  readonly onSecret: (secret: string) => void;
}) {
  const isNew = webhook === undefined;
  return (
    <EditDialog<WebhookValues>
      title={isNew ? "New webhook" : `Change ${webhook.name}`}
      start={
        isNew ? { name: "", url: "https://", alertTypes: wanted as WebhookDetails["alertTypes"], enabled: true } : webhookValues(webhook)
      }
      {...(isNew ? {} : { revision: webhook.revision, readAgain: () => readWebhookAgain(webhook.id) })}
      names={names}
      // Many services put their key into it.
      secrets={["url"]}
      submit={isNew ? "Make the webhook" : "Save"}
      done={isNew ? "The webhook is there" : "The webhook is changed"}
      refuse={({ name, alertTypes: types }) =>
        name.trim() === "" ? "Give it a name" : types.length === 0 ? "Choose what it shall be told" : undefined
      }
      save={(values, revision) => (isNew ? createWebhook(values) : updateWebhook(webhook.id, values, revision))}
      onClose={(outcome) => {
        if (isNew && outcome?.kind === "done") onSecret((outcome.payload as { secret: string }).secret);
        onClose();
      }}
    >
      {({ values, set, problem }) => (
        <>
          <TextField label={names.name} value={values.name} onChange={(name) => set("name", name)} problem={problem("name")} />
          <TextField
            label={names.url}
            type="url"
            value={values.url}
            onChange={(url) => set("url", url)}
            problem={problem("url")}
            hint="At a public address, or at a private one that the operator has allowed."
          />
          <fieldset>
            <legend>{names.alertTypes}</legend>
            {wanted.map((type) => (
              <CheckField
                key={type}
                label={nameOfType(type)}
                value={values.alertTypes.includes(type)}
                onChange={(on) => set("alertTypes", on ? [...values.alertTypes, type] : values.alertTypes.filter((one) => one !== type))}
              />
            ))}
          </fieldset>
          {!isNew && <CheckField label="Sends what comes" value={values.enabled} onChange={(enabled) => set("enabled", enabled)} />}
        </>
      )}
    </EditDialog>
  );
}
