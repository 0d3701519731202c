/** A backend that says exactly the given bytes in the given pieces, in place of a socket: for every way a network may cut a stream. */
import { setImmediate as immediate } from "node:timers/promises";
import type { Dispatcher, Pool } from "undici";
import type { CompletionEvent } from "../../data-plane/pipeline/completion-event.ts";
import { openaiCompatibleProvider } from "../../data-plane/providers/openai-compatible/provider.ts";
import type { Provider, ProviderCall } from "../../data-plane/providers/provider.ts";
import type { UpstreamPools } from "../../data-plane/providers/upstream-pools.ts";
import { clockDefaults } from "../../data-plane/snapshot/compiled-route.ts";
import { backendNamed, organisationId, sampleRequest, snapshotOf } from "../pipeline/sample-call.ts";

export interface Script {
  readonly form: "native" | "typed";
  readonly body?: Record<string, unknown>;
  readonly status?: number;
  readonly headers?: Record<string, string>;
  readonly pieces: readonly Uint8Array[];
  /** Default: of OpenAI's dialect. */
  readonly providerOver?: (pools: UpstreamPools) => Provider;
}

export interface Heard {
  readonly batches: readonly { readonly events: readonly CompletionEvent[]; readonly bearsContent: boolean }[];
  readonly events: readonly CompletionEvent[];
  /** What ended it; undefined: it ended well. */
  readonly failure: unknown;
}

const backend = snapshotOf([
  ...backendNamed("a"),
  { case: "route", value: { id: "r", organisationId, name: "chat", tiers: [{ targets: [{ backendId: "backend-a", weight: 1 }] }] } },
]).route(organisationId, "chat")?.tiers[0]?.targets[0]?.backend;

/** The provider's whole answer to one call. The model that is asked for is "chat". */
export async function heard({
  form,
  body = { stream: true },
  status = 200,
  headers,
  pieces,
  providerOver = openaiCompatibleProvider,
}: Script): Promise<Heard> {
  if (backend === undefined) throw new Error("the route was not compiled");
  const pool: Pick<Dispatcher, "dispatch"> = {
    dispatch(_options, handler) {
      const controller = {
        paused: false,
        aborted: false,
        reason: null,
        rawHeaders: null,
        rawTrailers: null,
        pause() {},
        resume() {},
        abort() {},
      };
      const play = async () => {
        handler.onRequestStart?.(controller, {});
        handler.onResponseStart?.(controller, status, headers ?? { "content-type": "text/event-stream" });
        for (const piece of pieces) {
          // A turn of the loop between two pieces, so that each is a read of its own.
          await immediate();
          handler.onResponseData?.(controller, Buffer.from(piece));
        }
        await immediate();
        handler.onResponseEnd?.(controller, {});
      };
      void play();
      return true;
    },
  };
  const provider = providerOver({
    // All that an exchange uses of a pool is its dispatch.
    of: () => ({
      pool: pool as unknown as Pool,
      pathPrefix: "/v1",
      credential: "sk-secret-credential",
      accessToken: undefined,
      headers: [],
    }),
    close: async () => {},
  });
  const call: ProviderCall = {
    backend,
    request: sampleRequest(body),
    replacements: new Map(),
    promptMessages: [],
    form,
    clocks: clockDefaults,
    cannotCarry: (field) => {
      throw new Error(`the sample call says ${field}, which this backend cannot be given`);
    },
  };
  const batches: Heard["batches"][number][] = [];
  let failure: unknown;
  try {
    for await (const batch of provider.complete(call, new AbortController().signal)) batches.push(batch);
  } catch (reason) {
    failure = reason;
  }
  return { batches, events: batches.flatMap(({ events }) => events), failure };
}

export const bytesOf = (text: string): Uint8Array => Buffer.from(text, "utf8");

/** The bytes cut after each of the offsets, which may be in any order and more than there are. */
export function cutAt(bytes: Uint8Array, offsets: readonly number[]): Uint8Array[] {
  const places = [...new Set(offsets.map((offset) => offset % (bytes.length + 1)))].sort((a, b) => a - b);
  return [0, ...places].map((from, i) => bytes.subarray(from, places[i] ?? bytes.length)).filter(({ length }) => length > 0);
}
