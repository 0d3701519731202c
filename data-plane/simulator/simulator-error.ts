/**
 * What the simulator refuses, in OpenAI's error shape. `param` and `code` are null where there is nothing to say: clients test
 * for null, and a missing key has broken them.
 */
export interface ErrorBody {
  readonly error: {
    readonly message: string;
    readonly type: string;
    readonly param: string | null;
    /** A string everywhere but in the llama.cpp fault, which sends a number as that server does. */
    readonly code: string | number | null;
  };
}

export interface SimulatorErrorDetails {
  /** The field of the request that is wrong: "messages[0].role". */
  readonly param?: string;
  readonly code?: string;
  /** Default: "invalid_request_error" below 500, "server_error" from there. */
  readonly type?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** An answer with an error status. The message goes to the caller and says what to do next. */
export class SimulatorError extends Error {
  override readonly name = "SimulatorError";
  readonly status: number;
  readonly details: SimulatorErrorDetails;

  constructor(status: number, message: string, details: SimulatorErrorDetails = {}) {
    super(message);
    this.status = status;
    this.details = details;
  }
}

export const errorBodyOf = (error: SimulatorError): ErrorBody => ({
  error: {
    message: error.message,
    type: error.details.type ?? (error.status < 500 ? "invalid_request_error" : "server_error"),
    param: error.details.param ?? null,
    code: error.details.code ?? null,
  },
});

/** A 400 that names the field. */
export const invalidField = (param: string, message: string, code?: string): SimulatorError =>
  new SimulatorError(400, message, code === undefined ? { param } : { param, code });
