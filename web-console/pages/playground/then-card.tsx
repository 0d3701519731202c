/** What the logged call was answered, beside what is tried now. */
import { count, duration, money } from "../../format/numbers.ts";
import { Badge, Facts } from "../../ui/marks.tsx";
import type { LoggedAnswer } from "./logged-answer.ts";

export function ThenCard({ answer }: { readonly answer: LoggedAnswer }) {
  return (
    <section className="card stack" aria-label="The answer then">
      <h2>The answer then</h2>
      <div className="answer">
        {answer.text === "" ? <span className="quiet">What was answered is not kept, or there was nothing.</span> : answer.text}
      </div>
      <div className="stack tight">
        <div className="row">
          <Badge>logged</Badge>
          {answer.firstMs !== undefined && <span className="number">first token {duration(answer.firstMs)}</span>}
          <span className="number">all {duration(answer.totalMs)}</span>
        </div>
        <Facts
          of={[
            ["Tokens in / out", `${count(answer.inputTokens)} / ${count(answer.outputTokens)}`],
            ["Cost", answer.costNanodollars === undefined ? "not known" : money(answer.costNanodollars)],
            answer.model !== "" && ["Model", <code key="model">{answer.model}</code>],
          ]}
        />
      </div>
    </section>
  );
}
