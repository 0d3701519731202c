/** Layers over a page: a dialog in the middle, a drawer at the side. Escape closes, focus stays inside and goes back afterwards. */
import { Dialog as Base } from "@base-ui/react/dialog";
import { X } from "lucide-react";
import { type ReactNode, useRef } from "react";

interface LayerProps {
  readonly open: boolean;
  readonly onClose: () => void;
  readonly title: ReactNode;
  readonly description?: ReactNode;
  readonly children: ReactNode;
}

/** Where the panel to sign in again lies over it, a press or a key that is for that closes nothing beneath. */
const isCovered = (): boolean => document.querySelector("dialog[open]") !== null;

interface DialogProps extends LayerProps {
  readonly large?: boolean;
  /** It holds what somebody has typed: a press beside it does not take that away. */
  readonly holds?: boolean;
}

export function Dialog({ open, onClose, title, description, children, large, holds = false }: DialogProps) {
  const popup = useRef<HTMLDivElement>(null);
  // What is to be filled in, and not the way out, which comes first in the order of things. Without a field: as ever.
  const firstField = () => popup.current?.querySelector<HTMLElement>("input:enabled, select:enabled, textarea:enabled") ?? true;
  return (
    <Base.Root open={open} onOpenChange={(next) => next || isCovered() || onClose()} disablePointerDismissal={holds}>
      <Base.Portal>
        <Base.Backdrop className="backdrop" />
        <Base.Viewport className="layer">
          <Base.Popup ref={popup} initialFocus={firstField} className={large ? "dialog large" : "dialog"}>
            <Head title={title} description={description} />
            {children}
          </Base.Popup>
        </Base.Viewport>
      </Base.Portal>
    </Base.Root>
  );
}

/** Leaves the page behind it usable, so that the list can be walked through while it is open. */
export function Drawer({ open, onClose, title, description, children }: LayerProps) {
  return (
    <Base.Root open={open} onOpenChange={(next) => next || isCovered() || onClose()} modal={false} disablePointerDismissal>
      <Base.Portal>
        <Base.Popup className="drawer" initialFocus={false}>
          <Head title={title} description={description} />
          {children}
        </Base.Popup>
      </Base.Portal>
    </Base.Root>
  );
}

function Head({ title, description }: { readonly title: ReactNode; readonly description?: ReactNode }) {
  return (
    <div className="stack tight">
      <div className="row apart">
        <Base.Title className="wide">{title}</Base.Title>
        <Base.Close className="button plain icon small" aria-label="Close">
          <X size={16} aria-hidden />
        </Base.Close>
      </div>
      {description !== undefined && <Base.Description className="quiet">{description}</Base.Description>}
    </div>
  );
}
