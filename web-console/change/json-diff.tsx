/** What differs between two images of a thing: one line for each value, before and after. */
import { differences, isBag } from "./differences.ts";

export function JsonDiff({ before, after }: { readonly before: unknown; readonly after: unknown }) {
  const found =
    before == null && isBag(after)
      ? differences({}, after)
      : isBag(before) && after == null
        ? differences(before, {})
        : differences(before, after);
  if (found.length === 0) return <p className="quiet">Nothing that it serves by differs.</p>;
  return (
    <div>
      {found.map((difference) => (
        <div key={difference.path} className="change">
          <code style={{ overflowWrap: "anywhere" }}>{difference.path}</code>
          {difference.before === undefined ? <span /> : <pre className="before">{shown(difference.before)}</pre>}
          {difference.after === undefined ? <span /> : <pre className="after">{shown(difference.after)}</pre>}
        </div>
      ))}
    </div>
  );
}

const shown = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value, null, 1));
