/** What was said of an answer afterwards, and a way to say something of it: experiments and prompts are judged by it as well. */
import { MessageSquarePlus, ThumbsDown, ThumbsUp } from "lucide-react";
import { useState } from "react";
import { EditDialog } from "../../change/form.tsx";
import { change, problemFragment } from "../../change/outcome.ts";
import { tell } from "../../change/tell.ts";
import { graphql } from "../../graphql/documents.ts";
import { useRefusal } from "../../session/viewer.ts";
import { Button } from "../../ui/button.tsx";
import { LongField, SelectField, TextField } from "../../ui/field.tsx";
import { Badge, When } from "../../ui/marks.tsx";
import type { CallData } from "./call-detail.tsx";
import { type FeedbackKind, feedbackInput, feedbackKinds, wordsOf } from "./feedback-values.ts";

const recordMutation = graphql(
  `
    mutation RecordFeedback($input: RecordFeedbackInput!) {
      recordFeedback(input: $input) {
        __typename
        ... on MutationRecordFeedbackSuccess {
          feedbackId
        }
        ...Problem
      }
    }
  `,
  [problemFragment],
);

interface JudgedProps {
  readonly callId: string;
  readonly feedback: CallData["feedback"];
  readonly again: () => void;
}

/** As applications name it where they ask their users. */
const usualMetric = "helpful";

export function Judged({ callId, feedback, again }: JudgedProps) {
  const refusal = useRefusal("developer");
  const [open, setOpen] = useState(false);
  const say = async (boolean: boolean) => {
    tell("Your word is kept", await change(recordMutation, { input: { callId, metric: usualMetric, boolean } }));
    again();
  };
  return (
    <section className="stack tight">
      <h3>What was said of it</h3>
      {feedback.length > 0 && (
        <ul className="stack tight">
          {feedback.map((one) => (
            <li key={one.id} className="row">
              <code>{one.metric}</code>
              {one.boolean === null ? (
                <span style={{ overflowWrap: "anywhere" }}>{wordsOf(one)}</span>
              ) : (
                <Badge tone={one.boolean ? "good" : "bad"}>{wordsOf(one)}</Badge>
              )}
              <span className="quiet">
                <When at={one.recordedAt} />
              </span>
            </li>
          ))}
        </ul>
      )}
      <div className="row">
        <Button small refused={refusal} onClick={() => void say(true)}>
          <ThumbsUp size={14} aria-hidden /> It helped
        </Button>
        <Button small refused={refusal} onClick={() => void say(false)}>
          <ThumbsDown size={14} aria-hidden /> It did not
        </Button>
        <Button small look="plain" refused={refusal} onClick={() => setOpen(true)}>
          <MessageSquarePlus size={14} aria-hidden /> Say more
        </Button>
      </div>
      {open && (
        <FeedbackDialog
          callId={callId}
          onClose={(done) => {
            setOpen(false);
            if (done) again();
          }}
        />
      )}
    </section>
  );
}

interface Said {
  readonly [name: string]: unknown;
  readonly metric: string;
  readonly kind: FeedbackKind;
  readonly value: string;
}

function FeedbackDialog({ callId, onClose }: { readonly callId: string; readonly onClose: (done: boolean) => void }) {
  return (
    <EditDialog<Said>
      title="Feedback on this call"
      description="It counts where experiments and prompts are judged by this metric."
      start={{ metric: usualMetric, kind: "comment", value: "" }}
      names={{ metric: "Metric", kind: "As", value: "What you say" }}
      submit="Keep it"
      done="Your word is kept"
      refuse={({ kind, value }) => feedbackInput(kind, value).refusal}
      save={({ metric, kind, value }) => change(recordMutation, { input: { callId, metric, ...feedbackInput(kind, value).value } })}
      onClose={(outcome) => onClose(outcome?.kind === "done")}
    >
      {({ values, set, problem }) => (
        <>
          <TextField
            label="Metric"
            value={values.metric}
            onChange={(metric) => set("metric", metric)}
            problem={problem("metric")}
            hint="1 to 64 of a-z, 0-9, _, . and -"
          />
          <SelectField
            label="As"
            value={values.kind}
            onChange={(kind) => set("kind", kind as FeedbackKind)}
            choices={Object.entries(feedbackKinds).map(([value, label]) => ({ value, label }))}
          />
          <LongField
            label={feedbackKinds[values.kind]}
            value={values.value}
            onChange={(value) => set("value", value)}
            problem={problem(values.kind)}
          />
        </>
      )}
    </EditDialog>
  );
}
