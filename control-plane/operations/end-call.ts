/**
 * Ends one running call on the node that has it. The workers of one node share a port, and whichever of them takes a connection
 * answers for itself alone: so it is asked again, each time over a new connection, until the one that has the call has answered.
 */
import { request } from "undici";
import { v7 } from "uuid";
import { makeControlPlaneCredential } from "#agreements/control-plane-credential.ts";
import type { NodeStatus } from "#proto/penstock/config/v1/node_pb.ts";
import { ControlError, NotFoundError } from "../control-error.ts";
import { AuditEntry } from "../database/entities/audit-entry.ts";
import type { EntityManager } from "../database/orm.ts";
import type { Services } from "../services.ts";

const askMs = 2_000;
/** For each worker that listens at the address. */
const asksPerWorker = 8;

export interface EndedBy {
  readonly actor: string;
  readonly organisationId: string;
}

/** @throws NotFoundError: it is over, or was never heard of. ControlError UNAVAILABLE: its node does not answer. */
export async function endCall(
  { propagation, settings }: Pick<Services, "propagation" | "settings">,
  { actor, organisationId }: EndedBy,
  callId: string,
  inOrganisation: (work: (em: EntityManager) => Promise<void>) => Promise<void>,
): Promise<{ readonly callId: string; readonly nodeId: string }> {
  const live = propagation.heard().filter((node) => node.live);
  const runs = (status: NodeStatus) => status.runningCalls.some((call) => call.callId === callId && call.organisationId === organisationId);
  const node = live.find(({ status }) => runs(status))?.status;
  if (node === undefined) throw new NotFoundError("running call", callId);
  // Before the deed: what was meant is known even where the rest fails.
  await inOrganisation(async (em) => {
    const entry = { id: v7(), organisationId, at: new Date(), actor, action: "call.end", targetKind: "call" as const, targetId: callId };
    em.persist(
      em.create(AuditEntry, { ...entry, revisionNumber: null, details: { nodeId: node.nodeId, node: propagation.nameOf(node.nodeId) } }),
    );
    await em.flush();
  });
  const workers = live.filter(({ status }) => status.restAddress === node.restAddress).length;
  const asks = workers === 1 ? 1 : workers * asksPerWorker;
  const credential = makeControlPlaneCredential(settings.pepper, organisationId, Date.now());
  for (let ask = 0; ask < asks; ask++)
    if (await asked(node, propagation.nameOf(node.nodeId), callId, credential)) return { callId, nodeId: node.nodeId };
  throw new NotFoundError("running call", callId);
}

async function asked(node: NodeStatus, name: string, callId: string, credential: string): Promise<boolean> {
  try {
    const { statusCode, body } = await request(`http://${node.restAddress}/v1/calls/end`, {
      method: "POST",
      headers: { authorization: `Bearer ${credential}`, "content-type": "application/json" },
      body: JSON.stringify({ callId }),
      // The next one goes over a connection of its own.
      reset: true,
      signal: AbortSignal.timeout(askMs),
    });
    await body.dump();
    if (statusCode === 200 || statusCode === 404) return statusCode === 200;
    throw new Error(`the node answered ${statusCode}`);
  } catch (error) {
    throw new ControlError("UNAVAILABLE", `node ${name} did not answer; the call may run on, try again`, error);
  }
}
