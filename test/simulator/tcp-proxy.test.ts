import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import { startTcpProxy, type TcpProxy } from "../harness/tcp-proxy.ts";

/** Answers each piece with the same piece and counts what it saw. */
const echo = createServer((socket) => {
  socket.on("error", () => {});
  socket.on("data", (piece) => {
    seen += piece.toString();
    socket.write(piece);
  });
});
let seen = "";
let proxy: TcpProxy;
const sockets: Socket[] = [];

beforeEach(async () => {
  seen = "";
  await new Promise<void>((resolve) => echo.listen(0, "127.0.0.1", resolve));
  const address = echo.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  proxy = await startTcpProxy(address.port);
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await proxy.close();
  await new Promise((resolve) => echo.close(resolve));
});

function open(): { socket: Socket; got: () => string; ended: Promise<string> } {
  const socket = connect(proxy.port, "127.0.0.1");
  sockets.push(socket);
  let got = "";
  socket.on("data", (piece) => {
    got += piece.toString();
  });
  const ended = new Promise<string>((resolve) => {
    socket.once("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? "error"));
    socket.once("end", () => resolve("end"));
  });
  return { socket, got: () => got, ended };
}

test("passes bytes both ways and an orderly end through", async () => {
  const { socket, got, ended } = open();
  socket.write("hello");
  await expect.poll(got).toBe("hello");
  expect(proxy.connections()).toBe(1);
  socket.end();
  expect(await ended).toBe("end");
  await expect.poll(() => proxy.connections()).toBe(0);
});

test("passes large amounts to a slow reader whole", async () => {
  const { socket, got } = open();
  socket.pause();
  const large = "x".repeat(5_000_000);
  socket.write(large);
  socket.resume();
  await expect.poll(() => got().length, { timeout: 5_000 }).toBe(large.length);
});

test("cut resets what is open, and new connections work", async () => {
  const first = open();
  first.socket.write("a");
  await expect.poll(first.got).toBe("a");
  proxy.cut();
  expect(await first.ended).toBe("ECONNRESET");
  const second = open();
  second.socket.write("b");
  await expect.poll(second.got).toBe("b");
  expect(proxy.connectionsTotal()).toBe(2);
});

test("hold keeps connections open and silent, new ones too, and release goes on where it stopped", async () => {
  const first = open();
  first.socket.write("a");
  await expect.poll(first.got).toBe("a");
  proxy.hold();
  first.socket.write("b");
  const second = open();
  await once(second.socket, "connect");
  second.socket.write("c");
  await expect.poll(() => proxy.connections()).toBe(2);
  expect(seen).toBe("a");
  proxy.release();
  await expect.poll(() => [first.got(), second.got()]).toEqual(["ab", "c"]);
});

test("dropReplies loses the answer and not the work", async () => {
  const { socket, got } = open();
  socket.write("a");
  await expect.poll(got).toBe("a");
  proxy.dropReplies(1);
  socket.write("b");
  await expect.poll(() => seen).toBe("ab");
  socket.write("c");
  await expect.poll(got).toBe("ac");
});

test("refuse resets new connections and leaves open ones", async () => {
  const first = open();
  first.socket.write("a");
  await expect.poll(first.got).toBe("a");
  proxy.refuse();
  expect(await open().ended).toBe("ECONNRESET");
  first.socket.write("b");
  await expect.poll(first.got).toBe("ab");
  proxy.accept();
  const later = open();
  later.socket.write("c");
  await expect.poll(later.got).toBe("c");
});
