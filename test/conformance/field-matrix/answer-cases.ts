/**
 * What each wire answers, whole and streamed, for each thing that an answer may hold, and the words by which it is known again in
 * what a caller is told. The shapes are those of test/providers/recordings, where their sources stand.
 */
import { besideContentCases } from "./answer-cases/beside-content.ts";
import { contentCases } from "./answer-cases/content.ts";
import { endingCases } from "./answer-cases/endings.ts";
import type { AnswerCase } from "./answer-cases/wording.ts";

export const answerCases: readonly AnswerCase[] = [...contentCases, ...besideContentCases, ...endingCases];
