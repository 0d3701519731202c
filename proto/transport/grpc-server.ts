/**
 * Serves a Protobuf service described by protobuf-es over @grpc/grpc-js.
 *
 * grpc-js speaks in call objects, callbacks and writable streams; the rest of Penstock speaks in messages, async iterables
 * and AbortSignals. This file is the only place that knows both on the serving side, and the only one that touches what
 * grpc-js does not offer in public: resetting a stream that its reader has stalled.
 */

/** What a handler may know of the call that carries its request. */
import type { ServerHttp2Stream } from "node:http2";
import type {
  DescMessage,
  DescMethod,
  DescMethodBiDiStreaming,
  DescMethodServerStreaming,
  DescMethodUnary,
  DescService,
  MessageInitShape,
  MessageShape,
} from "@bufbuild/protobuf";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import {
  type Deadline,
  type handleBidiStreamingCall,
  type handleServerStreamingCall,
  type handleUnaryCall,
  Metadata,
  type MethodDefinition,
  Server,
  ServerCredentials,
  type ServerOptions,
  type ServerWritableStream,
  type ServiceDefinition,
  type StatusObject,
  type UntypedServiceImplementation,
} from "@grpc/grpc-js";
import type { LiveCalls } from "./live-calls.ts";
export interface CallContext {
  /** Aborts when the caller goes away, its deadline passes, it stops reading, or the server shuts down; the reason says which. */
  readonly signal: AbortSignal;
  readonly metadata: Metadata;
  /** When the caller gives up, in milliseconds since the epoch. Infinity: it did not say. */
  readonly deadlineMs: number;
  readonly peer: string;
  /** Once, before the first message. */
  sendInitialMetadata(metadata: Metadata): void;
  /** Sent with the status, also when the call fails. */
  readonly trailers: Metadata;
  /** Ends the call from within, before or between its messages; `reason` becomes its status. */
  end(reason: Error): void;
  /** How long the caller may leave its window full; a handler may set its own. */
  writeStallMs: number;
}

/** The handlers a service needs, derived from its .proto. A streaming handler yields batches: one write cycle each. */
export type ServiceHandlers<Service extends DescService> = {
  [Name in keyof Service["method"]]: Service["method"][Name] extends DescMethodUnary<infer I, infer O>
    ? (request: MessageShape<I>, call: CallContext) => Promise<MessageInitShape<O>>
    : Service["method"][Name] extends DescMethodServerStreaming<infer I, infer O>
      ? (request: MessageShape<I>, call: CallContext) => AsyncIterable<readonly (MessageInitShape<O> | EncodedMessage)[]>
      : Service["method"][Name] extends DescMethodBiDiStreaming<infer I, infer O>
        ? (requests: AsyncIterable<MessageShape<I>>, call: CallContext) => AsyncIterable<readonly (MessageInitShape<O> | EncodedMessage)[]>
        : never;
};

/** Bytes of a method's answer, from a handler that knows a shorter way to them than through a message. */
export type EncodedMessage = Uint8Array;

/** How a call can end before its handler does. */
export type EarlyEnd = "deadline" | "caller-left" | "caller-stalled" | "shutdown";

export interface ServiceOptions {
  /** The plane's own words for an end that the handler did not choose; becomes `signal.reason`. */
  readonly endReason: (end: EarlyEnd) => Error;
  /** The plane's own words for bytes that are no message of the contract. Absent: the library's error goes to `statusOf`. */
  readonly badMessage?: (cause: unknown) => Error;
  /** Any thrown value as a gRPC status. Must cap its details: grpc-js freezes a connection over 70 KB of them. */
  readonly statusOf: (reason: unknown, trailers: Metadata) => Pick<StatusObject, "code" | "details" | "metadata">;
  /** Runs before each handler; throws to refuse the call. */
  readonly admit?: (call: CallContext) => void;
  readonly writeStallMs: number;
  /** A caller's deadline further away than this is taken as this. */
  readonly deadlineMsMax: number;
}

export function grpcService<Service extends DescService>(
  service: Service,
  handlers: ServiceHandlers<Service>,
  options: ServiceOptions,
  liveCalls: LiveCalls<EarlyEnd>,
): { definition: ServiceDefinition; implementation: UntypedServiceImplementation } {
  const definition: Record<string, MethodDefinition<unknown, unknown>> = {};
  const implementation: UntypedServiceImplementation = {};
  for (const method of service.methods) {
    const handler: unknown = handlers[method.localName as keyof typeof handlers];
    definition[method.localName] = {
      path: `/${service.typeName}/${method.name}`,
      requestStream: method.methodKind === "client_streaming" || method.methodKind === "bidi_streaming",
      responseStream: method.methodKind === "server_streaming" || method.methodKind === "bidi_streaming",
      requestSerialize: (message) => Buffer.from(toBinary(method.input, message as MessageShape<DescMessage>)),
      // Read where the call is served, so that bytes which are no message get the plane's own words and not the library's.
      requestDeserialize: (bytes) => bytes,
      responseSerialize: (message) => {
        const bytes = message instanceof Uint8Array ? message : toBinary(method.output, message as MessageShape<DescMessage>);
        return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      },
      responseDeserialize: (bytes) => fromBinary(method.output, bytes),
    };
    switch (method.methodKind) {
      case "unary":
        implementation[method.localName] = serveUnary(method, handler as UnaryHandler, options, liveCalls);
        break;
      case "server_streaming":
        implementation[method.localName] = serveStream(method, handler as StreamHandler, options, liveCalls);
        break;
      case "bidi_streaming":
        implementation[method.localName] = serveBidi(method, handler as BidiHandler, options, liveCalls);
        break;
      default:
        throw new Error(`${method.name}: ${method.methodKind} methods are not served`);
    }
  }
  return { definition, implementation };
}

export interface GrpcServer {
  readonly port: number;
  /** New calls are refused, those in progress may finish until the limit, then they end with "shutdown". */
  close(drainMs: number): Promise<void>;
}

/** @throws Error naming the address, where it cannot be bound. */
export async function startGrpcServer(
  address: { host: string; port: number },
  services: readonly ReturnType<typeof grpcService>[],
  liveCalls: LiveCalls<EarlyEnd>,
  serverOptions: ServerOptions = {},
): Promise<GrpcServer> {
  const server = new Server({ ...serverDefaults, ...serverOptions });
  for (const { definition, implementation } of services) server.addService(definition, implementation);
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync(`${address.host}:${address.port}`, ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  return {
    port,
    close: async (drainMs) => {
      // tryShutdown alone waits for ever on an open stream (grpc-node#1458).
      const closed = new Promise<void>((resolve) => server.tryShutdown(() => resolve()));
      const drained = setTimeout(() => {
        liveCalls.endAll("shutdown");
        setTimeout(() => server.forceShutdown(), forcedAfterMs).unref();
      }, drainMs);
      await closed;
      clearTimeout(drained);
    },
  };
}

/** reference values: a caller that vanished is noticed within keepalive time + timeout. All of these are off by default. */
const serverDefaults: ServerOptions = {
  "grpc.keepalive_time_ms": 20_000,
  "grpc.keepalive_timeout_ms": 10_000,
  "grpc.keepalive_permit_without_calls": 1,
  "grpc.max_connection_idle_ms": 300_000,
  "grpc.max_connection_age_ms": 1_800_000,
  "grpc.max_connection_age_grace_ms": 120_000,
  "grpc.max_concurrent_streams": 1000,
  "grpc.max_receive_message_length": 10 * 1024 * 1024,
  "grpc.max_send_message_length": 10 * 1024 * 1024,
};

/** What aborted handlers get to say their status in, before the sockets are destroyed, in milliseconds. */
const forcedAfterMs = 1000;

/** A cancellation this close before the deadline is taken for the deadline: the caller's own timer usually fires first, in milliseconds. */
const deadlineSlackMs = 50;

type Message = MessageInitShape<DescMessage>;
type UnaryHandler = (request: unknown, call: CallContext) => Promise<Message>;
type StreamHandler = (request: unknown, call: CallContext) => AsyncIterable<readonly (Message | EncodedMessage)[]>;
type BidiHandler = (requests: AsyncIterable<unknown>, call: CallContext) => AsyncIterable<readonly (Message | EncodedMessage)[]>;

/** The part of grpc-js's call objects that tells how a call ends early. */
interface ServedCall {
  readonly metadata: Metadata;
  getDeadline(): Deadline;
  getPeer(): string;
  sendMetadata(metadata: Metadata): void;
  on(event: "cancelled", listener: () => void): unknown;
}

interface Lifetime extends CallContext {
  endEarly(end: EarlyEnd): void;
  release(): void;
}

function begin(call: ServedCall, options: ServiceOptions, liveCalls: LiveCalls<EarlyEnd>, trailers: Metadata): Lifetime {
  const controller = new AbortController();
  const end = (reason: Error) => {
    if (!controller.signal.aborted) controller.abort(reason);
  };
  const endEarly = (early: EarlyEnd) => end(options.endReason(early));
  const now = Date.now();
  const asked = deadlineOf(call.getDeadline());
  // An absurd grpc-timeout such as 1000H overflows to the past inside grpc-js, so a deadline is clamped and not trusted.
  const deadlineMs = asked === Number.POSITIVE_INFINITY ? asked : Math.min(asked, now + options.deadlineMsMax);
  // grpc-js does not tell a handler of a passed deadline while the caller's window is full; only a timer of our own does.
  const timer = deadlineMs === Number.POSITIVE_INFINITY ? undefined : setTimeout(endEarly, Math.max(0, deadlineMs - now), "deadline");
  let released = false;
  // grpc-js says so of every call, also of one that has ended well.
  call.on("cancelled", () => {
    if (!released) endEarly(deadlineMs - Date.now() <= deadlineSlackMs ? "deadline" : "caller-left");
  });
  const live = liveCalls.add(endEarly);
  return {
    signal: controller.signal,
    metadata: call.metadata,
    deadlineMs,
    peer: call.getPeer(),
    sendInitialMetadata: (metadata) => call.sendMetadata(metadata),
    trailers,
    writeStallMs: options.writeStallMs,
    end,
    endEarly,
    release: () => {
      released = true;
      clearTimeout(timer);
      liveCalls.delete(live);
    },
  };
}

const deadlineOf = (deadline: Deadline): number => (typeof deadline === "number" ? deadline : deadline.getTime());

function serveUnary(
  { input, output }: DescMethod,
  handler: UnaryHandler,
  options: ServiceOptions,
  liveCalls: LiveCalls<EarlyEnd>,
): handleUnaryCall<unknown, unknown> {
  return async (call, callback) => {
    const lifetime = begin(call, options, liveCalls, new Metadata());
    try {
      options.admit?.(lifetime);
      const answer = create(output, await handler(read(input, call.request, options), lifetime));
      callback(null, answer, lifetime.trailers);
    } catch (reason) {
      callback(options.statusOf(lifetime.signal.aborted ? lifetime.signal.reason : reason, lifetime.trailers));
    } finally {
      lifetime.release();
    }
  };
}

function serveStream(
  { input, output }: DescMethod,
  handler: StreamHandler,
  options: ServiceOptions,
  liveCalls: LiveCalls<EarlyEnd>,
): handleServerStreamingCall<unknown, unknown> {
  return async (call) => {
    const lifetime = begin(call, options, liveCalls, new Metadata());
    await writeAll(call, output, lifetime, options, () => handler(read(input, call.request, options), lifetime));
  };
}

function serveBidi(
  { input, output }: DescMethod,
  handler: BidiHandler,
  options: ServiceOptions,
  liveCalls: LiveCalls<EarlyEnd>,
): handleBidiStreamingCall<unknown, unknown> {
  return async (call) => {
    const lifetime = begin(call, options, liveCalls, new Metadata());
    await writeAll(call, output, lifetime, options, () => handler(readEach(input, call, options), lifetime));
  };
}

/** @throws the plane's own words for bytes that are no message. */
function read(input: DescMessage, bytes: unknown, { badMessage }: ServiceOptions): unknown {
  try {
    return fromBinary(input, bytes as Uint8Array);
  } catch (cause) {
    throw badMessage === undefined ? cause : badMessage(cause);
  }
}

async function* readEach(input: DescMessage, requests: AsyncIterable<unknown>, options: ServiceOptions): AsyncGenerator<unknown, void> {
  for await (const bytes of requests) yield read(input, bytes, options);
}

async function writeAll(
  call: ServerWritableStream<unknown, unknown> | Parameters<handleBidiStreamingCall<unknown, unknown>>[0],
  output: DescMessage,
  lifetime: Lifetime,
  options: ServiceOptions,
  run: () => AsyncIterable<readonly (Message | EncodedMessage)[]>,
): Promise<void> {
  const { signal } = lifetime;
  const sink = messageSink(call, output);
  let stalled = false;
  try {
    options.admit?.(lifetime);
    for await (const batch of run()) {
      signal.throwIfAborted();
      // A slow caller must slow the backend down, not fill our memory.
      if (!sink.write(batch)) {
        stalled = true;
        await drained(sink.drains, lifetime);
        stalled = false;
      }
    }
    call.end(lifetime.trailers);
  } catch (reason) {
    // The signal's reason says why; what was thrown may only say that it was aborted.
    call.emit("error", options.statusOf(signal.aborted ? signal.reason : reason, lifetime.trailers));
    // The status waits behind the data that the caller does not take, so it would never leave: reset the stream.
    if (stalled) resetStream(call);
  } finally {
    lifetime.release();
  }
}

interface MessageSink {
  /** Whether the caller keeps up. */
  write(batch: readonly (Message | EncodedMessage)[]): boolean;
  /** What says "drain". */
  readonly drains: Drains;
}

interface Drains {
  once(event: "drain", listener: () => void): unknown;
  off(event: "drain", listener: () => void): unknown;
}

/**
 * All messages of a batch go to the HTTP/2 stream as one piece. By grpc-js each is a write of its own that waits for the one
 * before it, at three times the cost; there is no public way around that (1.14.7), so where the stream cannot be found, it does.
 */
function messageSink(
  call: ServerWritableStream<unknown, unknown> | Parameters<handleBidiStreamingCall<unknown, unknown>>[0],
  output: DescMessage,
): MessageSink {
  const stream = streamOf(call);
  const bytesOf = (message: Message | EncodedMessage) =>
    message instanceof Uint8Array ? message : toBinary(output, create(output, message));
  if (stream === undefined)
    return {
      write: (batch) => {
        let open = true;
        for (const message of batch) open = call.write(bytesOf(message));
        return open;
      },
      drains: call,
    };
  return {
    write: (batch) => {
      if (batch.length === 0) return true;
      // Has no effect where they went before.
      call.sendMetadata(new Metadata());
      return stream.write(framed(batch.map(bytesOf)));
    },
    drains: stream,
  };
}

/** Length-prefixed, not compressed (gRPC over HTTP/2, "Length-Prefixed-Message"). */
function framed(messages: readonly Uint8Array[]): Buffer {
  const frames = Buffer.allocUnsafe(messages.reduce((sum, { length }) => sum + frameHeadBytes + length, 0));
  let at = 0;
  for (const message of messages) {
    frames.writeUInt8(0, at);
    frames.writeUInt32BE(message.length, at + 1);
    frames.set(message, at + frameHeadBytes);
    at += frameHeadBytes + message.length;
  }
  return frames;
}

const frameHeadBytes = 5;

/** Waits until the caller has read, at most its `writeStallMs`. Rejects when the call ends first. */
function drained(call: Drains, lifetime: Lifetime): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = () => {
      clearTimeout(timer);
      call.off("drain", onDrain);
      lifetime.signal.removeEventListener("abort", onAbort);
    };
    const onDrain = () => {
      settle();
      resolve();
    };
    const onAbort = () => {
      settle();
      reject(lifetime.signal.reason);
    };
    const timer = setTimeout(() => lifetime.endEarly("caller-stalled"), lifetime.writeStallMs);
    call.once("drain", onDrain);
    lifetime.signal.addEventListener("abort", onAbort);
    if (lifetime.signal.aborted) onAbort();
  });
}

const http2Cancel = 8;

/** grpc-js has no public way to reset a stream from the server; destroy() and emit("error") leave it open (1.14.7). */
const resetStream = (call: object): void => streamOf(call)?.close(http2Cancel);

/** The HTTP/2 stream under a call, below its interceptors. */
function streamOf(call: object): ServerHttp2Stream | undefined {
  let base = (call as { call?: BaseCall }).call;
  while (base?.nextCall !== undefined) base = base.nextCall;
  return base?.stream;
}

interface BaseCall {
  readonly nextCall?: BaseCall;
  readonly stream?: ServerHttp2Stream;
}
