/** `penstock.inference.v1.ModelService`: the routes that the caller's key may call. */
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { ModelService } from "#proto/penstock/inference/v1/model_pb.ts";
import type { CallContext, ServiceHandlers } from "../../proto/transport/grpc-server.ts";
import { GatewayError } from "../gateway-error.ts";
import { resolveRoute, routesFor } from "../pipeline/resolve-route.ts";
import type { CompiledRoute } from "../snapshot/compiled-route.ts";
import { readSnapshot } from "../snapshot/snapshot-source.ts";
import { readCallerHeaders } from "./caller-headers.ts";
import { headerOf } from "./grpc-call.ts";
import type { ModelDependencies } from "./models.ts";

const pageSizeDefault = 100;
const pageSizeMax = 1000;

export function modelService({ snapshot: source, authenticate }: ModelDependencies): ServiceHandlers<typeof ModelService> {
  const open = (call: CallContext) => {
    const snapshot = readSnapshot(source);
    const header = headerOf(call);
    const { credential } = readCallerHeaders(header);
    const caller = authenticate(snapshot, credential, Date.now(), header);
    return { snapshot, caller, ownedBy: snapshot.organisation(caller.organisationId)?.key ?? "" };
  };
  return {
    async listModels({ pageSize, pageToken }, call) {
      const { snapshot, caller, ownedBy } = open(call);
      if (pageSize < 0) throw new GatewayError("INVALID_ARGUMENT", "page_size must not be negative", { field: "page_size" });
      const size = Math.min(pageSize || pageSizeDefault, pageSizeMax);
      const after = Buffer.from(pageToken, "base64url").toString("utf8");
      // Routes are sorted by name, so the last name of a page is where the next begins, whatever changed in between.
      const rest = routesFor(snapshot, caller).filter(({ name }) => name > after);
      const page = rest.slice(0, size);
      const last = page.at(-1);
      return {
        models: page.map((route) => modelOf(route, ownedBy)),
        nextPageToken: rest.length > size && last !== undefined ? Buffer.from(last.name, "utf8").toString("base64url") : "",
      };
    },
    async getModel({ name }, call) {
      const { snapshot, caller, ownedBy } = open(call);
      return { model: modelOf(resolveRoute(snapshot, caller, name), ownedBy) };
    },
  };
}

const modelOf = ({ name, description, createdAtMs }: CompiledRoute, ownedBy: string) => ({
  name,
  description,
  createdAt: timestampFromMs(createdAtMs),
  ownedBy,
});
