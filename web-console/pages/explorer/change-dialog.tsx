/** Before a mutation runs: once, each time. */
import { useViewer } from "../../session/viewer.ts";
import { Button } from "../../ui/button.tsx";
import { Dialog } from "../../ui/dialog.tsx";

interface ChangeDialogProps {
  /** The operation's; undefined: it has none. */
  readonly name: string | undefined;
  readonly onRun: () => void;
  readonly onClose: () => void;
}

export function ChangeDialog({ name, onRun, onClose }: ChangeDialogProps) {
  const { organisation } = useViewer();
  return (
    <Dialog
      open
      onClose={onClose}
      title={name === undefined ? "Run this change?" : `Run ${name}?`}
      description={`A mutation changes the configuration of ${organisation?.name ?? "the installation"} at once, and nodes serve by it. It is written to the audit log.`}
    >
      <div className="dialog-foot">
        <Button onClick={onClose}>Cancel</Button>
        <Button look="danger solid" onClick={onRun}>
          Run it
        </Button>
      </div>
    </Dialog>
  );
}
