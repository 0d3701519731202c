/** Providers in people's words. */
import { Badge } from "../../ui/marks.tsx";
import type { ProviderDetails } from "./changes.ts";

/** Kinds that the console has no name for are shown as they are. */
export const kindNames: Readonly<Record<string, string>> = {
  OPENAI: "OpenAI",
  OPENAI_COMPATIBLE: "OpenAI-compatible (vLLM, Ollama, llama.cpp, …)",
  ANTHROPIC: "Anthropic",
  GEMINI: "Gemini",
  BEDROCK: "Bedrock",
  COHERE: "Cohere",
  SIMULATED: "Simulated",
};

export const kindName = (kind: string): string => kindNames[kind] ?? kind;

export const flavourNames = {
  GENERIC: "none in particular",
  OPENAI: "OpenAI",
  AZURE: "Azure OpenAI",
  VLLM: "vLLM",
  OLLAMA: "Ollama",
  LLAMA_CPP: "llama.cpp",
  TGI: "Text Generation Inference",
  MISTRAL: "Mistral",
  DEEPSEEK: "DeepSeek",
  GROQ: "Groq",
  OPENROUTER: "OpenRouter",
} as const satisfies Record<ProviderDetails["flavour"], string>;

export const methodNames = {
  API_KEY: "its API key",
  BEARER: "a bearer token",
  OAUTH_CLIENT_CREDENTIALS: "OAuth client credentials",
  AWS_KEYS: "AWS access keys",
  GOOGLE_SERVICE_ACCOUNT: "a Google service account",
} as const satisfies Record<ProviderDetails["authentication"]["method"], string>;

/** Sealed: the last four signs tell one from another, and no more of it is ever shown. */
export function Credential({ of: { hasCredential, credentialLastFour, authentication } }: { readonly of: ProviderDetails }) {
  if (!hasCredential) return <span className="quiet">none</span>;
  return (
    <span>
      <Badge tone="good">sealed</Badge> {credentialLastFour !== null && <code>••••{credentialLastFour}</code>}
      {authentication.method !== "API_KEY" && <div className="quiet">{methodNames[authentication.method]}</div>}
    </span>
  );
}
