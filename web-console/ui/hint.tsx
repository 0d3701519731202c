/** A word more, where the pointer rests or the focus is. */
import { Tooltip } from "@base-ui/react/tooltip";
import type { ReactElement } from "react";

export function Hint({ text, children }: { readonly text: string; readonly children: ReactElement<Record<string, unknown>> }) {
  return (
    <Tooltip.Root>
      <Tooltip.Trigger render={children} />
      <Tooltip.Portal>
        <Tooltip.Positioner sideOffset={6}>
          <Tooltip.Popup className="tooltip">{text}</Tooltip.Popup>
        </Tooltip.Positioner>
      </Tooltip.Portal>
    </Tooltip.Root>
  );
}
