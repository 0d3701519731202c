/** What is about to be published, field by field: read before it is sent, and nobody has to remember what was there. */
import type { Values } from "./form.tsx";
import { same } from "./merge-changes.ts";
import { type ChoiceWords, Shown } from "./shown.tsx";

interface ChangeListProps<V extends Values> {
  readonly base: V;
  readonly now: V;
  readonly names: Readonly<Record<string, string>>;
  readonly words?: ChoiceWords | undefined;
}

export function ChangeList<V extends Values>({ base, now, names, words }: ChangeListProps<V>) {
  const changed = Object.keys(base).filter((name) => !same(base[name], now[name]));
  if (changed.length === 0) return null;
  return (
    <details>
      <summary>What changes: {changed.map((name) => names[name] ?? name).join(", ")}</summary>
      <div className="table-frame">
        <table className="cards" aria-label="What changes">
          <thead>
            <tr>
              <th>Field</th>
              <th>Is</th>
              <th>Will be</th>
            </tr>
          </thead>
          <tbody>
            {changed.map((name) => (
              <tr key={name}>
                <td data-name="Field">{names[name] ?? name}</td>
                <td data-name="Is">
                  <Shown value={base[name]} words={words?.[name]} />
                </td>
                <td data-name="Will be">
                  <Shown value={now[name]} words={words?.[name]} changed />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </details>
  );
}
