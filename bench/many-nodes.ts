/**
 * Several nodes in one process, each whole: its own connections, its own disk, its own ports. For propagation only: twenty
 * processes would measure the machine's memory. Takes their number and a directory as arguments, settings from the environment;
 * prints a line of JSON when all are ready.
 */
import { join } from "node:path";
import { openLogger } from "../data-plane/logger.ts";
import { startDataPlane } from "../data-plane/main.ts";
import { readDataPlaneSettings } from "../data-plane/settings.ts";

const [count = "1", directory = "."] = process.argv.slice(2);
const settings = { ...readDataPlaneSettings(process.env), restPort: 0, grpcPort: 0, opsPort: 0 };
const nodes = await Promise.all(
  Array.from({ length: Number(count) }, (_, index) =>
    startDataPlane(
      { ...settings, nodeName: `${settings.nodeName}/${index}`, dataDirectory: join(directory, `node-${index}`) },
      openLogger("warn"),
    ),
  ),
);
await Promise.all(nodes.map(({ ready }) => ready));
process.stdout.write(`${JSON.stringify({ event: "ready", port: 0 })}\n`);
process.on("disconnect", () => process.exit(0));
