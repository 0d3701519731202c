/** What was said in calls, straight to the control plane: it answers when it is committed. */
import type { SendContent } from "../usage/ship-content.ts";
import type { ControlPlaneConnection } from "./connect.ts";

const recordMsMax = 10_000;

export const controlPlaneContent =
  (controlPlane: ControlPlaneConnection): SendContent =>
  async (contents, signal) => {
    await controlPlane.usage.recordContent(
      { nodeId: controlPlane.nodeId, contents: [...contents] },
      { signal, timeoutMs: recordMsMax, metadata: controlPlane.metadata },
    );
  };
