/**
 * Reasoning that a provider has signed or sealed can be given back to that provider alone: any other refuses the call, or worse,
 * takes it for its own. So a call that brings some goes to the backends of its signers. Pure.
 */
import { GatewayError } from "../gateway-error.ts";
import type { CompiledBackend } from "../snapshot/compiled-route.ts";
import type { ReasoningSigner } from "./completion-request.ts";

/** What a route lists to let go of reasoning that its backend cannot read. */
const reasoningField = "messages.reasoning_details";

/** Of an entry of `reasoning_details`, or whatever a caller put in its place. */
export function signerOf(detail: unknown, field: string): ReasoningSigner {
  const { provider, format } = (typeof detail === "object" && detail !== null ? detail : {}) as Record<string, unknown>;
  return { provider: typeof provider === "string" ? provider : "", format: typeof format === "string" ? format : "", field };
}

/** @param formats of the backend's provider: see Provider.reasoningFormats. */
export const readsReasoning = (backend: CompiledBackend, formats: readonly string[], { provider, format }: ReasoningSigner): boolean =>
  provider === "" ? formats.includes(format) : provider === backend.provider.key;

/**
 * Puts the backends in the order in which a call with signed reasoning may try them: its signers' alone, and where the route lets
 * go of what others cannot read, the others after them. undefined: the call brings none, and any backend will do.
 * What it returns throws UNSUPPORTED_PARAMETER naming the reasoning that no backend of the route can read.
 */
export function readersOfReasoning(
  signers: readonly ReasoningSigner[],
  dropParameters: ReadonlySet<string>,
  providerOf: (kind: string) => { readonly reasoningFormats: readonly string[] } | undefined,
): ((backends: Iterable<CompiledBackend>) => Iterable<CompiledBackend>) | undefined {
  if (signers.length === 0) return undefined;
  return (backends) => {
    const able: CompiledBackend[] = [];
    const others: CompiledBackend[] = [];
    let unread: ReasoningSigner | undefined;
    for (const backend of backends) {
      const formats = providerOf(backend.provider.kind)?.reasoningFormats ?? [];
      const stranger = signers.find((signer) => !readsReasoning(backend, formats, signer));
      unread ??= stranger;
      (stranger === undefined ? able : others).push(backend);
    }
    if (dropParameters.has(reasoningField)) return [...able, ...others];
    if (able.length === 0 && unread !== undefined) throw unreadable(unread);
    return able;
  };
}

function unreadable({ provider, field, fieldIn }: ReasoningSigner): GatewayError {
  const signer = provider === "" ? "another kind of provider" : `the provider "${provider}"`;
  return new GatewayError(
    "UNSUPPORTED_PARAMETER",
    `"${field}" was signed by ${signer}, and no backend of this route can read it; leave it out, or let the route drop "${reasoningField}"`,
    { field, ...(fieldIn === undefined ? {} : { fieldIn }) },
  );
}
