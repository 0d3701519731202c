/** The whole matrix: asked of a running node over real sockets, and written as docs/field-matrix.md has it. */
import { startTestNode } from "../../harness/node.ts";
import type { AnswerCase } from "./answer-cases/wording.ts";
import { answerCases } from "./answer-cases.ts";
import { type AnswerFate, answerFate } from "./answer-fates.ts";
import { type MatrixBackend, matrixBackends, startMatrixBackends } from "./backends.ts";
import { callersOf, type Ingress, ingresses } from "./callers.ts";
import type { RequestCase } from "./request-cases/wording.ts";
import { requestCases } from "./request-cases.ts";
import { type Fate, requestFate } from "./request-fates.ts";

/** Makes of one wire answer alike: of them, one that signs for others, and one of which nothing is known. */
export const answeringBackends = matrixBackends.filter(
  ({ wire, name }) => wire !== "chat" || ["openai", "openrouter", "generic"].includes(name),
);

export async function startMatrix() {
  const servers = await startMatrixBackends();
  const node = await startTestNode({ resources: servers.resources });
  const callers = callersOf(node);
  return {
    /** One for each of `matrixBackends`. */
    async requestFates(one: RequestCase, ingress: Ingress): Promise<Fate[]> {
      const fates: Fate[] = [];
      for (const backend of matrixBackends) fates.push(await requestFate(one, ingress, backend, callers, servers.lastAsked));
      return fates;
    },
    /** One for each of `answeringBackends`. */
    async answerFates(one: AnswerCase, ingress: Ingress): Promise<AnswerFate[]> {
      const fates: AnswerFate[] = [];
      for (const backend of answeringBackends) fates.push(await answerFate(one, ingress, backend, callers, servers.answerWith));
      servers.answerWith(undefined);
      return fates;
    },
    async [Symbol.asyncDispose]() {
      callers.close();
      await node[Symbol.asyncDispose]();
      await servers[Symbol.asyncDispose]();
    },
  };
}
export type Matrix = Awaited<ReturnType<typeof startMatrix>>;

const titles: Readonly<Record<Ingress, string>> = {
  chat: "`POST /v1/chat/completions`",
  responses: "`POST /v1/responses`",
  messages: "`POST /v1/messages`",
  completions: "`POST /v1/completions`",
  grpc: "gRPC `CompletionService`",
};

export const casesOf = (ingress: Ingress): readonly RequestCase[] => requestCases.filter(({ asked }) => asked[ingress] !== undefined);

/** As docs/field-matrix.md has it. */
export async function matrixText(matrix: Matrix): Promise<string> {
  const lines = [
    "# What becomes of each field, from every caller's dialect to every backend and back",
    "",
    "Printed by `npm run matrix`: each cell is a call through a running node to a server that speaks the backend's wire. A test holds",
    "that no cell is lost and that this document is what the command prints.",
    "",
    "## Requests",
    "",
    "*kept*: as the caller wrote it. *mapped*: in the backend's own words. *refused*: a 400 that names the field, unless the route lists",
    "it to be let go. *left out*: it changes nothing of what the answer says; told in `x-penstock-dropped`. *ours*: the gateway acts",
    "upon it itself.",
  ];
  for (const ingress of ingresses) {
    lines.push("", `### ${titles[ingress]}`, "", ...header("field", matrixBackends));
    for (const one of casesOf(ingress)) lines.push(row([one.field, ...(await matrix.requestFates(one, ingress))]));
  }
  lines.push(
    "",
    "## Answers",
    "",
    "*told*: streamed and whole. *–*: the backend has no word for it. *no word*: the caller's dialect has none, and why that loses",
    "nobody anything stands below its table. All makes of OpenAI-compatible server answer in one wire, as `generic`.",
  );
  for (const ingress of ingresses) {
    lines.push("", `### Told to ${titles[ingress]}`, "", ...header("said", answeringBackends));
    for (const one of answerCases) lines.push(row([one.feature, ...(await matrix.answerFates(one, ingress))]));
    const reasons = answerCases.flatMap(({ feature, noWord }) =>
      noWord?.[ingress] === undefined ? [] : [`- ${feature}: ${noWord[ingress]}`],
    );
    if (reasons.length > 0) lines.push("", ...reasons);
  }
  return `${lines.join("\n")}\n`;
}

const row = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
const header = (first: string, backends: readonly MatrixBackend[]) => [
  row([first, ...backends.map(({ name }) => name)]),
  row(["---", ...backends.map(() => "---")]),
];
