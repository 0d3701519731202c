/** What came back, to read and to fold, and how it came: status, time, size, the request's id for whoever looks into the server's log. */
import { count, counted, duration } from "../../format/numbers.ts";
import { CopyButton } from "../../ui/button.tsx";
import { Editor } from "../../ui/editor.tsx";
import { Notice } from "../../ui/marks.tsx";
import { answerExtensions } from "./editors.ts";
import { type Answer, eventsShownMax } from "./run.ts";
import type { Run } from "./use-run.ts";

export function AnswerPane({ run: { answer, failure, busy } }: { readonly run: Run }) {
  return (
    <div className="stack tight">
      <div className="row apart">
        <p role="status" className="quiet">
          {answer === undefined ? (busy ? "Asked; no answer yet" : "Nothing was run yet") : headOf(answer, busy)}
        </p>
        {answer !== undefined && <CopyButton text={answer.text} />}
      </div>
      {failure !== undefined && <Notice tone="bad">{failure}</Notice>}
      {answer !== undefined && (
        <>
          <Editor label="Answer" value={answer.text} language="json" extensions={answerExtensions} lines={16} />
          <p className="quiet">Ctrl Shift [ folds what the cursor is in, Ctrl Shift ] opens it.</p>
        </>
      )}
    </div>
  );
}

function headOf({ status, ms, bytes, requestId, events }: Answer, busy: boolean): string {
  const parts = [`HTTP ${status ?? "without an answer"}`, duration(ms), counted(bytes, "byte")];
  if (events !== undefined)
    parts.unshift(
      `${busy ? "Following" : "Over"}: ${counted(events, "event")}, the newest first${events > eventsShownMax ? `, the last ${count(eventsShownMax)} of them` : ""}`,
    );
  if (requestId !== undefined) parts.push(`request ${requestId}`);
  return parts.join(" · ");
}
