/**
 * Whose server it is, where servers that speak the OpenAI chat API differ: the table of what each wants otherwise in a request.
 * What is not in a row goes as the caller wrote it. What a server passes over in silence is refused here by name instead, so that
 * nobody takes an answer for what it is not; what it refuses by itself is mostly left to its own words.
 *
 * Sources stand beside the rows; read in November 2026.
 */
import type { Provider as ProviderRow } from "#proto/penstock/config/v1/snapshot_pb.ts";
import type { KeyHeader } from "../proof.ts";

export interface Flavour {
  readonly keyHeader: KeyHeader;
  /** The one name by which it knows the bound on output. undefined: as the caller said it. */
  readonly outputBound: "max_tokens" | "max_completion_tokens" | undefined;
  /** Whether it knows messages of the role `developer`; else they are `system`. */
  readonly developerRole: boolean;
  /** Whether it may be asked for usage in a stream. Those that may not, tell it unasked. */
  readonly streamOptions: boolean;
  /** Members under another name. */
  readonly renamed: Readonly<Record<string, string>>;
  /** What it has no part of: refused by name where it says anything that matters. */
  readonly lacks: readonly Lack[];
  readonly toolChoice: ToolChoiceForms;
  /** How it wants a JSON schema for its answer. */
  readonly schemaForm: "openai" | "tgi";
  /** The member in which it takes back what its model has thought. undefined: it has none, and some answer an unknown one with a 400. */
  readonly thoughts: "reasoning_content" | "reasoning" | undefined;
  /** Ids of tool calls that it takes. undefined: any. */
  readonly toolCallIds: "nine-alphanumerics" | undefined;
}

export interface ToolChoiceForms {
  /** Its word for `required`. undefined: it has none. */
  readonly required: string | undefined;
  /** Whether a single function may be named. */
  readonly named: boolean;
  /** Whether several may be (`allowed_tools`). */
  readonly several: boolean;
}

export interface Lack {
  readonly name: string;
  /** Whether it would change the answer: `n: 1` asks for nothing. */
  readonly matters: (value: unknown) => boolean;
  /** It changes nothing of what the answer says, so that it may be left out. */
  readonly hint?: true;
}

const always = () => true;
const lack = (names: string, matters: (value: unknown) => boolean = always): Lack[] => names.split(" ").map((name) => ({ name, matters }));
const hints = (names: string): Lack[] => names.split(" ").map((name) => ({ name, matters: always, hint: true }));

const severalChoices = lack("n", (n) => n !== 1);
const logprobs = [...lack("logprobs", (asked) => asked === true), ...lack("top_logprobs", (count) => count !== 0)];
const logitBias = lack("logit_bias", (bias) => typeof bias === "object" && bias !== null && Object.keys(bias).length > 0);
const oneCallAtATime = lack("parallel_tool_calls", (parallel) => parallel === false);
const spokenAnswers = [
  ...lack("audio prediction web_search_options"),
  ...lack("modalities", (asked) => !(Array.isArray(asked) && asked.every((one) => one === "text"))),
];
const verbosity = lack("verbosity", (asked) => asked !== "medium");

const openai: Flavour = {
  keyHeader: "bearer",
  outputBound: undefined,
  developerRole: true,
  streamOptions: true,
  renamed: {},
  lacks: [],
  toolChoice: { required: "required", named: true, several: true },
  schemaForm: "openai",
  thoughts: undefined,
  toolCallIds: undefined,
};

const namedAlone = { required: "required", named: true, several: false } as const;

/** Models that run on a server of one's own know the roles of their chat template, and that has no `developer`. */
const ownServer: Flavour = { ...openai, developerRole: false, toolChoice: namedAlone, thoughts: "reasoning_content" };

const flavours = {
  /** Nothing is known of it, so it gets what the caller wrote. */
  generic: { ...openai, thoughts: "reasoning_content" },
  /** platform.openai.com/docs/api-reference/chat: max_tokens is deprecated, and reasoning models refuse it. */
  openai: { ...openai, outputBound: "max_completion_tokens" },
  /** learn.microsoft.com, Azure OpenAI reference: which bound a deployment takes depends on its model. Path: see endpoint.ts. */
  azure: { ...openai, keyHeader: "api-key" },
  /** docs.vllm.ai, OpenAI-compatible server: unknown members are passed over with a warning in its log. */
  vllm: { ...ownServer, lacks: [...spokenAnswers, ...verbosity] },
  /** docs.ollama.com/api/openai-compatibility: the members that it lists as not supported. */
  ollama: {
    ...ownServer,
    outputBound: "max_tokens",
    thoughts: "reasoning",
    toolChoice: { required: undefined, named: false, several: false },
    lacks: [...severalChoices, ...logitBias, ...oneCallAtATime, ...spokenAnswers, ...verbosity],
  },
  /** llama.cpp tools/server/README.md; common/chat.cpp reads tool_choice as a word, and any other form as `auto`. */
  "llama-cpp": {
    ...ownServer,
    outputBound: "max_tokens",
    toolChoice: { required: "required", named: false, several: false },
    lacks: [...severalChoices, ...spokenAnswers, ...verbosity],
  },
  /** huggingface.co/docs/text-generation-inference, Messages API: n and logit_bias are marked as unused. */
  tgi: {
    ...ownServer,
    outputBound: "max_tokens",
    thoughts: undefined,
    schemaForm: "tgi",
    lacks: [...severalChoices, ...logitBias, ...oneCallAtATime, ...spokenAnswers, ...verbosity],
  },
  /** docs.mistral.ai/api: members that it does not list are a 422. */
  mistral: {
    ...openai,
    outputBound: "max_tokens",
    developerRole: false,
    streamOptions: false,
    renamed: { seed: "random_seed" },
    toolChoice: { required: "any", named: true, several: false },
    toolCallIds: "nine-alphanumerics",
    lacks: [
      ...logprobs,
      ...logitBias,
      ...spokenAnswers,
      ...verbosity,
      ...lack("store", (asked) => asked === true),
      ...lack("service_tier", (tier) => tier !== "auto" && tier !== "default"),
      ...hints("user safety_identifier metadata prompt_cache_key prompt_cache_retention"),
    ],
  },
  /** api-docs.deepseek.com, Create Chat Completion. */
  deepseek: {
    ...openai,
    outputBound: "max_tokens",
    developerRole: false,
    thoughts: "reasoning_content",
    toolChoice: namedAlone,
    lacks: [...severalChoices, ...logitBias, ...lack("seed"), ...oneCallAtATime, ...spokenAnswers, ...verbosity],
  },
  /** console.groq.com/docs/openai: what it answers with a 400. */
  groq: {
    ...openai,
    thoughts: "reasoning",
    toolChoice: namedAlone,
    lacks: [...severalChoices, ...logprobs, ...logitBias, ...spokenAnswers, ...verbosity],
  },
  /** openrouter.ai/docs: it maps members for whoever serves the model, and knows those of the common form. */
  openrouter: { ...openai, thoughts: "reasoning" },
} as const satisfies Record<string, Flavour>;

export type FlavourName = keyof typeof flavours;

/** Of a provider's row; of the kind `openai`, OpenAI's unless it says otherwise. A word that this node does not know is generic. */
export function flavourNameOf({ kind, flavour }: Pick<ProviderRow, "kind" | "flavour">): FlavourName {
  if (flavour === "") return kind === "openai" ? "openai" : "generic";
  return Object.hasOwn(flavours, flavour) ? (flavour as FlavourName) : "generic";
}

export const flavourNamed = (name: FlavourName): Flavour => flavours[name];
