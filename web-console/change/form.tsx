/**
 * Editing one thing in a dialog: its fields, what the control plane says is wrong with them, and, where somebody else was
 * faster, both changes side by side, field by field, until it is clear which holds.
 */
import { type FormEvent, type ReactNode, useEffect, useMemo, useRef, useState } from "react";
import { Button } from "../ui/button.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { Notice, When } from "../ui/marks.tsx";
import { ChangeList } from "./change-list.tsx";
import { ConflictPanel } from "./conflict.tsx";
import { type Issue, problemAt, sentenceOf, unplaced } from "./issues.ts";
import { useFormKeeping, useKept } from "./kept-form.ts";
import { merged, type Picks, same } from "./merge-changes.ts";
import type { Outcome } from "./outcome.ts";
import type { ChoiceWords } from "./shown.tsx";
import { tell } from "./tell.ts";

export type Values = Readonly<Record<string, unknown>>;

export interface Form<V extends Values> {
  readonly values: V;
  set<Name extends keyof V>(name: Name, value: V[Name]): void;
  /** What is wrong at this path of the input, or below it. */
  problem(path: string): string | undefined;
}

export interface ReadAgain<V> {
  readonly values: V;
  readonly revision: number;
}

/**
 * What a field for a text of the form needs, to be spread in it: its label, its value, how it is set, what is wrong with it.
 * @param path in the input; default: the name itself.
 */
export const textOf = <V extends Values, Name extends keyof V & string>(
  form: Form<V>,
  names: Readonly<Record<Name, string>>,
  name: Name,
  path: string = name,
) => ({
  label: names[name],
  value: String(form.values[name]),
  onChange: (text: string) => form.set(name, text as V[Name]),
  problem: form.problem(path),
});

/** The same for a thing that is so or not. */
export const flagOf = <V extends Values, Name extends keyof V & string>(
  form: Form<V>,
  names: Readonly<Record<Name, string>>,
  name: Name,
) => ({
  label: names[name],
  value: form.values[name] === true,
  onChange: (on: boolean) => form.set(name, on as V[Name]),
});

interface EditDialogProps<V extends Values> {
  readonly title: string;
  readonly description?: ReactNode;
  /** As it was read. */
  readonly start: V;
  /** Undefined: it is new. */
  readonly revision?: number;
  /** For the comparison. */
  readonly names: Readonly<Record<keyof V & string, string>>;
  /** Where a choice is not called as the API calls it. */
  readonly words?: ChoiceWords;
  readonly submit: string;
  readonly done: string;
  readonly large?: boolean;
  /** What is never kept in the browser, not even for a reload. */
  readonly secrets?: readonly (keyof V & string)[];
  /** Why it may not be sent yet. */
  readonly refuse?: (values: V) => string | undefined;
  readonly save: (values: V, revision: number, start: V) => Promise<Outcome<unknown>>;
  readonly readAgain?: () => Promise<ReadAgain<V> | undefined>;
  readonly onClose: (outcome?: Outcome<unknown>) => void;
  readonly children: (form: Form<V>) => ReactNode;
}

const marked = "What is wrong is said at its fields.";

/** A browser cannot show what it finds wrong in what is folded away. */
export const unfold = ({ target }: FormEvent) => {
  if (target instanceof Element) target.closest("details")?.setAttribute("open", "");
};

export function EditDialog<V extends Values>(props: EditDialogProps<V>) {
  const { title, description, start, names, submit, done, large, refuse, save, readAgain, onClose, children } = props;
  const asRead = { values: start, revision: props.revision ?? 0 };
  const keeping = useFormKeeping(title, asRead);
  const [base, setBase] = useState(keeping.beginning.base);
  const [values, setValues] = useState<V>(keeping.beginning.values);
  const [keptAt, setKeptAt] = useState(keeping.beginning.keptAt);
  const [issues, setIssues] = useState<readonly Issue[]>([]);
  const [failure, setFailure] = useState<string>();
  const [theirs, setTheirs] = useState<ReadAgain<V>>();
  const [busy, setBusy] = useState(false);
  const asked = useRef(new Set<string>());
  const fields = useRef<HTMLFormElement>(null);

  useKept(keeping, base, values, props.secrets ?? []);
  const close = (outcome?: Outcome<unknown>) => {
    keeping.forget();
    onClose(outcome);
  };
  const beginAfresh = () => {
    setBase(asRead);
    setValues(start);
    setKeptAt(undefined);
  };

  const form = useMemo<Form<V>>(
    () => ({
      values,
      set: (name, value) => setValues((before) => ({ ...before, [name]: value })),
      problem: (path) => {
        asked.current.add(path);
        return problemAt(issues, path, names);
      },
    }),
    [values, issues, names],
  );
  // When the fields are drawn it is known which of them show what is wrong; for the rest this says it.
  useEffect(() => {
    if (issues.length === 0) return;
    const rest = unplaced(issues, asked.current);
    setFailure(rest.length === 0 ? marked : sentenceOf(rest, names));
    fields.current?.querySelector<HTMLElement>("[aria-invalid=true]")?.focus();
  }, [issues]);

  const send = async (sent: V, revision: number) => {
    setBusy(true);
    setFailure(undefined);
    setIssues([]);
    const outcome = await save(sent, revision, base.values);
    if (outcome.kind === "done") {
      tell(done, outcome);
      return close(outcome);
    }
    setBusy(false);
    if (outcome.kind === "invalid") {
      asked.current.clear();
      return setIssues(outcome.issues);
    }
    if (outcome.kind === "conflict") {
      const now = await readAgain?.();
      if (now !== undefined) return setTheirs(now);
    }
    setFailure(outcome.message);
  };
  const submitForm = (event: FormEvent) => {
    event.preventDefault();
    void send(values, base.revision);
  };
  const settle = (picks: Picks) => {
    if (theirs === undefined) return;
    const agreed = merged(base.values, values, theirs.values, picks);
    setValues(agreed);
    setBase(theirs);
    setTheirs(undefined);
    void send(agreed, theirs.revision);
  };

  const refused = refuse?.(values);
  return (
    <Dialog
      open
      onClose={() => onClose()}
      title={title}
      description={description}
      large={large === true || theirs !== undefined}
      holds={!same(values, base.values)}
    >
      {theirs === undefined ? (
        <form ref={fields} className="stack" onSubmit={submitForm} onInvalidCapture={unfold}>
          {keptAt !== undefined && (
            <KeptNotice at={keptAt} secrets={(props.secrets ?? []).map((name) => names[name])} onAfresh={beginAfresh} />
          )}
          {children(form)}
          {failure !== undefined && <Notice tone="bad">{failure}</Notice>}
          {props.revision !== undefined && <ChangeList base={base.values} now={values} names={names} words={props.words} />}
          <div className="dialog-foot">
            {busy && (
              <span className="quiet row" role="status">
                Publishing to the nodes …
              </span>
            )}
            {!busy && refused !== undefined && !same(values, base.values) && <span className="quiet wide">{refused}.</span>}
            <Button onClick={() => close()}>Cancel</Button>
            <Button type="submit" look="primary" disabled={busy} refused={refused}>
              {submit}
            </Button>
          </div>
        </form>
      ) : (
        <ConflictPanel
          base={base.values}
          mine={values}
          theirs={theirs.values}
          names={names}
          words={props.words}
          onSettle={settle}
          onCancel={() => close()}
        />
      )}
    </Dialog>
  );
}

interface KeptNoticeProps {
  readonly at: string;
  /** By their labels. */
  readonly secrets: readonly string[];
  readonly onAfresh: () => void;
}

const KeptNotice = ({ at, secrets, onAfresh }: KeptNoticeProps) => (
  <Notice>
    <div className="row apart">
      <span className="wide">
        This is what you typed <When at={at} /> and did not save.
        {secrets.length > 0 && ` What is secret was not kept: ${secrets.join(", ")}.`}
      </span>
      <Button small onClick={onAfresh}>
        Begin afresh
      </Button>
    </div>
  </Notice>
);
