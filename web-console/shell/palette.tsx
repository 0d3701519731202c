/** Everything one can go to or do, and what the configuration holds, found by typing. */
import { Autocomplete } from "@base-ui/react/autocomplete";
import { Dialog } from "@base-ui/react/dialog";
import { useNavigate } from "@tanstack/react-router";
import { Code2, type LucideIcon, Moon, Plus } from "lucide-react";
import { useState } from "react";
import { useViewer } from "../session/viewer.ts";
import { placesFor } from "./navigation.ts";
import { useThings } from "./palette-things.ts";

interface Command {
  /** What it is found by. */
  readonly value: string;
  readonly label: string;
  readonly keys?: string;
  /** Of a thing that the control plane found: its kind, in words. */
  readonly kind?: string;
  readonly icon: LucideIcon;
  readonly act: () => void;
}

interface PaletteProps {
  readonly open: boolean;
  readonly onClose: () => void;
  readonly onTheme: () => void;
  readonly onBehind: () => void;
}

export function Palette({ open, onClose, onTheme, onBehind }: PaletteProps) {
  const navigate = useNavigate();
  const viewer = useViewer();
  const { contains } = Autocomplete.useFilter();
  const [typed, setTyped] = useState("");
  const things = useThings(typed);
  const go = (to: string, search?: Record<string, unknown>) => () => void navigate({ to, search: search ?? {} });
  const groups = [
    {
      value: "Go to",
      items: placesFor(viewer).map<Command>(({ to, name, key, words, icon }) => ({
        value: `${name} ${words}`,
        label: name,
        keys: `g ${key}`,
        icon,
        act: go(to),
      })),
    },
    {
      value: "Make",
      items: (
        [
          ["a route", "/routes"],
          ["a provider", "/backends"],
          ["an API key", "/keys"],
          ["a prompt", "/prompts"],
          ["an experiment", "/experiments"],
          ["a quota", "/quotas"],
          ["an alert rule", "/alerts", { tab: "rules" }],
        ] as const
      ).map<Command>(([what, to, search]) => ({
        value: `create new make ${what}`,
        label: `Make ${what}`,
        icon: Plus,
        act: go(to, { ...search, make: true }),
      })),
    },
    {
      value: "Here",
      items: [
        { value: "theme light dark", label: "Light or dark", keys: "t", icon: Moon, act: onTheme },
        { value: "graphql behind this page query", label: "Show the GraphQL behind this page", icon: Code2, act: onBehind },
      ] satisfies Command[],
    },
    // Last: they come a moment later, and move nothing that one is about to press.
    {
      value: "Things",
      items: things.found.map<Command>(({ name, kind, icon, path }) => ({ value: path, label: name, kind, icon, act: go(path) })),
    },
  ];
  return (
    <Dialog.Root open={open} onOpenChange={(next) => next || onClose()}>
      <Dialog.Portal>
        <Dialog.Backdrop className="backdrop" />
        <Dialog.Viewport className="layer">
          <Dialog.Popup className="dialog palette" aria-label="Search and commands">
            <Autocomplete.Root
              open
              inline
              items={groups}
              autoHighlight="always"
              keepHighlight
              onValueChange={setTyped}
              filter={(item: unknown, text) => (item as Command).kind !== undefined || contains((item as Command).value, text)}
              itemToStringValue={(item: unknown) => (item as Command).value}
            >
              <Autocomplete.Input
                className="palette-input"
                aria-label="Search and commands"
                placeholder="Where to, what to do, or what is it called?"
              />
              <Autocomplete.Empty>
                <div className="empty">
                  {things.looking ? "Looking …" : things.failed ? "Things cannot be looked for now." : "Nothing is called that."}
                </div>
              </Autocomplete.Empty>
              <Autocomplete.List className="palette-list">
                {(group: (typeof groups)[number]) => (
                  <Autocomplete.Group key={group.value} items={group.items}>
                    <Autocomplete.GroupLabel className="group-name">{group.value}</Autocomplete.GroupLabel>
                    <Autocomplete.Collection>
                      {(item: Command) => (
                        <Autocomplete.Item
                          key={item.value}
                          value={item}
                          onClick={() => {
                            onClose();
                            item.act();
                          }}
                        >
                          <item.icon size={16} aria-hidden />
                          <span className="wide">{item.label}</span>
                          {item.kind !== undefined && <span className="quiet">{item.kind}</span>}
                          {item.keys !== undefined && <kbd>{item.keys}</kbd>}
                        </Autocomplete.Item>
                      )}
                    </Autocomplete.Collection>
                  </Autocomplete.Group>
                )}
              </Autocomplete.List>
            </Autocomplete.Root>
            <Dialog.Close className="visually-hidden">Close</Dialog.Close>
          </Dialog.Popup>
        </Dialog.Viewport>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
