/** A real HTTP server that says recorded bytes, in the pieces that a test wants, and keeps what it was asked. */
import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setImmediate as immediate } from "node:timers/promises";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { credentialPlace, headerPlace } from "#agreements/provider-secrets.ts";
import { sealSecret } from "#agreements/sealed-secret.ts";
import { ProviderSchema } from "#proto/penstock/config/v1/snapshot_pb.ts";
import { GatewayError } from "../../data-plane/gateway-error.ts";
import type { CompletionEvent } from "../../data-plane/pipeline/completion-event.ts";
import type { CompletionRequest } from "../../data-plane/pipeline/completion-request.ts";
import type { Provider } from "../../data-plane/providers/provider.ts";
import { type UpstreamPools, upstreamPools } from "../../data-plane/providers/upstream-pools.ts";
import { type Clocks, clockDefaults } from "../../data-plane/snapshot/compiled-route.ts";
import { organisationId, sampleRequest, snapshotOf } from "../pipeline/sample-call.ts";

export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface Recording {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Each is written by itself, a turn of the loop after the one before. */
  readonly pieces: readonly (Uint8Array | string)[];
  /** The socket is cut after the pieces, instead of the body being ended. */
  readonly cut?: boolean;
}

/** @param answer of each request, in the order in which they come. */
export async function startRecordedServer(answer: (asked: Asked, count: number) => Recording | Promise<Recording>, host = "127.0.0.1") {
  const asked: Asked[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const one = {
        method: request.method ?? "",
        path: request.url ?? "",
        headers: request.headers,
        body: Buffer.concat(chunks).toString("utf8"),
      };
      asked.push(one);
      void play(response, answer(one, asked.length));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://${host}:${port}`,
    asked,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function play(response: ServerResponse, recording: Recording | Promise<Recording>): Promise<void> {
  const { status = 200, headers = { "content-type": "text/event-stream" }, pieces, cut = false } = await recording;
  response.writeHead(status, headers);
  for (const piece of pieces) {
    await immediate();
    response.write(piece);
  }
  await immediate();
  if (cut) response.socket?.destroy();
  else response.end();
}

const sealingKey = new Uint8Array(32).fill(7);

/** On 127.0.0.1, with nothing else allowed. */
export const testPools = (): UpstreamPools => upstreamPools(sealingKey, ["127.0.0.1"]);

export interface TestProviderRow {
  readonly kind: string;
  readonly baseUrl: string;
  readonly credential?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly more?: Omit<MessageInitShape<typeof ProviderSchema>, "$typeName" | "$unknown"> | undefined;
}

export interface TestCall extends TestProviderRow {
  readonly body?: Record<string, unknown>;
  readonly request?: Partial<CompletionRequest>;
  readonly model?: string;
  readonly clocks?: Partial<Clocks>;
  /** What the route lets go of. */
  readonly drop?: readonly string[];
}

function rowOf({ kind, baseUrl, credential, headers = {}, more }: TestProviderRow) {
  const place = { organisationId, id: "provider-a", baseUrl };
  const { authentication } = more ?? {};
  const tokenUrl =
    authentication?.case === "oauthClientCredentials" || authentication?.case === "googleServiceAccount"
      ? (authentication.value.tokenUrl ?? "")
      : "";
  return create(ProviderSchema, {
    ...place,
    key: "a",
    kind,
    privateAddressAllowed: true,
    sealedCredential: credential === undefined ? "" : sealSecret(sealingKey, credentialPlace({ ...place, tokenUrl }), credential),
    headers: Object.entries(headers).map(([name, value]) => ({ name, sealedValue: sealSecret(sealingKey, headerPlace(place), value) })),
    ...more,
  });
}

/** A backend of the provider, as a snapshot compiles it. */
export function backendOver(row: TestProviderRow, model = "model-a") {
  const backend = snapshotOf([
    { case: "provider", value: rowOf(row) },
    { case: "backend", value: { id: "backend-a", organisationId, key: "a", providerId: "provider-a", model } },
    { case: "route", value: { id: "r", organisationId, name: "chat", tiers: [{ targets: [{ backendId: "backend-a", weight: 1 }] }] } },
  ]).route(organisationId, "chat")?.tiers[0]?.targets[0]?.backend;
  if (backend === undefined) throw new Error("the route was not compiled");
  return backend;
}

export interface Answered {
  readonly events: readonly CompletionEvent[];
  readonly batches: readonly { readonly bearsContent: boolean; readonly events: readonly CompletionEvent[] }[];
  /** What ended it; undefined: it ended well. */
  readonly failure: unknown;
  /** What the backend could not be given. */
  readonly dropped: readonly string[];
}

/** The provider's whole answer to one call, typed. Calls of one backend share its row, as those of one snapshot do. */
export async function answered(
  provider: Provider,
  call: TestCall,
  signal = new AbortController().signal,
  backend = backendOver(call, call.model),
): Promise<Answered> {
  const dropped: string[] = [];
  const batches: Answered["batches"][number][] = [];
  let failure: unknown;
  try {
    const answers = provider.complete(
      {
        backend,
        request: sampleRequest(call.body ?? {}, call.request),
        replacements: new Map(),
        promptMessages: [],
        form: "typed",
        clocks: { ...clockDefaults, ...call.clocks },
        cannotCarry(field, kind) {
          const name = field.replaceAll(/\[\d+\]/g, "");
          if (kind !== "hint" && call.drop?.includes(name) !== true)
            throw new GatewayError("UNSUPPORTED_PARAMETER", `"${field}" has no place`, { field });
          dropped.push(name);
        },
      },
      signal,
    );
    for await (const batch of answers) batches.push(batch);
  } catch (reason) {
    failure = reason;
  }
  return { batches, events: batches.flatMap(({ events }) => events), failure, dropped };
}
