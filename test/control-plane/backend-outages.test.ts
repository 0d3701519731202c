/** When nodes passed a backend over: one outage from the first report of an open circuit to the first without it, on each node. */
import { create } from "@bufbuild/protobuf";
import { expect, it } from "vitest";
import { NodeStatusSchema } from "#proto/penstock/config/v1/node_pb.ts";
import { databaseNodes } from "../../control-plane/snapshot/database-nodes.ts";
import { makeOrganisation } from "../harness/control-plane.ts";
import { graphqlServices, makeThing, tokenFor } from "../harness/graphql.ts";

const { services, client } = await graphqlServices();
const admin = await tokenFor(services, await makeOrganisation(services, "ours"), "admin");

const make = (type: string, input: object) => makeThing(client, admin, type, input);

it("begins when a circuit opens, goes on while it is tried, ends when it closes, also where the control plane was started anew", async () => {
  const providerId = await make("Provider", { key: "p", kind: "OPENAI_COMPATIBLE", baseUrl: "http://127.0.0.1:9/v1" });
  const backendId = await make("Backend", { key: "b", providerId, model: "m" });
  const startMs = Date.parse("2027-03-10T12:00:00Z");
  const heard = (nodeId: string, atMs: number, circuit?: string, sinceMs = atMs) => ({
    heardAtMs: startMs + atMs,
    status: create(NodeStatusSchema, {
      nodeId,
      state: "ready",
      reportedAtMs: BigInt(startMs + atMs),
      backends:
        circuit === undefined
          ? []
          : [
              {
                backendId,
                circuit,
                sinceMs: BigInt(startMs + sinceMs),
                lastError: "UPSTREAM_TIMEOUT",
                lastHttpStatus: 504,
                lastMessage: "late",
              },
            ],
    }),
  });
  const outages = async () => {
    const { data, errors } = await client.ask(
      admin,
      `{ backend(id: "${backendId}") { outages { nodeId beganAt endedAt lastError lastHttpStatus lastMessage } } }`,
    );
    expect(errors).toEqual([]);
    return data.backend.outages;
  };
  const at = (ms: number) => new Date(startMs + ms).toISOString();
  const words = { lastError: "UPSTREAM_TIMEOUT", lastHttpStatus: 504, lastMessage: "late" };

  const register = databaseNodes(services.database);
  await register.save([heard("one", 0), heard("two", 0)]);
  expect(await outages()).toEqual([]);
  await register.save([heard("one", 2_000, "open"), heard("two", 2_000)]);
  await register.save([heard("one", 32_000, "half-open")]);
  await register.save([heard("one", 34_000, "open"), heard("two", 34_000, "open", 33_000)]);
  expect(await outages()).toEqual([
    { nodeId: "two", beganAt: at(33_000), endedAt: null, ...words },
    { nodeId: "one", beganAt: at(2_000), endedAt: null, ...words },
  ]);
  await register.save([heard("one", 60_000, "closed")]);
  const startedAnew = databaseNodes(services.database);
  await startedAnew.save([heard("two", 70_000)]);
  expect((await outages()).map(({ endedAt }: { endedAt: string }) => endedAt)).toEqual([at(70_000), at(60_000)]);
  await startedAnew.save([heard("one", 90_000, "open")]);
  expect((await outages()).map(({ beganAt }: { beganAt: string }) => beganAt)).toEqual([at(90_000), at(33_000), at(2_000)]);
});
