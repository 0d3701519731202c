/** `grpc.health.v1.Health`: whether the node, and each of its services, takes calls. "" is the node as a whole. */
import { status } from "@grpc/grpc-js";
import { type Health, HealthCheckResponse_ServingStatus as ServingStatus } from "#proto/grpc/health/v1/health_pb.ts";
import type { ServiceHandlers } from "../../proto/transport/grpc-server.ts";

export interface Readiness {
  readonly ready: boolean;
  /** Calls back on each change, until the returned function is called. */
  onChange(listener: () => void): () => void;
}

/** A gRPC status of its own: the health protocol fixes it, the gateway's error kinds do not hold it. */
export class UnknownServiceError extends Error {
  override readonly name = "UnknownServiceError";
  readonly code = status.NOT_FOUND;
}

export function healthService(services: readonly string[], readiness: Readiness): ServiceHandlers<typeof Health> {
  const known = new Set(["", ...services]);
  const now = () => ({ status: readiness.ready ? ServingStatus.SERVING : ServingStatus.NOT_SERVING });
  return {
    async check({ service }) {
      if (!known.has(service)) throw new UnknownServiceError(`there is no service "${service.slice(0, 200)}" here`);
      return now();
    },
    async list() {
      return { statuses: Object.fromEntries([...known].map((service) => [service, now()])) };
    },
    async *watch({ service }, { signal }) {
      if (!known.has(service)) {
        // The protocol says that such a watch stays open: the service may come.
        yield [{ status: ServingStatus.SERVICE_UNKNOWN }];
        await new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason), { once: true }));
      }
      let last: ServingStatus | undefined;
      for (;;) {
        const { promise: changed, resolve, reject } = Promise.withResolvers<void>();
        const stop = readiness.onChange(resolve);
        const onAbort = () => reject(signal.reason);
        signal.addEventListener("abort", onAbort);
        try {
          const current = now();
          if (current.status !== last) yield [current];
          last = current.status;
          await changed;
        } finally {
          stop();
          signal.removeEventListener("abort", onAbort);
        }
      }
    },
  };
}
