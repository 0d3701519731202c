/** A node as people call it: its id stands on hover, and in the clipboard after a click. */
import { writeClipboard } from "./button.tsx";
import { say } from "./toasts.tsx";

export const NodeName = ({ id, name }: { readonly id: string; readonly name: string }) => (
  <button
    type="button"
    className="node-name"
    title={`${id} (click to copy)`}
    onClick={() => void writeClipboard(id).then(() => say("The node's id is copied", id))}
  >
    {name}
  </button>
);
