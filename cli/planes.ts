/** Runs one plane, or the simulator, as this process: settings, ready line, signals. */
import { type Environment, settingSource } from "../proto/agreements/setting-source.ts";

interface Running {
  close(): Promise<void>;
}

export async function runControlPlane(environment: Environment): Promise<void> {
  const { readControlPlaneSettings } = await import("../control-plane/settings.ts");
  const { openLogger } = await import("../control-plane/logger.ts");
  const { startControlPlane } = await import("../control-plane/main.ts");
  const settings = readControlPlaneSettings(environment);
  const plane = await startControlPlane(settings, openLogger(settings.logLevel));
  ready({ plane: "control-plane", graphqlPort: plane.graphqlPort, configPort: plane.configPort });
  closeOnSignal(plane);
}

export async function runDataPlane(environment: Environment, workers: number): Promise<void> {
  const { readDataPlaneSettings } = await import("../data-plane/settings.ts");
  const { openLogger } = await import("../data-plane/logger.ts");
  const settings = readDataPlaneSettings(environment);
  const logger = openLogger(settings.logLevel);
  if (workers > 1) {
    const { startWorkers } = await import("../data-plane/workers.ts");
    const plane = await startWorkers(workers, settings, logger, (ports) => ready({ plane: "data-plane", workers, ...ports }));
    // A worker comes back as soon as it has started its node; only the primary answers to signals.
    if (plane !== undefined) closeOnSignal(plane);
    return;
  }
  const { startDataPlane } = await import("../data-plane/main.ts");
  const plane = await startDataPlane(settings, logger);
  closeOnSignal(plane);
  await plane.ready;
  ready({ plane: "data-plane", restPort: plane.restPort, grpcPort: plane.grpcPort, opsPort: plane.opsPort });
}

export async function runSimulator(environment: Environment): Promise<void> {
  const source = settingSource(environment);
  const { startSimulator } = await import("../data-plane/simulator/main.ts");
  const simulator = await startSimulator({
    host: source.text("PENSTOCK_HOST") ?? "127.0.0.1",
    port: source.port("PENSTOCK_SIMULATOR_PORT", 4005),
    seed: source.text("PENSTOCK_SIMULATOR_SEED") ?? "penstock",
  });
  ready({ plane: "simulator", port: simulator.port });
  closeOnSignal(simulator);
}

/** One JSON line on standard output, and nothing else there. */
function ready(facts: Readonly<Record<string, unknown>>): void {
  process.stdout.write(`${JSON.stringify({ event: "ready", ...facts })}\n`);
}

/** A second signal ends the process at once. */
function closeOnSignal(running: Running): void {
  let closing = false;
  const close = () => {
    if (closing) process.exit(1);
    closing = true;
    running.close().then(
      () => process.exit(0),
      (error: unknown) => {
        process.stderr.write(`penstock: ${error instanceof Error ? error.message : String(error)}\n`);
        process.exit(1);
      },
    );
  };
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, close);
  // Under `penstock start`: its end of standard input closes when it ends, and nobody is left to send a signal.
  if (process.env["PENSTOCK_SUPERVISED"] === "true") process.stdin.on("end", () => closing || close()).resume();
}
