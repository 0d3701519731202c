/**
 * A real node in this process: real ports, real disk, the simulator as its backend, and the stand-in for the control plane's
 * gRPC port that keeps the usage records it hands in. Every test gets a node of its own.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { create, type DescMessage, type MessageInitShape, type MessageShape } from "@bufbuild/protobuf";
import { v7 } from "uuid";
import { hashCredential, makeCredential } from "#agreements/api-key-format.ts";
import { sealSecret } from "#agreements/sealed-secret.ts";
import { ApiKeySchema, BackendSchema, type ResourceSchema, RouteSchema } from "#proto/penstock/config/v1/snapshot_pb.ts";
import type { UsageEvent } from "#proto/penstock/usage/v1/usage_event_pb.ts";
import { openLogger } from "../../data-plane/logger.ts";
import { startDataPlane } from "../../data-plane/main.ts";
import type { Guard } from "../../data-plane/pipeline/guard.ts";
import type { DataPlaneSettings } from "../../data-plane/settings.ts";
import { startSimulator } from "../../data-plane/simulator/main.ts";
import { configHistory } from "./config-history.ts";
import { startConfigService } from "./config-service.ts";

export type ResourceInit = NonNullable<MessageInitShape<typeof ResourceSchema>["resource"]>;
type Fields<Schema extends DescMessage> = Exclude<MessageInitShape<Schema>, MessageShape<Schema>>;

export const pepper = "a pepper for tests";
export const sealingKey = new Uint8Array(32).fill(5);
export const upstreamCredential = "sk-upstream-secret-of-the-provider";

/** Ids of the fixed part of every test's configuration. */
export const ids = { organisation: v7(), project: v7(), apiKey: v7(), provider: v7(), anthropicProvider: v7() };

/** A backend for a simulator's model, and a route of the same name over it. */
export function routeOver(
  model: string,
  route: Fields<typeof RouteSchema> = {},
  backend: Fields<typeof BackendSchema> = {},
): ResourceInit[] {
  const backendId = v7();
  const { organisation: organisationId, provider: providerId } = ids;
  return [
    { case: "backend", value: create(BackendSchema, { id: backendId, organisationId, key: model, providerId, model, ...backend }) },
    {
      case: "route",
      value: create(RouteSchema, {
        id: v7(),
        organisationId,
        name: model,
        createdAtMs: 1_700_000_000_000n,
        tiers: [{ targets: [{ backendId, weight: 1 }] }],
        ...route,
      }),
    },
  ];
}

export interface TestNodeOptions {
  readonly resources: readonly ResourceInit[];
  readonly settings?: Partial<DataPlaneSettings>;
  readonly key?: Fields<typeof ApiKeySchema>;
  /** Where the provider stands instead of the simulator. */
  readonly baseUrl?: string;
  readonly guard?: Guard;
}

export async function startTestNode(options: TestNodeOptions) {
  const dataDirectory = mkdtempSync(join(tmpdir(), "penstock-node-"));
  const simulator = await startSimulator({ host: "127.0.0.1", port: 0, seed: "test" });
  const controlPlane = await startConfigService(pepper);
  const history = configHistory();
  const { credential, publicId } = makeCredential("psk", "test");
  const baseUrl = options.baseUrl ?? `http://127.0.0.1:${simulator.port}/v1`;
  const fixed: ResourceInit[] = [
    { case: "organisation", value: { id: ids.organisation, key: "acme" } },
    { case: "project", value: { id: ids.project, organisationId: ids.organisation, key: "default" } },
    {
      case: "apiKey",
      value: create(ApiKeySchema, {
        id: ids.apiKey,
        organisationId: ids.organisation,
        projectId: ids.project,
        publicId,
        hash: hashCredential(pepper, credential),
        ...options.key,
      }),
    },
    {
      case: "provider",
      value: {
        id: ids.provider,
        organisationId: ids.organisation,
        key: "simulator",
        kind: "simulated",
        baseUrl,
        privateAddressAllowed: true,
        sealedCredential: sealSecret(sealingKey, { organisationId: ids.organisation, rowId: ids.provider, baseUrl }, upstreamCredential),
      },
    },
  ];
  // The same simulator, spoken to in Anthropic's dialect.
  fixed.push({
    case: "provider",
    value: {
      id: ids.anthropicProvider,
      organisationId: ids.organisation,
      key: "anthropic",
      kind: "anthropic",
      baseUrl,
      privateAddressAllowed: true,
      sealedCredential: sealSecret(
        sealingKey,
        { organisationId: ids.organisation, rowId: ids.anthropicProvider, baseUrl },
        upstreamCredential,
      ),
    },
  });
  history.change([...fixed, ...options.resources].map((resource) => ({ resource })));
  controlPlane.publishSnapshot(history.snapshot());
  const node = await startDataPlane(
    {
      nodeName: "test-node",
      host: "127.0.0.1",
      restPort: 0,
      grpcPort: 0,
      opsPort: 0,
      dataDirectory,
      redisUrl: undefined,
      configAddress: controlPlane.address,
      pepper,
      sealingKey,
      verifier: history.verifier,
      reflection: true,
      allowedOrigins: [],
      trustedProxies: [],
      privateAddresses: ["127.0.0.1"],
      drainMs: 0,
      logLevel: "silent",
      resolved: [],
      ...options.settings,
    },
    openLogger("silent"),
    options.guard,
  );
  await node.ready;

  return {
    apiKey: credential,
    restUrl: `http://127.0.0.1:${node.restPort}`,
    grpcAddress: `127.0.0.1:${node.grpcPort}`,
    opsUrl: `http://127.0.0.1:${node.opsPort}`,
    node,
    dataDirectory,
    controlPlane,
    history,
    simulator,
    /** Applies a change to the configuration, as the control plane would. */
    publish(resources: readonly ResourceInit[]) {
      controlPlane.publishDelta(history.change(resources.map((resource) => ({ resource }))));
    },
    usageEvents: (): UsageEvent[] => controlPlane.records.flatMap(({ record }) => (record.case === "usage" ? [record.value] : [])),
    /** What the simulator saw, oldest first. */
    async simulatorCalls(): Promise<SimulatorCall[]> {
      const response = await fetch(`http://127.0.0.1:${simulator.port}/sim/calls?last=1000`);
      return ((await response.json()) as { calls: SimulatorCall[] }).calls;
    },
    post: (path: string, body: unknown, headers: Record<string, string> = {}, init: RequestInit = {}) =>
      fetch(`http://127.0.0.1:${node.restPort}${path}`, {
        method: "POST",
        headers: { authorization: `Bearer ${credential}`, "content-type": "application/json", ...headers },
        body: typeof body === "string" || body instanceof Uint8Array ? (body as BodyInit) : JSON.stringify(body),
        ...init,
      }),
    async [Symbol.asyncDispose]() {
      await node.close();
      await controlPlane.close();
      await simulator.close();
      rmSync(dataDirectory, { recursive: true, force: true });
    },
  };
}

export type TestNode = Awaited<ReturnType<typeof startTestNode>>;

export interface SimulatorCall {
  readonly id: string;
  readonly model: string;
  readonly streamed: boolean;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly outcome: string;
  readonly startedAtMs: number;
  readonly endedAtMs: number;
  readonly callerLeftAfterMs?: number;
}

export const say = (content: string) => [{ role: "user", content }];
