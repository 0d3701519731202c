/**
 * Turns what a failing backend said into the gateway's own words. Pure.
 *
 * The caller's mistake stays the caller's (400); our credential's trouble is ours and never looks like the caller's (502); what
 * may pass is tried elsewhere. A backend's text is shortened and freed of our credential before anyone sees it.
 */
import { GatewayError } from "../../gateway-error.ts";

const messageLengthMax = 1000;
/** What a backend may ask us to wait is believed up to this, in milliseconds. SDKs ignore more. */
const retryAfterMsMax = 60_000;

export interface UpstreamFailure {
  readonly status: number;
  readonly body: string;
  readonly retryAfter: string | undefined;
  readonly retryAfterMs: string | undefined;
  readonly nowMs: number;
  /** To be taken out of whatever is shown. */
  readonly credential: string | undefined;
}

/** For an answer whose status is not 2xx. */
export function errorOfStatus(failure: UpstreamFailure): GatewayError {
  const { status } = failure;
  const said = errorObject(failure.body);
  const message = shown(said.message, failure.credential);
  const details = { upstreamStatus: status, ...(said.param === undefined ? {} : { field: shown(said.param, failure.credential) }) };
  if (status < 400)
    return new GatewayError("UPSTREAM_PROTOCOL", "the backend answered with a redirect, which is not followed", {
      ...details,
      anotherBackendMayHelp: true,
    });
  switch (status) {
    case 400:
    case 413:
    case 422:
      return isAboutTheContext(said)
        ? new GatewayError("CONTEXT_LENGTH_EXCEEDED", message, details)
        : new GatewayError(status === 413 ? "PAYLOAD_TOO_LARGE" : "UPSTREAM_REJECTED", message, details);
    case 401:
    case 402:
    case 403:
      // Its text may repeat what we sent or tell of the operator's account; nobody but the operator can use it anyway.
      return new GatewayError(
        "UPSTREAM_UNAVAILABLE",
        "the backend refused the gateway's credential or account; an operator must look at the provider",
        // Nothing was generated, and another tier is there for just this.
        { ...details, anotherBackendMayHelp: true },
      );
    case 404:
      return new GatewayError(
        "UPSTREAM_UNAVAILABLE",
        "the backend does not know the model that is configured for it; an operator must look at the backend",
        { ...details, anotherBackendMayHelp: true },
      );
    case 408:
    case 504:
      return new GatewayError("UPSTREAM_TIMEOUT", "the backend gave up waiting", { ...details, anotherBackendMayHelp: true });
    case 429:
      return new GatewayError("UPSTREAM_RATE_LIMITED", "the backend is over its own limit; try again later", {
        ...details,
        retryAfterMs: retryAfterOf(failure),
        anotherBackendMayHelp: true,
      });
    default:
      return status >= 500
        ? new GatewayError("UPSTREAM_UNAVAILABLE", `the backend failed with status ${status}`, { ...details, anotherBackendMayHelp: true })
        : new GatewayError("UPSTREAM_REJECTED", message, details);
  }
}

/** For an error object inside an answer that began as a success. Its code may be a status (OpenRouter, vLLM, llama.cpp). */
export function errorInStream(value: unknown, credential: string | undefined): GatewayError {
  const said = fields(value);
  const status = said.status ?? (said.code === undefined ? undefined : statusOfCode[said.code]);
  if (status !== undefined && status < 500) {
    const body = JSON.stringify({ error: { ...said, code: said.code ?? null } });
    return errorOfStatus({ status, body, retryAfter: undefined, retryAfterMs: undefined, nowMs: Date.now(), credential });
  }
  return new GatewayError("UPSTREAM_UNAVAILABLE", `the backend reported an error in its answer: ${shown(said.message, credential)}`, {
    ...(status === undefined ? {} : { upstreamStatus: status }),
    anotherBackendMayHelp: true,
  });
}

const statusOfCode: Readonly<Record<string, number>> = {
  rate_limit_exceeded: 429,
  context_length_exceeded: 400,
  insufficient_quota: 429,
};

/** For a socket that failed. */
export function errorOfSocket(reason: unknown): GatewayError {
  if (reason instanceof GatewayError) return reason;
  return new GatewayError("UPSTREAM_UNAVAILABLE", "the connection to the backend failed", { cause: reason, anotherBackendMayHelp: true });
}

function errorObject(body: string) {
  try {
    const parsed: unknown = JSON.parse(body);
    return fields(typeof parsed === "object" && parsed !== null && "error" in parsed ? parsed.error : parsed);
  } catch {
    return fields(undefined);
  }
}

interface SaidError {
  readonly message: string;
  readonly code: string | undefined;
  /** A code that is a status of HTTP. */
  readonly status: number | undefined;
  readonly type: string | undefined;
  readonly param: string | undefined;
}

/** Backends differ: codes may be numbers (llama.cpp, OpenRouter), the error a bare string (Ollama, TGI), the message a list (Mistral). */
function fields(error: unknown): SaidError {
  const object = typeof error === "object" && error !== null ? (error as Record<string, unknown>) : {};
  const text = (value: unknown) => (typeof value === "string" && value !== "" ? value : undefined);
  const code = object["code"];
  return {
    message: text(error) ?? messageOf(object) ?? "the backend refused the request without saying why",
    code: text(code),
    status: typeof code === "number" && code >= 400 && code <= 599 ? code : undefined,
    type: text(object["type"]) ?? text(object["error_type"]),
    param: text(object["param"]),
  };
}

function messageOf(object: Record<string, unknown>): string | undefined {
  const { message, detail, metadata } = object;
  if (typeof message === "string" && message !== "") {
    // OpenRouter puts what the provider behind it said beside its own words, which say nothing.
    const raw = typeof metadata === "object" && metadata !== null ? (metadata as Record<string, unknown>)["raw"] : undefined;
    return typeof raw === "string" && raw !== "" ? `${message}: ${raw}` : message;
  }
  // FastAPI's, as Mistral and small servers in Python answer: a text, or a list of what is wrong where.
  const inner = typeof message === "object" && message !== null ? (message as Record<string, unknown>)["detail"] : detail;
  if (typeof inner === "string" && inner !== "") return inner;
  if (!Array.isArray(inner)) return undefined;
  const faults = (inner as unknown[]).flatMap((entry) => {
    const { loc, msg } = (typeof entry === "object" && entry !== null ? entry : {}) as Record<string, unknown>;
    return typeof msg === "string" ? [Array.isArray(loc) ? `${loc.join(".")}: ${msg}` : msg] : [];
  });
  return faults.length === 0 ? undefined : faults.join("; ");
}

/** In the words of OpenAI and Groq, llama.cpp, vLLM, Mistral, TGI. */
function isAboutTheContext({ code, type, message }: SaidError): boolean {
  return (
    code === "context_length_exceeded" ||
    type === "exceed_context_size_error" ||
    /maximum context length|too large for model with \d+ maximum context|exceeds? the available context size|`inputs` (?:tokens \+ `max_new_tokens` )?must (?:be <=|have less than)/i.test(
      message,
    )
  );
}

function shown(message: string, credential: string | undefined): string {
  const clean = credential === undefined || credential === "" ? message : message.replaceAll(credential, "[credential]");
  return clean.slice(0, messageLengthMax).toWellFormed();
}

/** retry-after-ms, or retry-after in seconds or as a date; 0 to 60 s; 1 s where it cannot be read. */
function retryAfterOf(failure: UpstreamFailure): number {
  const ms = Number(failure.retryAfterMs);
  const text = failure.retryAfter ?? "";
  const seconds = Number(text);
  const asked =
    failure.retryAfterMs !== undefined && Number.isFinite(ms)
      ? ms
      : text !== "" && Number.isFinite(seconds)
        ? seconds * 1000
        : Date.parse(text) - failure.nowMs;
  return Number.isFinite(asked) && asked >= 0 ? Math.min(asked, retryAfterMsMax) : 1000;
}
