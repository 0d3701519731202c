/** One call through the real data plane, streamed; what it said of itself in its headers and its last chunk. */
import { EventSourceParserStream } from "eventsource-parser/stream";
import { actingHeaders } from "../../session/acting.ts";
import { fetchSignedIn } from "../../session/session.ts";

export interface CallRequest {
  /** Whose call it is; undefined: of the oldest project that is not the demo's. */
  readonly projectId?: string;
  readonly model: string;
  readonly messages: readonly { readonly role: string; readonly content: string }[];
  readonly prompt?: { readonly name?: string; readonly label?: string; readonly version?: number; readonly variables: unknown };
  readonly parameters: Readonly<Record<string, unknown>>;
}

export interface CallState {
  readonly phase: "waiting" | "streaming" | "done" | "failed" | "stopped";
  readonly text: string;
  readonly toolCalls: string;
  readonly failure: string | undefined;
  readonly startedAt: number;
  readonly firstMs: number | undefined;
  readonly totalMs: number | undefined;
  readonly inputTokens: number | undefined;
  readonly outputTokens: number | undefined;
  readonly costNanodollars: number | undefined;
  readonly finishReason: string | undefined;
  readonly callId: string | undefined;
  /** What made the answer: backend, variant, prompt, attempts. */
  readonly made: readonly (readonly [string, string])[];
}

const facts = ["backend", "attempts", "variant", "prompt", "cache", "revision"] as const;

interface Chunk {
  readonly choices?: readonly {
    readonly delta?: { readonly content?: string | null; readonly tool_calls?: unknown };
    readonly finish_reason?: string | null;
  }[];
  readonly usage?: { readonly prompt_tokens?: number; readonly completion_tokens?: number; readonly cost?: unknown } | null;
  readonly penstock?: { readonly cost_usd?: number | string | null };
  readonly error?: { readonly message?: string };
}

/** @param show is called with each new state, the last one included; never throws. */
export async function runCall(request: CallRequest, signal: AbortSignal, show: (state: CallState) => void): Promise<void> {
  let state: CallState = {
    phase: "waiting",
    text: "",
    toolCalls: "",
    failure: undefined,
    startedAt: performance.now(),
    firstMs: undefined,
    totalMs: undefined,
    inputTokens: undefined,
    outputTokens: undefined,
    costNanodollars: undefined,
    finishReason: undefined,
    callId: undefined,
    made: [],
  };
  const set = (patch: Partial<CallState>) => {
    state = { ...state, ...patch };
    show(state);
  };
  const passed = () => performance.now() - state.startedAt;
  set({});
  try {
    const answer = await fetchSignedIn("/playground/v1/chat/completions", initOf(request, signal), isSessionsEnd);
    set({
      callId: answer.headers.get("x-penstock-call-id") ?? undefined,
      made: facts.flatMap((name) => {
        const value = answer.headers.get(`x-penstock-${name}`);
        return value === null || value === "" ? [] : [[name, value] as const];
      }),
    });
    if (!answer.ok || answer.body === null) return set({ phase: "failed", failure: await failureIn(answer), totalMs: passed() });
    let complete = false;
    for await (const { data } of answer.body
      .pipeThrough(new TextDecoderStream())
      .pipeThrough(new EventSourceParserStream()) as unknown as AsyncIterable<{ data: string }>) {
      if (data === "[DONE]") {
        complete = true;
        continue;
      }
      const chunk = JSON.parse(data) as Chunk;
      if (chunk.error !== undefined)
        return set({ phase: "failed", failure: chunk.error.message ?? "The stream broke off.", totalMs: passed() });
      take(chunk, passed(), state, set);
    }
    set(
      complete
        ? { phase: "done", totalMs: passed() }
        : { phase: "failed", failure: "The stream ended before it was complete.", totalMs: passed() },
    );
  } catch (error) {
    if (signal.aborted) set({ phase: "stopped", totalMs: passed() });
    else set({ phase: "failed", failure: error instanceof Error ? error.message : String(error), totalMs: passed() });
  }
}

const initOf = (request: CallRequest, signal: AbortSignal): RequestInit => ({
  method: "POST",
  credentials: "same-origin",
  headers: {
    "content-type": "application/json",
    "x-penstock-console": "1",
    ...actingHeaders(),
    ...(request.projectId === undefined ? {} : { "x-penstock-project": request.projectId }),
  },
  body: JSON.stringify({
    model: request.model,
    messages: request.messages,
    ...(request.prompt === undefined ? {} : { prompt: request.prompt }),
    ...request.parameters,
    stream: true,
    stream_options: { include_usage: true },
  }),
  signal,
});

/** A node refuses a key by the same status. */
const isSessionsEnd = ({ status, headers }: Response): boolean => status === 401 && headers.has("www-authenticate");

function take(chunk: Chunk, passedMs: number, state: CallState, set: (patch: Partial<CallState>) => void): void {
  const choice = chunk.choices?.[0];
  const content = choice?.delta?.content ?? "";
  const tools = choice?.delta?.tool_calls;
  const cost = chunk.penstock?.cost_usd;
  set({
    phase: "streaming",
    text: state.text + content,
    toolCalls: tools === undefined ? state.toolCalls : `${state.toolCalls}${JSON.stringify(tools)}\n`,
    firstMs: state.firstMs ?? (content === "" && tools === undefined ? undefined : passedMs),
    finishReason: choice?.finish_reason ?? state.finishReason,
    inputTokens: chunk.usage?.prompt_tokens ?? state.inputTokens,
    outputTokens: chunk.usage?.completion_tokens ?? state.outputTokens,
    costNanodollars: cost === undefined || cost === null ? state.costNanodollars : Math.round(Number(cost) * 1e9),
  });
}

async function failureIn(answer: Response): Promise<string> {
  try {
    const { error } = (await answer.json()) as { error?: { message?: string } };
    return error?.message ?? `The answer was HTTP ${answer.status}.`;
  } catch {
    return `The answer was HTTP ${answer.status}.`;
  }
}
