/**
 * Two people changed the same thing. What only one of them touched needs no decision; for the rest both values stand beside
 * what was there before, and one is picked.
 */
import { useState } from "react";
import { Button } from "../ui/button.tsx";
import { Badge, Notice } from "../ui/marks.tsx";
import type { Values } from "./form.tsx";
import { type Picks, same } from "./merge-changes.ts";
import { type ChoiceWords, Shown } from "./shown.tsx";

interface ConflictPanelProps<V extends Values> {
  readonly base: V;
  readonly mine: V;
  readonly theirs: V;
  readonly names: Readonly<Record<string, string>>;
  readonly words?: ChoiceWords | undefined;
  readonly onSettle: (picks: Picks) => void;
  readonly onCancel: () => void;
}

export function ConflictPanel<V extends Values>({ base, mine, theirs, names, words, onSettle, onCancel }: ConflictPanelProps<V>) {
  const [picks, setPicks] = useState<Picks>({});
  const touched = Object.keys(base).filter((name) => !same(mine[name], base[name]) || !same(theirs[name], base[name]));
  const contested = touched.filter(
    (name) => !same(mine[name], base[name]) && !same(theirs[name], base[name]) && !same(mine[name], theirs[name]),
  );
  const open = contested.filter((name) => picks[name] === undefined);
  return (
    <div className="stack">
      <Notice tone="warn">
        Somebody else has changed this since you opened it. Nothing of yours was saved, and nothing is lost: below is what it was, what they
        made of it, and what you have.
      </Notice>
      <div className="table-frame">
        <table className="cards" aria-label="What changed meanwhile">
          <thead>
            <tr>
              <th>Field</th>
              <th>Was</th>
              <th>Theirs</th>
              <th>Yours</th>
              <th>Keep</th>
            </tr>
          </thead>
          <tbody>
            {touched.map((name) => (
              <tr key={name}>
                <td data-name="Field">{names[name] ?? name}</td>
                <td data-name="Was">
                  <Shown value={base[name]} words={words?.[name]} />
                </td>
                <td data-name="Theirs">
                  <Shown value={theirs[name]} words={words?.[name]} changed={!same(theirs[name], base[name])} />
                </td>
                <td data-name="Yours">
                  <Shown value={mine[name]} words={words?.[name]} changed={!same(mine[name], base[name])} />
                </td>
                <td data-name="Keep">
                  {contested.includes(name) ? (
                    <fieldset className="stack tight" style={{ border: 0, padding: 0 }}>
                      <legend className="visually-hidden">Which {names[name] ?? name} holds</legend>
                      {(["theirs", "mine"] as const).map((who) => (
                        <label key={who} className="check">
                          <input
                            type="radio"
                            name={`pick-${name}`}
                            checked={picks[name] === who}
                            onChange={() => setPicks((before) => ({ ...before, [name]: who }))}
                          />
                          {who === "mine" ? "Yours" : "Theirs"}
                        </label>
                      ))}
                    </fieldset>
                  ) : (
                    <Badge tone="good">{same(mine[name], base[name]) ? "Theirs" : "Yours"}</Badge>
                  )}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <div className="dialog-foot">
        <Button onClick={onCancel}>Keep theirs, discard mine</Button>
        <Button
          look="primary"
          onClick={() => onSettle(picks)}
          refused={open.length > 0 ? "Pick one for each field that both of you changed" : undefined}
        >
          Save the result
        </Button>
      </div>
    </div>
  );
}
