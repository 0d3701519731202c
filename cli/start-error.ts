/** Why something did not start, in one line that says what to do. A stack is shown only for what nobody foresaw. */
import { type Environment, SettingError } from "../proto/agreements/setting-source.ts";

const ports = {
  PENSTOCK_CONTROL_PORT: "4000",
  PENSTOCK_REST_PORT: "4001",
  PENSTOCK_GRPC_PORT: "4002",
  PENSTOCK_OPS_PORT: "4003",
  PENSTOCK_CONFIG_PORT: "4004",
  PENSTOCK_SIMULATOR_PORT: "4005",
};

export function explainStartError(reason: unknown, environment: Environment): string {
  if (!(reason instanceof Error)) return String(reason);
  const text = `${reason.message} ${(reason as NodeJS.ErrnoException).code ?? ""}`;
  // A part that names the port itself has said all there is to say.
  if ((reason.cause as NodeJS.ErrnoException | undefined)?.code === "EADDRINUSE") return reason.message;
  if (text.includes("EADDRINUSE")) {
    const port = String((reason as { port?: number }).port ?? /:(\d{1,5})\b(?!.*:\d{1,5}\b)/.exec(text)?.[1] ?? "");
    const setting = Object.entries(ports).find(([name, fallback]) => (environment[name] ?? fallback) === port)?.[0];
    return setting === undefined
      ? `port ${port} is taken by another process`
      : `port ${port} is taken by another process; choose another with ${setting} (0 picks a free one)`;
  }
  if (text.includes("EACCES")) return `${reason.message}: not allowed; use a port above 1023 and a directory that you may write to`;
  // The planes' own errors were written for whoever starts them; everything else is a mistake of ours and needs its stack.
  if (reason instanceof SettingError || reason.name === "ControlError") return reason.message;
  return reason.stack ?? reason.message;
}
