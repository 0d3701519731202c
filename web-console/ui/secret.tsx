/** A secret that is shown once: copied, or lost. */
import type { ReactNode } from "react";
import { Button } from "./button.tsx";
import { Dialog } from "./dialog.tsx";
import { Code, Notice } from "./marks.tsx";

export function SecretDialog({
  title,
  secret,
  children,
  onClose,
}: {
  readonly title: string;
  readonly secret: string;
  readonly children?: ReactNode;
  readonly onClose: () => void;
}) {
  return (
    <Dialog open large onClose={onClose} title={title}>
      <Notice tone="warn">It is shown here and never again: only its hash is kept. Copy it now to where secrets live.</Notice>
      <Code text={secret} wrap label="The secret" />
      {children}
      <div className="dialog-foot">
        <Button look="primary" onClick={onClose}>
          I have it
        </Button>
      </div>
    </Dialog>
  );
}
