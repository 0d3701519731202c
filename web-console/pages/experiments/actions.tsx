/** What can be done to an experiment, each with what it does to callers. */
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { EditDialog } from "../../change/form.tsx";
import { useRefusal } from "../../session/viewer.ts";
import { Button } from "../../ui/button.tsx";
import { SelectField, TextField } from "../../ui/field.tsx";
import { Facts, Notice } from "../../ui/marks.tsx";
import { changesOf } from "./arms.tsx";
import { extendExperiment, rollBackExperiment, shipExperiment, stopExperiment } from "./changes.ts";
import type { Experiment } from "./experiment-query.ts";
import { reachOf } from "./reach.ts";
import { StartDialog } from "./start-dialog.tsx";

export interface Actable extends Experiment {
  /** The variant that the newest look would ship; empty: none. */
  readonly best: string;
  /** What the newest look says where its numbers cannot be believed; undefined: they can, or nobody has looked. */
  readonly doubt: string | undefined;
}

type Open = "start" | "ship" | "roll back" | "extend" | "stop" | undefined;

interface ActionsProps {
  readonly of: Actable;
  readonly onChange: () => void;
  readonly onArchive: () => void;
  readonly onDone: () => void;
}

export function Actions({ of, onChange, onArchive, onDone }: ActionsProps) {
  const [open, setOpen] = useState<Open>();
  const refusal = useRefusal("developer");
  const close = () => {
    setOpen(undefined);
    onDone();
  };
  return (
    <>
      <Link to="/calls" search={{ experiment: of.id }} className="button">
        Its calls
      </Link>
      <Button refused={refusal} onClick={onChange}>
        Change
      </Button>
      {of.status === "RUNNING" ? (
        <>
          <Button refused={refusal} onClick={() => setOpen("extend")}>
            Extend
          </Button>
          <Button refused={refusal} onClick={() => setOpen("stop")}>
            Stop
          </Button>
          <Button look="danger" refused={refusal} onClick={() => setOpen("roll back")}>
            Roll back
          </Button>
          <Button {...(of.doubt === undefined ? { look: "primary" as const } : {})} refused={refusal} onClick={() => setOpen("ship")}>
            Ship
          </Button>
        </>
      ) : (
        <>
          <Button look="danger" refused={refusal} onClick={onArchive}>
            Archive
          </Button>
          <Button look="primary" refused={refusal} onClick={() => setOpen("start")}>
            {of.status === "DRAFT" ? "Start" : "Start again"}
          </Button>
        </>
      )}
      {open === "start" && <StartDialog experiment={of} onClose={close} />}
      {open === "ship" && (
        <EditDialog<{ variant: string; reason: string }>
          title="Ship an arm"
          description="What the arm changes becomes the route's own, for every caller, in one revision; the experiment ends."
          start={{ variant: of.best, reason: "" }}
          names={{ variant: "Arm", reason: "Reason" }}
          submit="Ship it to everybody"
          done="It is shipped"
          refuse={({ variant, reason }) => {
            if (variant === "") return "Choose the arm";
            return of.doubt !== undefined && reason.trim() === ""
              ? "Say why, although the numbers cannot be believed: it is kept"
              : undefined;
          }}
          save={({ variant, reason }) => shipExperiment(of.id, of.revision, variant, reason)}
          onClose={close}
        >
          {({ values, set, problem }) => (
            <>
              {of.doubt !== undefined && <Notice tone="bad">{of.doubt}</Notice>}
              <SelectField
                label="Arm"
                value={values.variant}
                onChange={(variant) => set("variant", variant)}
                choices={[
                  ...(of.best === "" ? [{ value: "", label: "choose: the newest look recommends none" }] : []),
                  ...of.variants.map(({ key }) => ({
                    value: key,
                    label: key === of.best ? `${key}: what the newest look recommends` : key,
                  })),
                ]}
                problem={problem("variant")}
              />
              <Reach
                of={of}
                route={
                  of.variants.filter(({ key }) => key === values.variant).map((arm) => `gets ${changesOf(arm)}`)[0] ??
                  "the arm is not chosen"
                }
              />
              <Reason value={values.reason} onChange={(reason) => set("reason", reason)} />
            </>
          )}
        </EditDialog>
      )}
      {open === "roll back" && (
        <EditDialog<{ reason: string }>
          title="Roll back"
          description="Every caller gets the route as it was, from the moment a node has the change. It cannot go up again without a person."
          start={{ reason: "" }}
          names={{ reason: "Reason" }}
          submit="Roll back now"
          done="It is rolled back"
          refuse={({ reason }) => (reason.trim() === "" ? "Say why: it is kept" : undefined)}
          save={({ reason }) => rollBackExperiment(of.id, reason)}
          onClose={close}
        >
          {({ values, set }) => (
            <>
              <Reach of={of} route="stays as it is: no arm's changes reach a caller any more" />
              <Reason value={values.reason} onChange={(reason) => set("reason", reason)} />
            </>
          )}
        </EditDialog>
      )}
      {open === "stop" && (
        <EditDialog<{ reason: string }>
          title="Stop"
          description="Callers get the route as it is; what was measured stays."
          start={{ reason: "" }}
          names={{ reason: "Reason" }}
          submit="Stop it"
          done="The experiment has stopped"
          save={({ reason }) => stopExperiment(of.id, of.revision, reason)}
          onClose={close}
        >
          {({ values, set }) => (
            <>
              <Reach of={of} route="stays as it is: no arm's changes reach a caller any more" />
              <Reason value={values.reason} onChange={(reason) => set("reason", reason)} />
            </>
          )}
        </EditDialog>
      )}
      {open === "extend" && (
        <EditDialog<{ days: string }>
          title="Extend"
          description={of.endsAt === null ? "It has no end; it will end so many days from now." : "Beyond its end."}
          start={{ days: "7" }}
          names={{ days: "Days" }}
          submit="Extend it"
          done="It runs longer"
          refuse={({ days }) => (Number(days) > 0 ? undefined : "How many days?")}
          save={({ days }) => extendExperiment(of.id, of.revision, Number(days))}
          onClose={close}
        >
          {({ values, set, problem }) => (
            <TextField
              label="Days"
              type="number"
              min={0}
              step="any"
              value={values.days}
              onChange={(days) => set("days", days)}
              problem={problem("days")}
            />
          )}
        </EditDialog>
      )}
    </>
  );
}

/** Whom it reaches, and what becomes of the route. */
const Reach = ({ of, route }: { readonly of: Experiment; readonly route: string }) => (
  <Facts
    of={[
      ["Reaches", reachOf(of)],
      [`Route ${of.route?.name ?? ""}`, route],
    ]}
  />
);

const Reason = ({ value, onChange }: { readonly value: string; readonly onChange: (value: string) => void }) => (
  <TextField label="Reason" value={value} onChange={onChange} hint="Kept with the conclusion and in the audit log." />
);
