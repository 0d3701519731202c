/** Where callers reach the data plane, as a live node says. Behind a load balancer it is that one's address instead. */
interface Addressed {
  readonly state: string;
  readonly restAddress: string;
}

export const restUrlOf = (nodes: readonly Addressed[]): string => {
  const node = nodes.find(({ state, restAddress }) => state === "ready" && restAddress !== "");
  return `http://${reachable(node?.restAddress ?? "127.0.0.1:4001")}`;
};

export const grpcAddressOf = (nodes: readonly { readonly state: string; readonly grpcAddress: string }[]): string =>
  reachable(nodes.find(({ state, grpcAddress }) => state === "ready" && grpcAddress !== "")?.grpcAddress ?? "127.0.0.1:4002");

/** A node that listens everywhere says 0.0.0.0; the host that this page came from is a fair guess. */
const reachable = (address: string): string => address.replace(/^(0\.0\.0\.0|\[::\]|::)(?=:\d+$)/, location.hostname);
