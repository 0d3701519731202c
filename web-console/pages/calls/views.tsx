/** Views of the call log: filters and order under a name, kept by the control plane; one's own, and those that are shared. */
import { Star, Trash2 } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { EditDialog } from "../../change/form.tsx";
import { change, problemFragment } from "../../change/outcome.ts";
import { tell } from "../../change/tell.ts";
import { graphql } from "../../graphql/documents.ts";
import { useRefusal } from "../../session/viewer.ts";
import { Button, CopyButton } from "../../ui/button.tsx";
import { Dialog } from "../../ui/dialog.tsx";
import { CheckField, TextField } from "../../ui/field.tsx";
import { Menu } from "../../ui/menu.tsx";
import { type CallFilterState, cleared, inWords, readFilters } from "./call-search.ts";
import type { CallsData } from "./calls.tsx";

type View = CallsData["savedViews"][number];

const saveMutation = graphql(
  `
    mutation SaveView($input: SaveViewInput!) {
      saveView(input: $input) {
        __typename
        ... on SaveViewPayload {
          view {
            id
          }
        }
        ...Problem
      }
    }
  `,
  [problemFragment],
);

const deleteMutation = graphql(
  `
    mutation DeleteView($id: ID!) {
      deleteView(input: { id: $id }) {
        __typename
        ... on DeleteViewPayload {
          id
        }
        ...Problem
      }
    }
  `,
  [problemFragment],
);

interface ViewsProps {
  readonly state: CallFilterState;
  readonly views: readonly View[];
  readonly onChange: (patch: CallFilterState) => void;
  readonly again: () => void;
}

export function Views({ state, views, onChange, again }: ViewsProps) {
  const [open, setOpen] = useState<"save" | "manage">();
  const search = searchOf(state);
  const isSet = Object.keys(search).length > 0;
  const current = views.find(({ id }) => id === state.view);
  const show = (view: View) => onChange({ ...cleared, ...readFilters(view.search), view: view.id });
  // An address that names a view alone means what is in it.
  const only = current !== undefined && !isSet ? current : undefined;
  useEffect(() => {
    if (only !== undefined && Object.keys(searchOf(readFilters(only.search))).length > 0) show(only);
  });
  const changed = current !== undefined && JSON.stringify(search) !== JSON.stringify(searchOf(readFilters(current.search)));
  return (
    <div className="row">
      <Menu
        trigger={
          <button type="button" className="button">
            <Star size={15} aria-hidden /> {current === undefined ? "Views" : `${current.name}${changed ? ", changed" : ""}`}
          </button>
        }
        note={!isSet && views.length === 0 ? "Set filters to save them as a view." : undefined}
        entries={[
          ...views.map((view) => ({ label: view.mine ? view.name : `${view.name}, by ${ownerName(view)}`, act: () => show(view) })),
          ...(isSet ? [{ label: "Save this view …", act: () => setOpen("save") }] : []),
          ...(views.length === 0 ? [] : [{ label: "All views …", act: () => setOpen("manage") }]),
        ]}
      />
      {(isSet || state.view !== undefined) && (
        <Button look="plain" onClick={() => onChange(cleared)}>
          Clear
        </Button>
      )}
      {open === "save" && (
        <SaveDialog
          search={search}
          start={current?.mine === true ? current : undefined}
          onClose={(saved) => {
            setOpen(undefined);
            if (saved === undefined) return;
            again();
            onChange({ view: saved });
          }}
        />
      )}
      {open === "manage" && <AllViews views={views} again={again} onClose={() => setOpen(undefined)} />}
    </div>
  );
}

const ownerName = ({ owner }: View): string => owner.replace(/^token:/, "");

/** What a view keeps of the address: not the call that is open in it, and not the view itself. */
const searchOf = (state: CallFilterState): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(state)
      .filter(([name, value]) => value !== undefined && name !== "call" && name !== "view")
      .map(([name, value]): [string, string] => [name, String(value)])
      .sort(([one], [other]) => (one < other ? -1 : 1)),
  );

interface SaveDialogProps {
  readonly search: Readonly<Record<string, string>>;
  /** Undefined: it is new. */
  readonly start: View | undefined;
  readonly onClose: (saved?: string) => void;
}

function SaveDialog({ search, start, onClose }: SaveDialogProps) {
  const mayNotShare = useRefusal("developer");
  const saved = useRef<string>(undefined);
  return (
    <EditDialog<{ readonly name: string; readonly shared: boolean }>
      title="Save this view"
      description={inWords(search)}
      start={{ name: start?.name ?? "", shared: start?.shared ?? false }}
      names={{ name: "Name", shared: "Shared" }}
      submit="Save"
      done="The view is kept"
      refuse={({ name }) => (name.trim() === "" ? "Give it a name" : undefined)}
      save={async ({ name, shared }) => {
        const outcome = await change(saveMutation, { input: { page: "calls", name, search, shared } });
        if (outcome.kind === "done") saved.current = outcome.payload.view.id;
        return outcome;
      }}
      onClose={() => onClose(saved.current)}
    >
      {({ values, set, problem }) => (
        <>
          <TextField
            label="Name"
            value={values.name}
            onChange={(name) => set("name", name)}
            problem={problem("name")}
            hint="Your own of that name is replaced."
          />
          {mayNotShare === undefined && (
            <CheckField label="Everybody in the organisation sees it" value={values.shared} onChange={(shared) => set("shared", shared)} />
          )}
        </>
      )}
    </EditDialog>
  );
}

function AllViews({ views, again, onClose }: Pick<ViewsProps, "views" | "again"> & { readonly onClose: () => void }) {
  const mayNotTakeAway = useRefusal("admin");
  const remove = async (view: View) => {
    const outcome = await change(deleteMutation, { id: view.id });
    tell(`The view “${view.name}” is gone`, outcome);
    again();
  };
  return (
    <Dialog open onClose={onClose} title="Views of the call log">
      <ul className="stack">
        {views.map((view) => (
          <li key={view.id} className="row apart">
            <span className="wide">
              {view.name} <span className="quiet">{view.mine ? (view.shared ? "yours, shared" : "yours") : `by ${ownerName(view)}`}</span>
            </span>
            <CopyButton text={`${location.origin}/calls?view=${view.id}`} label="Copy the link" />
            <Button
              small
              icon
              aria-label={`Delete ${view.name}`}
              refused={view.mine ? undefined : mayNotTakeAway}
              onClick={() => void remove(view)}
            >
              <Trash2 size={14} aria-hidden />
            </Button>
          </li>
        ))}
      </ul>
      {views.length === 0 && <p className="quiet">None is left.</p>}
    </Dialog>
  );
}
