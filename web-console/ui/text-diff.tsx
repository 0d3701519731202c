/** What differs between two texts: side by side, or in one where the screen is narrow or the person wants it so. */
import { useState } from "react";
import { Editor } from "./editor.tsx";

interface TextDiffProps {
  readonly label: string;
  readonly before: string;
  readonly after: string;
}

const key = "penstock-diff";
const narrow = "(max-width: 720px)";

function chosen(): boolean {
  try {
    const kept = localStorage.getItem(key);
    return kept === null ? matchMedia(narrow).matches : kept === "inline";
  } catch {
    return false;
  }
}

export function TextDiff({ label, before, after }: TextDiffProps) {
  const [inline, setInline] = useState(chosen);
  const pick = (next: boolean) => {
    setInline(next);
    localStorage.setItem(key, next ? "inline" : "side");
  };
  return (
    <div className="stack tight">
      <div className="tabs" role="group" aria-label="How it is shown">
        {([false, true] as const).map((one) => (
          <button key={String(one)} type="button" aria-pressed={inline === one} onClick={() => pick(one)}>
            {one ? "In one text" : "Side by side"}
          </button>
        ))}
      </div>
      <Editor label={label} language="liquid" value={after} against={before} inline={inline} />
    </div>
  );
}
