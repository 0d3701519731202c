/** What the ledger of usage knows of an organisation's quotas, asked of the control plane where counters were lost. */
import type { Baseline } from "../quota/quota-store.ts";
import type { ControlPlaneConnection } from "./connect.ts";

/** Calls wait for it, in milliseconds. */
const readMsMax = 1500;

export const controlPlaneQuotaUse =
  (controlPlane: ControlPlaneConnection) =>
  async (organisationId: string): Promise<readonly Baseline[]> => {
    const { uses } = await controlPlane.usage.readQuotaUse(
      { nodeId: controlPlane.nodeId, organisationId },
      { signal: AbortSignal.timeout(readMsMax), timeoutMs: readMsMax, metadata: controlPlane.metadata },
    );
    return uses.map(({ quotaId, subject, windowStartMs, windowEndMs, used }) => ({
      quotaId,
      subject,
      startMs: Number(windowStartMs),
      endMs: Number(windowEndMs),
      used: Number(used),
    }));
  };
