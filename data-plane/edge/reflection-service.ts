/**
 * `grpc.reflection.v1` and `v1alpha` (older tools ask for that), from the descriptors that the generated code carries. A setting,
 * because whoever can ask it learns every method.
 */
import { type DescFile, type DescService, toBinary } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import { status } from "@grpc/grpc-js";
import type { ServerReflection as ReflectionV1, ServerReflectionRequest } from "#proto/grpc/reflection/v1/reflection_pb.ts";
import type { ServerReflection as ReflectionV1Alpha } from "#proto/grpc/reflection/v1alpha/reflection_pb.ts";
import type { ServiceHandlers } from "../../proto/transport/grpc-server.ts";

/** A request of either version of the protocol: they differ in their package's name alone. */
interface AnyRequest {
  readonly messageRequest: { readonly case: ServerReflectionRequest["messageRequest"]["case"]; readonly value?: unknown };
}

export function reflectionService(services: readonly DescService[]): {
  v1: ServiceHandlers<typeof ReflectionV1>;
  v1alpha: ServiceHandlers<typeof ReflectionV1Alpha>;
} {
  const files = new Map<string, DescFile>();
  const bySymbol = new Map<string, DescFile>();
  const add = (file: DescFile) => {
    if (files.has(file.name)) return;
    files.set(file.name, file);
    for (const dependency of file.dependencies) add(dependency);
    for (const message of file.messages) addMessage(message, file);
    for (const named of [...file.enums, ...file.services, ...file.extensions]) bySymbol.set(named.typeName, file);
    for (const service of file.services) for (const method of service.methods) bySymbol.set(`${service.typeName}.${method.name}`, file);
  };
  const addMessage = (message: DescFile["messages"][number], file: DescFile) => {
    bySymbol.set(message.typeName, file);
    for (const nested of message.nestedMessages) addMessage(nested, file);
    for (const nested of message.nestedEnums) bySymbol.set(nested.typeName, file);
  };
  for (const service of services) add(service.file);

  const answer = ({ messageRequest }: AnyRequest) => {
    const asked = String(messageRequest.value);
    switch (messageRequest.case) {
      case "listServices":
        return { case: "listServicesResponse" as const, value: { service: services.map(({ typeName }) => ({ name: typeName })) } };
      case "fileByFilename":
        return fileAnswer(files.get(asked.replace(/\.proto$/, "")), asked);
      case "fileContainingSymbol":
        return fileAnswer(bySymbol.get(asked), asked);
      case "allExtensionNumbersOfType":
      case "fileContainingExtension":
      case undefined:
        return notFound("there are no extensions here");
      default:
        return messageRequest.case satisfies never;
    }
  };
  return {
    v1: {
      async *serverReflectionInfo(requests) {
        for await (const request of requests)
          yield [{ validHost: request.host, originalRequest: request, messageResponse: answer(request) }];
      },
    },
    v1alpha: {
      async *serverReflectionInfo(requests) {
        for await (const request of requests)
          yield [{ validHost: request.host, originalRequest: request, messageResponse: answer(request) }];
      },
    },
  };
}

function fileAnswer(file: DescFile | undefined, asked: string) {
  if (file === undefined) return notFound(`"${asked.slice(0, 200)}" is not known here`);
  const all = new Map<string, DescFile>();
  const gather = (next: DescFile) => {
    if (all.has(next.name)) return;
    all.set(next.name, next);
    next.dependencies.forEach(gather);
  };
  gather(file);
  return {
    case: "fileDescriptorResponse" as const,
    value: { fileDescriptorProto: [...all.values()].map(({ proto }) => toBinary(FileDescriptorProtoSchema, proto)) },
  };
}

const notFound = (errorMessage: string) => ({ case: "errorResponse" as const, value: { errorCode: status.NOT_FOUND, errorMessage } });
