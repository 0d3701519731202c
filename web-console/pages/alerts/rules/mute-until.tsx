/** Until when a rule is to be quiet, by the clock of whoever reads it. */
import { useState } from "react";
import { tell } from "../../../change/tell.ts";
import { useUtc } from "../../../format/time.ts";
import { Button } from "../../../ui/button.tsx";
import { Dialog } from "../../../ui/dialog.tsx";
import { TextField } from "../../../ui/field.tsx";
import { muteRule, type RuleDetails } from "./changes.ts";
import { instantOf, typedInstant } from "./typed-instant.ts";

const dayMs = 86_400_000;

export function MuteUntil({ rule, onClose }: { readonly rule: RuleDetails; readonly onClose: (done: boolean) => void }) {
  const utc = useUtc();
  const [typed, setTyped] = useState(() => typedInstant(new Date(Date.now() + 3 * dayMs), utc));
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<string>();
  const until = instantOf(typed, utc);
  const send = async () => {
    if (until === undefined) return;
    setBusy(true);
    const outcome = await muteRule(rule.id, until);
    setBusy(false);
    if (outcome.kind !== "done") return setFailure(outcome.message);
    tell("The rule is muted", outcome);
    onClose(true);
  };
  return (
    <Dialog open onClose={() => onClose(false)} title={`Mute ${rule.name}`}>
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          void send();
        }}
      >
        <TextField
          label={utc ? "Until, in UTC" : "Until"}
          type="datetime-local"
          value={typed}
          onChange={setTyped}
          problem={failure}
          hint="It is looked at and listed meanwhile. What still holds then is told then."
        />
        <div className="dialog-foot">
          <Button onClick={() => onClose(false)}>Cancel</Button>
          <Button
            type="submit"
            look="primary"
            disabled={busy}
            refused={until === undefined || until.getTime() <= Date.now() ? "Choose a time that is to come" : undefined}
          >
            Mute
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
