/**
 * The same events in other bytes: every form here is allowed by the event-stream format (or is plain TCP), and every one has
 * broken a gateway. Each function passes waits and missteps through and changes texts alone.
 */
import type { Step } from "./stream-writer.ts";

/** Long enough that two writes do not reach the reader as one. */
const apartMs = 2;

/** @param end "\r\n" or "\r" */
export const endingLinesWith = (steps: Iterable<Step>, end: string): Generator<Step, void> =>
  changed(steps, (text) => text.replaceAll("\n", end));

/** A byte order mark, a comment before each event, and no space after the colon. */
export function withComments(steps: Iterable<Step>): Generator<Step, void> {
  let mark = "\uFEFF";
  return changed(steps, (text) => {
    const start = mark;
    mark = "";
    return `${start}: keep-alive\n\n:\nevent: message\n${text.replace(/^data: /, "data:")}`;
  });
}

/** JSON may hold line ends between its parts, and a reader joins data lines with one. */
export const withDataOverLines = (steps: Iterable<Step>): Generator<Step, void> =>
  changed(steps, (text) => text.replace(/^(event: .*\n)?data: (\{)(.*)(\}\n\n)$/s, "$1data: $2\ndata: $3\ndata: $4"));

/** By the format, an event that no blank line ends is thrown away. */
export const withoutFinalBlankLine = (steps: Iterable<Step>): Generator<Step, void> =>
  changed(steps, (text) => (/^(?:data: \[DONE\]|event: message_stop)/.test(text) ? text.trimEnd() : text));

export function* bytewise(steps: Iterable<Step>, gapMs: number): Generator<Step, void> {
  for (const step of steps) {
    if (typeof step !== "string") {
      yield step;
      continue;
    }
    for (const byte of Buffer.from(step)) {
      yield Buffer.of(byte);
      yield gapMs;
    }
  }
}

/** Cuts after each byte of a character that has several, and nowhere else. */
export function* splitInsideCharacters(steps: Iterable<Step>): Generator<Step, void> {
  for (const step of steps) {
    if (typeof step !== "string") {
      yield step;
      continue;
    }
    const bytes = Buffer.from(step);
    let start = 0;
    for (let i = 1; i < bytes.length; i++) {
      // A byte 10xxxxxx continues a character.
      if (((bytes[i] ?? 0) & 0xc0) !== 0x80) continue;
      yield bytes.subarray(start, i);
      yield apartMs;
      start = i;
    }
    yield bytes.subarray(start);
  }
}

function* changed(steps: Iterable<Step>, change: (text: string) => string): Generator<Step, void> {
  for (const step of steps) yield typeof step === "string" ? change(step) : step;
}
