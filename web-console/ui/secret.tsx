/** What is shown once: copied, or lost. Nothing but its copying and the button that says so lets it go. */
import { type ReactNode, useState } from "react";
import { Button } from "./button.tsx";
import { Dialog } from "./dialog.tsx";
import { Code, Notice } from "./marks.tsx";

/** Why nobody can show it again. */
const kept = {
  /** Whoever sends it is known by it. */
  hash: "It is shown here and never again: only its hash is kept. Copy it now to where secrets live.",
  /** The control plane signs with it. */
  sealed: "It is shown here and never again: it is kept sealed, to sign with, and never told. Copy it now to where secrets live.",
  /** A link to be sent on. */
  invitation: "Send this link to them, and to nobody else. Whoever opens it first, within a week, gets the token. It is shown once.",
} as const;

interface SecretDialogProps {
  readonly title: string;
  readonly secret: string;
  readonly as: keyof typeof kept;
  readonly children?: ReactNode;
  readonly onClose: () => void;
}

export function SecretDialog({ title, secret, as, children, onClose }: SecretDialogProps) {
  const [copied, setCopied] = useState(false);
  const [warned, setWarned] = useState(false);
  return (
    <Dialog open large holds onClose={() => (copied ? onClose() : setWarned(true))} title={title}>
      <Notice tone="warn">{kept[as]}</Notice>
      <Code text={secret} wrap label={as === "invitation" ? "The link" : "The secret"} onCopied={() => setCopied(true)} />
      {children}
      {warned && !copied && (
        <Notice tone="bad">It was not copied yet. Copy it, or say below that you have it: then it is gone from here.</Notice>
      )}
      <div className="dialog-foot">
        <Button look="primary" onClick={onClose}>
          I have it
        </Button>
      </div>
    </Dialog>
  );
}
