/**
 * A stream that is open and brings nothing, as after a sleep of the machine or a change of the network: nobody closes it, so a
 * clock does. The control plane sends a comment every 12 s where it has no news.
 */
const silentMsMax = 30_000;

/** @returns the same answer, whose body fails when nothing has come for so long. */
export function endedBySilence(answer: Response, clockMs = silentMsMax): Response {
  if (answer.body === null) return answer;
  let clock: ReturnType<typeof setTimeout> | undefined;
  const listen = (controller: TransformStreamDefaultController<Uint8Array>) => {
    clearTimeout(clock);
    clock = setTimeout(() => controller.error(new Error("nothing was heard for too long")), clockMs);
  };
  const watch = new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
    start: listen,
    transform: (bytes, controller) => {
      listen(controller);
      controller.enqueue(bytes);
    },
    flush: () => clearTimeout(clock),
  });
  return new Response(answer.body.pipeThrough(watch), answer);
}
