/** One alert rule: its state, what it looks at, who is told and whether they were; mute, try out, change, archive. */
import { BellOff } from "lucide-react";
import { useState } from "react";
import { DestroyDialog } from "../../../change/destroy-dialog.tsx";
import type { Outcome } from "../../../change/outcome.ts";
import { tell } from "../../../change/tell.ts";
import { counted } from "../../../format/numbers.ts";
import { Card } from "../../../shell/page.tsx";
import { Button } from "../../../ui/button.tsx";
import { Badge, type Tone, When } from "../../../ui/marks.tsx";
import { Menu } from "../../../ui/menu.tsx";
import { archiveRule, muteRule, type RuleDetails, testRule, unmuteRule } from "./changes.ts";
import { conditionWords, metrics, shownValue, windowWords } from "./metrics.ts";
import { MuteUntil } from "./mute-until.tsx";

interface RuleCardProps {
  readonly rule: RuleDetails;
  readonly refusal: string | undefined;
  readonly onEdit: () => void;
  readonly onChanged: () => void;
}

export function RuleCard({ rule, refusal, onEdit, onChanged }: RuleCardProps) {
  return (
    <Card title={rule.name} actions={<Status rule={rule} />}>
      <div className="stack tight">
        <p>
          {metrics[rule.metric].name} of {rule.scope}
        </p>
        <p>
          <strong className="number">{shownValue(rule.state?.value, rule.unit)}</strong> over {windowWords(rule.windowMinutes)};{" "}
          <span className="quiet">
            it tells {conditionWords(rule)}
            {rule.holdMinutes > 0 && ` for ${counted(rule.holdMinutes, "minute")}`}
          </span>
        </p>
        <Since rule={rule} />
        <p className="quiet">{toldWords(rule)}</p>
        <Messages rule={rule} />
        <RuleActions rule={rule} refusal={refusal} onEdit={onEdit} onChanged={onChanged} />
      </div>
    </Card>
  );
}

const statuses = {
  OK: ["good", "ok"],
  FIRING: ["bad", "fires"],
  NO_DATA: ["neutral", "no data"],
  MUTED: ["warn", "muted"],
} as const satisfies Record<RuleDetails["status"], readonly [Tone, string]>;

function Status({ rule: { status, state } }: { readonly rule: RuleDetails }) {
  const [tone, word] = statuses[status];
  return (
    <span className="row">
      {status === "MUTED" && state?.firing === true && <Badge tone="bad">fires</Badge>}
      <Badge tone={tone}>{word}</Badge>
    </span>
  );
}

function Since({ rule: { state, mutedUntil, callsMin } }: { readonly rule: RuleDetails }) {
  if (state === null) return <p className="quiet">Nobody has looked yet; that comes within some seconds.</p>;
  return (
    <p className="quiet">
      {state.firing
        ? "It fires since "
        : state.value === null
          ? `Fewer than ${counted(Math.max(1, callsMin), "call")} to judge by since `
          : "Within its threshold since "}
      <When at={state.since} />; looked at <When at={state.lookedAt} />, {counted(BigInt(state.calls), "call")}.
      {state.turningSince !== null && !state.firing && (
        <span className="warn-text">
          {" "}
          Past its threshold since <When at={state.turningSince} />.
        </span>
      )}
      {mutedUntil !== null && (
        <>
          {" "}
          Muted; it speaks again <When at={mutedUntil} />.
        </>
      )}
    </p>
  );
}

function toldWords({ webhooks, emails }: RuleDetails): string {
  const told = [...webhooks.map(({ name }) => name), ...emails];
  return told.length === 0 ? "Told here alone." : `Told here and to ${told.join(", ")}.`;
}

/** What was not taken is said at once; what was, in one line. */
function Messages({ rule: { messages } }: { readonly rule: RuleDetails }) {
  const failed = messages.filter(({ error }) => error !== null);
  const [newest] = messages;
  if (newest === undefined) return null;
  return (
    <>
      {failed.map(({ to, error, state, webhookId }) => (
        <p key={`${webhookId} ${to}`} className="warn-text">
          {to} was not reached{state === "WAITING" ? ", which is tried again" : ""}: {error}
        </p>
      ))}
      {failed.length === 0 && (
        <p className="quiet">
          {newest.state === "WAITING" ? "On its way" : newest.isTest ? "The last test arrived" : "The last news arrived"}:{" "}
          {counted(messages.length, "message")}, <When at={newest.at} />.
        </p>
      )}
    </>
  );
}

const hourMs = 3_600_000;

function RuleActions({ rule, refusal, onEdit, onChanged }: RuleCardProps) {
  const [open, setOpen] = useState<"archive" | "mute">();
  const [busy, setBusy] = useState(false);
  const act = async (done: string, work: () => Promise<Outcome<unknown>>) => {
    setBusy(true);
    tell(done, await work());
    setBusy(false);
    onChanged();
  };
  const mute = (ms: number) => void act("The rule is muted", () => muteRule(rule.id, new Date(Date.now() + ms)));
  const close = (done: boolean) => {
    setOpen(undefined);
    if (done) onChanged();
  };
  return (
    <div className="row">
      <Button small refused={refusal} onClick={onEdit}>
        Change
      </Button>
      {rule.status === "MUTED" || refusal !== undefined ? (
        <Button small refused={refusal} disabled={busy} onClick={() => void act("The rule speaks again", () => unmuteRule(rule.id))}>
          {rule.status === "MUTED" ? "Unmute" : "Mute"}
        </Button>
      ) : (
        <Menu
          trigger={
            <button type="button" className="button small" disabled={busy}>
              <BellOff size={14} aria-hidden /> Mute
            </button>
          }
          note="It is looked at and tells nobody."
          entries={[
            { label: "For an hour", act: () => mute(hourMs) },
            { label: "For a day", act: () => mute(24 * hourMs) },
            { label: "Until …", act: () => setOpen("mute") },
          ]}
        />
      )}
      <Button small refused={refusal} disabled={busy} onClick={() => void act("A message is on its way to each", () => testRule(rule.id))}>
        Test
      </Button>
      <Button small look="plain" refused={refusal} onClick={() => setOpen("archive")}>
        Archive
      </Button>
      {open === "mute" && <MuteUntil rule={rule} onClose={close} />}
      {open === "archive" && (
        <DestroyDialog
          title={`Archive ${rule.name}?`}
          name={rule.name}
          verb="Archive the rule"
          done="The rule is archived"
          consequences={["Nobody looks at it any more, and nobody is told."]}
          act={() => archiveRule(rule.id, rule.revision)}
          onClose={close}
        />
      )}
    </div>
  );
}
