/** What was run in this tab, to be put into the editor again. */
import { Button } from "../../ui/button.tsx";
import type { Ask } from "./link.ts";
import { rememberedMax } from "./operations.ts";

export function LastPane({ last, onChoose }: { readonly last: readonly Ask[]; readonly onChoose: (ask: Ask) => void }) {
  return (
    <div className="stack tight">
      <p className="quiet">
        The last {rememberedMax} of this tab, until it is loaded again. Of changes, texts and variables are left out: they may be secret.
      </p>
      {last.length === 0 && <p>Nothing was run yet.</p>}
      <ul className="schema-words">
        {last.map((asked, index) => (
          <li key={`${asked.query} ${asked.variables}`}>
            <pre className="code wrap">{shortened(asked.query)}</pre>
            <Button small onClick={() => onChoose(asked)} aria-label={`Put run ${index + 1} into the editor`}>
              Put into the editor
            </Button>
          </li>
        ))}
      </ul>
    </div>
  );
}

const linesMax = 4;

function shortened(query: string): string {
  const lines = query.split("\n");
  return lines.length <= linesMax ? query : `${lines.slice(0, linesMax).join("\n")}\n…`;
}
