/**
 * What is sent to the backend: the caller's body with the prompt's messages before its own and with parameters filled in.
 * Pure. Precedence, strongest first: the variant's parameters, those that the route forces, the caller's, the prompt
 * version's, the route's defaults.
 */
import type { InputFault } from "#agreements/prompt-inputs.ts";
import { MissingVariable } from "#agreements/prompt-template.ts";
import { GatewayError } from "../gateway-error.ts";
import { type BoundPrompt, type CompiledRoute, versionOf } from "../snapshot/compiled-route.ts";
import type { RuntimeSnapshot } from "../snapshot/runtime-snapshot.ts";
import type { Assignment } from "./assign-variant.ts";
import type { CompletionRequest, PromptReference } from "./completion-request.ts";

export interface RenderedPrompt {
  /** Top-level members of the OpenAI chat body to set, as JSON text. Empty: the caller's text goes on as it is. */
  readonly replacements: ReadonlyMap<string, string>;
  /** The prompt's own messages, as JSON texts. */
  readonly messages: readonly string[];
  readonly prompt: BoundPrompt | undefined;
}

/** A parameter may tune a call; it may not turn it into another. */
const notParameters = new Set(["model", "messages", "stream", "stream_options", "prompt"]);

/** @throws GatewayError PROMPT_NOT_FOUND; INVALID_ARGUMENT naming the variable that is missing or not known. */
export function renderPrompt(
  snapshot: RuntimeSnapshot,
  route: CompiledRoute,
  assignment: Assignment | undefined,
  request: CompletionRequest,
): RenderedPrompt {
  const prompt = promptOf(snapshot, route, assignment, request);
  const forced = assignment?.variant.parameters;
  if (prompt === undefined && route.defaultParameters === undefined && route.forcedParameters === undefined && forced === undefined)
    return untouched;

  const replacements = new Map<string, string>();
  const own = request.body.members;
  for (const [parameters, overCaller] of [
    [route.defaultParameters, false],
    [prompt?.version.defaultParameters, false],
    [route.forcedParameters, true],
    [forced, true],
  ] as const) {
    for (const [name, value] of Object.entries(parameters ?? {})) {
      if (!notParameters.has(name) && (overCaller || !own.has(name))) replacements.set(name, JSON.stringify(value));
    }
  }
  if (prompt === undefined) return { replacements, messages: [], prompt };
  const messages = renderMessages(prompt, request, assignment?.variant.prompt !== undefined);
  replacements.set("messages", before(messages, request));
  return { replacements, messages, prompt };
}

const untouched: RenderedPrompt = { replacements: new Map(), messages: [], prompt: undefined };

/** The variant's prompt, else the one the caller names, else the route's. A caller that asks for another has no variant: see assign-variant.ts. */
function promptOf(
  snapshot: RuntimeSnapshot,
  route: CompiledRoute,
  assignment: Assignment | undefined,
  request: CompletionRequest,
): BoundPrompt | undefined {
  if (assignment?.variant.prompt !== undefined) return assignment.variant.prompt;
  const reference = request.prompt;
  // Without a name, a reference is to the prompt that the route binds.
  if (reference === undefined || reference.name === "") {
    if (reference !== undefined && route.prompt === undefined)
      throw new GatewayError("INVALID_ARGUMENT", "the call brings prompt variables, but names no prompt and the route binds none", {
        field: "prompt.name",
      });
    return route.prompt === undefined || reference === undefined || reference.selector.case === undefined
      ? route.prompt
      : named(snapshot, route, route.prompt.name, reference);
  }
  return named(snapshot, route, reference.name, reference);
}

/** A prompt of the route's organisation, in the version that the reference selects. */
function named(snapshot: RuntimeSnapshot, route: CompiledRoute, name: string, reference: PromptReference): BoundPrompt {
  const prompt = snapshot.prompt(route.organisationId, name);
  if (prompt === undefined) throw new GatewayError("PROMPT_NOT_FOUND", `there is no prompt named "${name}"`, { field: "prompt.name" });
  const number = versionOf(prompt, reference.selector.case === undefined ? { case: undefined } : reference.selector);
  const version = number === undefined ? undefined : snapshot.promptVersion(prompt.id, number);
  if (version === undefined) {
    const asked = reference.selector.case === undefined ? "published version" : `${reference.selector.case} "${reference.selector.value}"`;
    throw new GatewayError("PROMPT_NOT_FOUND", `prompt "${prompt.name}" has no ${asked}`, { field: "prompt" });
  }
  return { name: prompt.name, version };
}

const saidOf: { readonly [Fault in InputFault["fault"]]: (fault: InputFault) => string } = {
  unknown: ({ variable }) => `does not use the variable "${variable}"`,
  missing: ({ variable }) => `needs the variable "${variable}"`,
  "ill-typed": ({ variable, message }) => `cannot take this as the variable "${variable}": ${message}`,
};

function renderMessages(prompt: BoundPrompt, request: CompletionRequest, inExperiment: boolean): readonly string[] {
  const { version } = prompt;
  const variables = request.prompt?.variables ?? {};
  const fault = version.inputs.faultIn(variables);
  // In an experiment a caller brings the variables of every variant, and must not be refused for those of another.
  if (fault !== undefined && !(fault.fault === "unknown" && inExperiment))
    throw new GatewayError("INVALID_ARGUMENT", `prompt "${prompt.name}" version ${version.version} ${saidOf[fault.fault](fault)}`, {
      field: `prompt.variables.${fault.variable}`,
    });
  return version.messages.map(({ role, template }) => {
    try {
      return JSON.stringify({ role, content: template.render(variables) });
    } catch (cause) {
      if (cause instanceof MissingVariable)
        throw new GatewayError(
          "INVALID_ARGUMENT",
          `prompt "${prompt.name}" version ${version.version} needs the variable "${cause.variable}"`,
          {
            cause,
            field: `prompt.variables.${cause.variable}`,
          },
        );
      throw new GatewayError(
        "INVALID_ARGUMENT",
        `prompt "${prompt.name}" version ${version.version} could not be rendered: ${cause instanceof Error ? cause.message : "unknown"}`,
        { cause, field: "prompt.variables" },
      );
    }
  });
}

function before(rendered: readonly string[], request: CompletionRequest): string {
  const span = request.body.members.get("messages");
  const own = span === undefined ? "" : request.body.text.slice(span.start + 1, span.end - 1).trim();
  return `[${own === "" ? rendered.join(",") : [...rendered, own].join(",")}]`;
}
