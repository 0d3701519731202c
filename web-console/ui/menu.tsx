/** A menu of things to do. */
import { Menu as Base } from "@base-ui/react/menu";
import type { ReactElement, ReactNode } from "react";

export interface MenuEntry {
  readonly label: ReactNode;
  readonly icon?: ReactNode;
  readonly act: () => void;
}

export function Menu({
  trigger,
  entries,
  note,
}: {
  readonly trigger: ReactElement<Record<string, unknown>>;
  readonly entries: readonly MenuEntry[];
  readonly note?: ReactNode;
}) {
  return (
    <Base.Root>
      <Base.Trigger render={trigger} />
      <Base.Portal>
        <Base.Positioner sideOffset={6} align="end">
          <Base.Popup className="menu">
            {note !== undefined && <div className="menu-note">{note}</div>}
            {entries.map((entry, index) => (
              <Base.Item key={index} onClick={entry.act}>
                {entry.icon}
                {entry.label}
              </Base.Item>
            ))}
          </Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  );
}
