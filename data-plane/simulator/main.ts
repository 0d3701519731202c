/**
 * The simulator: an inference server in OpenAI's shape and in Anthropic's that needs no model and gives the same answer to the same request, for
 * demonstrations, load tests and every fault that a backend can have. It is a server of its own on bare node:http and knows
 * nothing of the gateway.
 *
 * How it fails: on purpose, by faults.ts. Otherwise each mistake of a caller is a 4xx that names the field, a call never runs
 * longer than ten minutes, and close() ends everything at once.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { type CallRecord, callLog, callsKept, keptBody, noBody, nowMs } from "./call-record.ts";
import {
  type AnsweredCall,
  answerChat,
  answerEmbeddings,
  answerMessages,
  answerModerations,
  answerTokenCount,
  type IncomingCall,
} from "./calls.ts";
import { createdAtSeconds } from "./chat-body.ts";
import { whole } from "./faults.ts";
import { withMessageErrors } from "./message-errors.ts";
import { modelList, modelNamed, type SimulatedModel } from "./models.ts";
import { errorBodyOf, SimulatorError } from "./simulator-error.ts";
import { type HttpAnswer, writeAnswer } from "./stream-writer.ts";

export interface SimulatorSettings {
  readonly host: string;
  /** 0 picks a free one. */
  readonly port: number;
  /** Any text or number; the same seed gives the same answers. */
  readonly seed: string | number;
  /** More calls at the same time than this are answered 503. Default 0: no limit. */
  readonly maxConcurrentCalls?: number;
  readonly logger?: SimulatorLogger;
}

export interface SimulatorLogger {
  info(details: object, message: string): void;
  error(details: object, message: string): void;
}

export interface Simulator {
  readonly port: number;
  /** Cuts every call and connection. Resolves when the port is free. */
  close(): Promise<void>;
}

const bodyBytesMax = 20 * 1024 * 1024;
/** Also ends what a fault left hanging and readers who do not read. */
const callMsMax = 600_000;
const sweepMs = 5_000;
const callsShown = 100;

/** @throws Error where the port cannot be had, saying what to do */
export async function startSimulator(settings: SimulatorSettings): Promise<Simulator> {
  const seed = String(settings.seed);
  const concurrentMax = settings.maxConcurrentCalls ?? 0;
  const log = callLog();
  const running = new Map<ServerResponse, CallRecord>();
  // Request ids differ between two simulators that one test runs.
  const idTag = `req_sim_${Math.floor(nowMs()).toString(36)}${process.pid.toString(36)}`;
  let idCount = 0;
  let openConnections = 0;

  const server = createServer(
    { keepAliveTimeout: 65_000, headersTimeout: 10_000, requestTimeout: 60_000, noDelay: true },
    (request, response) => {
      const id = `${idTag}_${(idCount++).toString(36)}`;
      const path = pathOf(request);
      const answering = request.method === "POST" ? answeringAt[path] : undefined;
      if (answering !== undefined) takeCall(request, response, id, path, answering);
      else {
        request.resume();
        writeAnswer(response, plainAnswer(request.method ?? "", path, request.url ?? ""), id, { wrote() {}, cuts() {} });
      }
    },
  );
  server.on("connection", (socket) => {
    openConnections++;
    socket.once("close", () => openConnections--);
  });

  function takeCall(request: IncomingMessage, response: ServerResponse, id: string, path: string, answering: Answering): void {
    const record: CallRecord = {
      id,
      path,
      rawHeaders: request.rawHeaders,
      startedAtMs: nowMs(),
      model: "",
      streamed: false,
      fault: undefined,
      status: undefined,
      body: noBody,
      chunksWritten: 0,
      outcome: "running",
      endedAtMs: undefined,
    };
    log.add(record);
    running.set(response, record);
    response.once("close", () => {
      running.delete(response);
      record.endedAtMs = nowMs();
      if (record.outcome === "running") record.outcome = response.writableFinished ? "complete" : "caller-left";
    });
    const send = (answer: HttpAnswer) => {
      record.status = answer.status;
      writeAnswer(response, answer, id, {
        wrote() {
          record.chunksWritten++;
        },
        cuts() {
          record.outcome = "faulted";
        },
      });
    };
    const refuse = (error: SimulatorError) => {
      const answer = errorAnswer(error);
      send(path.startsWith("/v1/messages") ? withMessageErrors(answer) : answer);
    };
    if (concurrentMax > 0 && running.size > concurrentMax) {
      request.resume();
      refuse(
        new SimulatorError(503, `All ${concurrentMax} places are taken. Try again in a second.`, {
          code: "overloaded",
          headers: { "retry-after": "1" },
        }),
      );
      return;
    }
    readBody(request, (body) => {
      if (response.destroyed) return;
      if (body === undefined) {
        refuse(
          new SimulatorError(413, `The request body is larger than ${bodyBytesMax} bytes. Send less.`, {
            code: "request_too_large",
          }),
        );
        return;
      }
      record.body = keptBody(body);
      let answered: AnsweredCall;
      try {
        answered = answering({ headers: request.headers, body, seed, nowMs: Date.now() });
      } catch (reason) {
        refuse(toSimulatorError(reason, id));
        return;
      }
      record.model = answered.model;
      record.streamed = answered.streamed;
      record.fault = answered.fault?.name;
      send(answered.answer);
    });
  }

  function toSimulatorError(reason: unknown, id: string): SimulatorError {
    if (reason instanceof SimulatorError) return reason;
    settings.logger?.error({ err: reason, requestId: id }, "the simulator failed to answer");
    return new SimulatorError(500, "The simulator failed. Report it with the request id.");
  }

  function plainAnswer(method: string, path: string, url: string): HttpAnswer {
    if (method === "GET" || method === "HEAD") {
      if (path === "/healthz") return jsonAnswer({ status: "ok" });
      if (path === "/v1/models") return jsonAnswer({ object: "list", data: modelList.map(modelShown) });
      if (path.startsWith("/v1/models/")) return modelAnswer(path.slice("/v1/models/".length));
      if (path === "/sim/calls") return jsonAnswer({ calls: log.last(lastOf(url)) });
      if (path === "/sim/state") return jsonAnswer({ openConnections, runningCalls: running.size, callsTotal: log.total });
    }
    return errorAnswer(
      new SimulatorError(
        404,
        `${method} ${path} is not served here. See GET /v1/models and POST /v1/chat/completions, /v1/messages, /v1/embeddings, /v1/moderations.`,
        {
          code: "unsupported_endpoint",
        },
      ),
    );
  }

  const sweep = setInterval(() => {
    const oldest = nowMs() - callMsMax;
    for (const [response, record] of running) {
      if (record.startedAtMs > oldest) continue;
      record.outcome = "faulted";
      response.destroy();
    }
  }, sweepMs);
  sweep.unref();

  await listening(server, settings);
  // An AddressInfo, because the server listens on a port and not on a pipe.
  const { port } = server.address() as AddressInfo;
  settings.logger?.info({ host: settings.host, port, seed }, "simulator listens");
  return {
    port,
    close: () =>
      new Promise((resolve) => {
        clearInterval(sweep);
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

type Answering = (call: IncomingCall) => AnsweredCall;

const answeringAt: Readonly<Record<string, Answering | undefined>> = {
  "/v1/chat/completions": answerChat,
  "/v1/embeddings": answerEmbeddings,
  "/v1/moderations": answerModerations,
  "/v1/messages": answerMessages,
  "/v1/messages/count_tokens": answerTokenCount,
};

function listening(server: ReturnType<typeof createServer>, { host, port }: SimulatorSettings): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (cause: NodeJS.ErrnoException) => {
      const why =
        cause.code === "EADDRINUSE" ? "is in use; stop what listens there or choose another port" : `cannot be used: ${cause.message}`;
      reject(new Error(`the simulator's port ${port} on ${host} ${why}`, { cause }));
    });
    server.listen(port, host, resolve);
  });
}

/** Calls back with undefined, once and at once, where the body is too large; never where the caller leaves before its end. */
function readBody(request: IncomingMessage, done: (body: Buffer | undefined) => void): void {
  const chunks: Buffer[] = [];
  let bytes = 0;
  request.on("data", (chunk: Buffer) => {
    if (bytes > bodyBytesMax) return;
    bytes += chunk.length;
    if (bytes > bodyBytesMax) {
      chunks.length = 0;
      done(undefined);
    } else chunks.push(chunk);
  });
  request.on("end", () => {
    if (bytes > bodyBytesMax) return;
    const [first] = chunks;
    done(chunks.length === 1 && first !== undefined ? first : Buffer.concat(chunks));
  });
}

function pathOf(request: IncomingMessage): string {
  const url = request.url ?? "/";
  const end = url.indexOf("?");
  const path = end < 0 ? url : url.slice(0, end);
  return path.length > 1 && path.endsWith("/") ? path.slice(0, -1) : path;
}

function lastOf(url: string): number {
  const asked = Number(new URLSearchParams(url.split("?")[1] ?? "").get("last") ?? callsShown);
  return Number.isInteger(asked) && asked > 0 ? Math.min(asked, callsKept) : callsShown;
}

function modelAnswer(encodedId: string): HttpAnswer {
  try {
    return jsonAnswer(modelShown(modelNamed(decodeURIComponent(encodedId))));
  } catch (reason) {
    if (reason instanceof SimulatorError) return errorAnswer(reason);
    return errorAnswer(new SimulatorError(400, "The model's id is not valid in a URL. Encode it.", { param: "model" }));
  }
}

const modelShown = (model: SimulatedModel) => ({
  id: model.id,
  object: "model",
  created: createdAtSeconds,
  owned_by: "penstock-simulator",
});

const jsonAnswer = (body: object): HttpAnswer => whole(200, { "content-type": "application/json" }, JSON.stringify(body));

const errorAnswer = (error: SimulatorError): HttpAnswer =>
  whole(error.status, { "content-type": "application/json", ...error.details.headers }, JSON.stringify(errorBodyOf(error)));
