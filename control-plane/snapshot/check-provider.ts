/** What of a provider's row must hold together: which makes and ways to prove oneself its kind has. Pure. */
import type { ValidationIssue } from "../control-error.ts";
import type { AuthenticationMethod, Provider, ProviderKind } from "../database/entities/provider.ts";

const anyHttp = ["api-key", "bearer", "oauth-client-credentials"] as const;
const methodsOf = {
  openai: anyHttp,
  anthropic: anyHttp,
  gemini: [...anyHttp, "google-service-account"],
  bedrock: ["api-key", "bearer", "aws-keys"],
  cohere: anyHttp,
  "openai-compatible": anyHttp,
  simulated: anyHttp,
} satisfies Record<ProviderKind, readonly AuthenticationMethod[]>;

export function checkProvider(row: Provider): readonly ValidationIssue[] {
  const issues: ValidationIssue[] = [];
  if (row.flavour !== "generic" && row.kind !== "openai-compatible" && row.kind !== "openai")
    issues.push({
      path: "flavour",
      message: `${row.flavour} is a make of openai-compatible servers; a provider of kind ${row.kind} has none`,
    });
  if (row.apiVersion !== "" && row.flavour !== "azure")
    issues.push({ path: "apiVersion", message: "is asked for by the flavour azure alone" });
  if (row.apiVersion !== "" && !/^(\d{4}-\d{2}-\d{2}(-preview)?|latest|preview|v1)$/.test(row.apiVersion))
    issues.push({ path: "apiVersion", message: 'must be a version such as "2024-10-21"' });
  return [...issues, ...checkAuthentication(row)];
}

function checkAuthentication({ kind, authentication, sealedCredential }: Provider): readonly ValidationIssue[] {
  const issues: ValidationIssue[] = [];
  const methods: readonly AuthenticationMethod[] = methodsOf[kind];
  const { method } = authentication;
  if (!methods.includes(method))
    issues.push({ path: "authentication.method", message: `${kind} takes ${methods.join(", ")} and not ${method}` });
  // A provider with a key may have none: a server of one's own asks for nothing.
  if (method !== "api-key" && sealedCredential === "")
    issues.push({ path: "credential", message: `must be given: it is the secret of ${method}` });
  for (const [name, value] of Object.entries(authentication)) {
    const path = `authentication.${name}`;
    if (String(value).length > 2048) issues.push({ path, message: "may have 2048 characters" });
    else if (!/^[\x20-\x7e]*$/.test(String(value)))
      issues.push({ path, message: "must be printable ASCII, because it is sent in a header" });
  }
  if (authentication.method === "aws-keys") {
    if (!/^[a-z0-9-]{1,64}$/.test(authentication.region))
      issues.push({ path: "authentication.region", message: 'must be a region such as "eu-central-1"' });
    if (!/^\w{16,128}$/.test(authentication.accessKeyId))
      issues.push({ path: "authentication.accessKeyId", message: "is not an access key's id" });
  }
  return issues;
}
