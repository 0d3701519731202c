/** The node's one gRPC connection to the control plane, and what proves to it that the node is one of its own. */
import { nodeToken } from "#agreements/node-token.ts";
import { ConfigService } from "#proto/penstock/config/v1/config_service_pb.ts";
import { UsageService } from "#proto/penstock/usage/v1/usage_event_pb.ts";
import { connectGrpc, type ServiceClient } from "../../proto/transport/grpc-client.ts";

export interface ControlPlaneConnection {
  readonly nodeId: string;
  readonly config: ServiceClient<typeof ConfigService>;
  readonly usage: ServiceClient<typeof UsageService>;
  /** Metadata for each call. */
  readonly metadata: Readonly<Record<string, string>>;
  close(): void;
}

/** @param address host:port. Nothing is sent before the first call; a control plane that is away makes calls fail, not this. */
export function connectControlPlane(options: {
  readonly address: string;
  readonly nodeId: string;
  readonly pepper: string;
}): ControlPlaneConnection {
  const connection = connectGrpc(options.address, { "grpc.max_reconnect_backoff_ms": 500 });
  return {
    nodeId: options.nodeId,
    config: connection.client(ConfigService),
    usage: connection.client(UsageService),
    metadata: { authorization: `Bearer ${nodeToken(options.pepper)}` },
    close: () => connection.close(),
  };
}
