/** A word more, where the pointer rests or the focus is. */
import { Tooltip } from "@base-ui/react/tooltip";
import type { ReactElement } from "react";

interface HintProps {
  readonly text: string;
  /** Where what stands above must not be covered. */
  readonly below?: boolean;
  readonly children: ReactElement<Record<string, unknown>>;
}

export function Hint({ text, below = false, children }: HintProps) {
  return (
    <Tooltip.Root>
      <Tooltip.Trigger render={children} />
      <Tooltip.Portal>
        <Tooltip.Positioner sideOffset={6} side={below ? "bottom" : "top"}>
          <Tooltip.Popup className="tooltip">{text}</Tooltip.Popup>
        </Tooltip.Positioner>
      </Tooltip.Portal>
    </Tooltip.Root>
  );
}
