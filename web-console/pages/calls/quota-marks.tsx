/** What quotas did to a call, in the words of that moment: the quota may have changed since. */
import { Link } from "@tanstack/react-router";
import { lower, windowOf } from "../quotas/words.ts";
import type { Call } from "./call-detail.tsx";

const effects: Readonly<Record<string, string>> = {
  denied: "refused the call: there was no room",
  unavailable: "refused the call: it could not be counted",
  cut: "ended the answer half-way",
  passed_over: "passed its backend over for another",
  passed: "was passed, as it allows",
};

export function QuotaMarks({ marks }: { readonly marks: Call["quotaMarks"] }) {
  if (marks.length === 0) return null;
  return (
    <section className="stack tight">
      <h3>What quotas did</h3>
      <ul className="stack tight">
        {marks.map((mark) => (
          <li key={`${mark.quotaId} ${mark.effect}`}>
            <Link to="/quotas">{mark.quotaKey}</Link> {effects[mark.effect] ?? mark.effect}{" "}
            <span className="quiet">
              ({lower(mark.resource)} {windowOf(mark.window.toUpperCase())}, on {mark.scope})
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}
