/** Everything one can go to or do, found by typing. */
import { Autocomplete } from "@base-ui/react/autocomplete";
import { Dialog } from "@base-ui/react/dialog";
import { useNavigate } from "@tanstack/react-router";
import { Code2, type LucideIcon, Moon, Plus } from "lucide-react";
import { places } from "./navigation.ts";

interface Command {
  readonly value: string;
  readonly label: string;
  readonly keys?: string;
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
  const go = (to: string, search?: Record<string, unknown>) => () => void navigate({ to, search: search ?? {} });
  const groups = [
    {
      value: "Go to",
      items: places.map<Command>(({ to, name, key, words, icon }) => ({
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
        ] as const
      ).map<Command>(([what, to]) => ({
        value: `create new make ${what}`,
        label: `Make ${what}`,
        icon: Plus,
        act: go(to, { make: true }),
      })),
    },
    {
      value: "Here",
      items: [
        { value: "theme light dark", label: "Light or dark", keys: "t", icon: Moon, act: onTheme },
        { value: "graphql behind this page query", label: "Show the GraphQL behind this page", icon: Code2, act: onBehind },
      ] satisfies Command[],
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
              itemToStringValue={(item: unknown) => (item as Command).value}
            >
              <Autocomplete.Input className="palette-input" aria-label="Search and commands" placeholder="Where to, or what to do?" />
              <Autocomplete.Empty>
                <div className="empty">Nothing is called that.</div>
              </Autocomplete.Empty>
              <Autocomplete.List className="palette-list">
                {(group: (typeof groups)[number]) => (
                  <Autocomplete.Group key={group.value} items={group.items}>
                    <Autocomplete.GroupLabel className="group-name">{group.value}</Autocomplete.GroupLabel>
                    <Autocomplete.Collection>
                      {(item: Command) => (
                        <Autocomplete.Item
                          key={item.label}
                          value={item}
                          onClick={() => {
                            onClose();
                            item.act();
                          }}
                        >
                          <item.icon size={16} aria-hidden />
                          <span className="wide">{item.label}</span>
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
