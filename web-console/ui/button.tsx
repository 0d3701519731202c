/** Buttons. One that may not be pressed says why. */
import { Check, Copy } from "lucide-react";
import { type ButtonHTMLAttributes, type MouseEvent, type ReactNode, useId, useState } from "react";
import { Hint } from "./hint.tsx";

interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  readonly look?: "primary" | "plain" | "danger" | "danger solid";
  readonly small?: boolean;
  readonly icon?: boolean;
  /** Why it cannot be pressed; undefined: it can. */
  readonly refused?: string | undefined;
}

export function Button({ look, small, icon, refused, className, children, type, disabled, ...rest }: ButtonProps) {
  const classes = ["button", look, small ? "small" : "", icon ? "icon" : "", className].filter(Boolean).join(" ");
  const reason = useId();
  const button = { ...rest, type: type ?? "button", className: classes } as const;
  if (refused === undefined)
    return (
      <button {...button} disabled={disabled}>
        {children}
      </button>
    );
  // Not `disabled`, which keys cannot reach: whoever comes by with them hears why.
  return (
    <>
      <Hint text={refused} below>
        <button {...button} aria-disabled aria-describedby={reason} onClick={holdBack}>
          {children}
        </button>
      </Hint>
      <span id={reason} hidden>
        {refused}
      </span>
    </>
  );
}

/** A form's own button is also pressed by Enter in its fields. */
function holdBack(event: MouseEvent): void {
  event.preventDefault();
  event.stopPropagation();
}

export function CopyButton({
  text,
  label = "Copy",
  small = true,
  onCopied,
}: {
  readonly text: string;
  readonly label?: string;
  readonly small?: boolean;
  readonly onCopied?: (() => void) | undefined;
}) {
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    await writeClipboard(text);
    setCopied(true);
    onCopied?.();
    setTimeout(() => setCopied(false), 1500);
  };
  return (
    <Button small={small} onClick={() => void copy()} aria-label={label === "Copy" ? "Copy" : undefined}>
      {copied ? <Check size={14} aria-hidden /> : <Copy size={14} aria-hidden />}
      <span aria-live="polite">{copied ? "Copied" : label}</span>
    </Button>
  );
}

/** Outside of TLS and loopback browsers keep the clipboard shut, but not this older way. */
export async function writeClipboard(text: string): Promise<void> {
  if (navigator.clipboard !== undefined) return navigator.clipboard.writeText(text);
  const area = document.createElement("textarea");
  area.value = text;
  document.body.append(area);
  area.select();
  document.execCommand("copy");
  area.remove();
}

export function Actions({ children }: { readonly children: ReactNode }) {
  return <div className="row">{children}</div>;
}
