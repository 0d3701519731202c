/**
 * Calls a Protobuf service described by protobuf-es over @grpc/grpc-js: promises for unary methods, async iterables for
 * streams, an AbortSignal and a clock on each. The calling side of grpc-server.ts.
 */
import type {
  DescMessage,
  DescMethodServerStreaming,
  DescMethodUnary,
  DescService,
  MessageInitShape,
  MessageShape,
} from "@bufbuild/protobuf";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { type CallOptions, type ChannelCredentials, Client, type ClientOptions, credentials, Metadata } from "@grpc/grpc-js";

export interface ClientCallOptions {
  readonly signal: AbortSignal;
  /** The call's deadline from now, in milliseconds. Infinity for a stream that has its own heartbeat. */
  readonly timeoutMs: number;
  readonly metadata?: Readonly<Record<string, string>>;
}

export type ServiceClient<Service extends DescService> = {
  [Name in keyof Service["method"]]: Service["method"][Name] extends DescMethodUnary<infer I, infer O>
    ? (request: MessageInitShape<I>, options: ClientCallOptions) => Promise<MessageShape<O>>
    : Service["method"][Name] extends DescMethodServerStreaming<infer I, infer O>
      ? (request: MessageInitShape<I>, options: ClientCallOptions) => AsyncIterable<MessageShape<O>>
      : never;
};

export interface Connection {
  client<Service extends DescService>(service: Service): ServiceClient<Service>;
  close(): void;
}

export function connectGrpc(
  address: string,
  options: ClientOptions = {},
  channelCredentials: ChannelCredentials = credentials.createInsecure(),
): Connection {
  const channel = new Client(address, channelCredentials, { ...clientDefaults, ...options });
  return { client: (service) => serviceClient(channel, service), close: () => channel.close() };
}

/** A peer that vanished is noticed within about two keepalives; reconnects do not back off for longer than a poll. */
const clientDefaults: ClientOptions = {
  "grpc.keepalive_time_ms": 10_000,
  "grpc.keepalive_timeout_ms": 5_000,
  "grpc.initial_reconnect_backoff_ms": 100,
  "grpc.max_reconnect_backoff_ms": 5_000,
  "grpc.enable_retries": 0,
  "grpc.max_receive_message_length": 256 * 1024 * 1024,
  "grpc.max_send_message_length": 256 * 1024 * 1024,
};

function serviceClient<Service extends DescService>(channel: Client, service: Service): ServiceClient<Service> {
  const methods: Record<string, unknown> = {};
  for (const method of service.methods) {
    const path = `/${service.typeName}/${method.name}`;
    const serialize = (message: MessageShape<DescMessage>) => Buffer.from(toBinary(method.input, message));
    const deserialize = (bytes: Buffer) => fromBinary(method.output, bytes);
    switch (method.methodKind) {
      case "unary":
        methods[method.localName] = (request: MessageInitShape<DescMessage>, options: ClientCallOptions) =>
          new Promise((resolve, reject) => {
            options.signal.throwIfAborted();
            const call = channel.makeUnaryRequest(
              path,
              serialize,
              deserialize,
              create(method.input, request),
              metadataOf(options),
              callOptionsOf(options),
              (error, answer) => {
                options.signal.removeEventListener("abort", cancel);
                if (error !== null) reject(options.signal.aborted ? options.signal.reason : error);
                else resolve(answer);
              },
            );
            const cancel = () => call.cancel();
            options.signal.addEventListener("abort", cancel);
          });
        break;
      case "server_streaming":
        methods[method.localName] = async function* (request: MessageInitShape<DescMessage>, options: ClientCallOptions) {
          options.signal.throwIfAborted();
          const call = channel.makeServerStreamRequest(
            path,
            serialize,
            deserialize,
            create(method.input, request),
            metadataOf(options),
            callOptionsOf(options),
          );
          const cancel = () => call.cancel();
          options.signal.addEventListener("abort", cancel);
          try {
            for await (const message of call) yield message;
          } catch (error) {
            throw options.signal.aborted ? options.signal.reason : error;
          } finally {
            options.signal.removeEventListener("abort", cancel);
            call.cancel();
          }
        };
        break;
      default:
        methods[method.localName] = () => {
          throw new Error(`${method.name}: ${method.methodKind} methods are not called`);
        };
    }
  }
  return methods as ServiceClient<Service>;
}

const callOptionsOf = (options: ClientCallOptions): CallOptions =>
  options.timeoutMs === Number.POSITIVE_INFINITY ? {} : { deadline: Date.now() + options.timeoutMs };

function metadataOf(options: ClientCallOptions): Metadata {
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(options.metadata ?? {})) metadata.set(name, value);
  return metadata;
}
