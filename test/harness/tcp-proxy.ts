/**
 * A TCP proxy that breaks on demand, between a process under test and the Redis, database or backend it talks to. It hides
 * sockets; a test says what the network does.
 *   cut            resets every open connection; new ones are taken as before
 *   hold, release  forwards nothing in either way while connections stay open: a half-open network. What arrives is kept by
 *                  the kernel's windows and goes on at release
 *   dropReplies    throws away the next n pieces the target sends: the work was done, the answer is lost
 *   refuse, accept new connections are reset at once; open ones go on
 */
import { connect, createServer, type Socket } from "node:net";

export interface TcpProxy {
  readonly port: number;
  cut(): void;
  hold(): void;
  release(): void;
  /** Counted over all connections; a piece is what one read of the target's socket brings. */
  dropReplies(count: number): void;
  refuse(): void;
  accept(): void;
  /** Open connections from callers. */
  connections(): number;
  /** How many were taken since the start. */
  connectionsTotal(): number;
  close(): Promise<void>;
}

interface Pair {
  readonly caller: Socket;
  readonly target: Socket;
}

export async function startTcpProxy(targetPort: number, targetHost = "127.0.0.1"): Promise<TcpProxy> {
  const pairs = new Set<Pair>();
  let held = false;
  let refusing = false;
  let repliesToDrop = 0;
  let total = 0;

  const server = createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect: true }, (caller) => {
    if (refusing) {
      caller.resetAndDestroy();
      return;
    }
    total++;
    const target = connect({ port: targetPort, host: targetHost, allowHalfOpen: true, noDelay: true });
    const pair: Pair = { caller, target };
    pairs.add(pair);
    forward(caller, target, () => false);
    forward(target, caller, () => repliesToDrop > 0 && repliesToDrop-- > 0);
    for (const socket of [caller, target]) {
      // The other side learns of a failure as a reset, as it would have without the proxy; over a held network, not before release.
      socket.on("error", () => {
        if (!held) reset(pair);
      });
      socket.on("close", () => {
        if (caller.destroyed && target.destroyed) pairs.delete(pair);
      });
    }
    if (held) pause(pair);
    else resume(pair);
  });

  function forward(from: Socket, to: Socket, drops: () => boolean): void {
    from.on("data", (piece) => {
      if (drops()) return;
      if (to.destroyed || to.write(piece)) return;
      from.pause();
      to.once("drain", () => {
        if (!held) from.resume();
      });
    });
    from.on("end", () => to.end());
  }

  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the proxy has no port");

  return {
    port: address.port,
    cut() {
      for (const pair of pairs) reset(pair);
    },
    hold() {
      held = true;
      for (const pair of pairs) pause(pair);
    },
    release() {
      held = false;
      for (const pair of pairs) {
        if (pair.caller.errored !== null || pair.target.errored !== null) reset(pair);
        else resume(pair);
      }
    },
    dropReplies(count) {
      repliesToDrop = count;
    },
    refuse() {
      refusing = true;
    },
    accept() {
      refusing = false;
    },
    connections: () => pairs.size,
    connectionsTotal: () => total,
    close: () =>
      new Promise((resolve) => {
        for (const pair of pairs) reset(pair);
        server.close(() => resolve());
      }),
  };
}

function reset({ caller, target }: Pair): void {
  // A socket that still connects has no one to send a reset to; resetAndDestroy copes with both.
  for (const socket of [caller, target]) if (!socket.destroyed) socket.resetAndDestroy();
}

function pause({ caller, target }: Pair): void {
  caller.pause();
  target.pause();
}

function resume({ caller, target }: Pair): void {
  caller.resume();
  target.resume();
}
