/** Where the time of a made-up call went, as a node would have written it. Pure: drawn from the call's own name. */
import { create, toBinary } from "@bufbuild/protobuf";
import { CallTimelineSchema } from "#proto/penstock/usage/v1/usage_event_pb.ts";
import { drawsOf } from "./draws.ts";

export interface DemoCourse {
  readonly attempts: readonly { readonly durationMs: number; readonly httpStatus: number; readonly startedAfterMs: number }[];
  readonly durationMs: number;
  /** Undefined: no content came. */
  readonly timeToFirstTokenMs?: number | undefined;
  /** That came in pieces. 0: in one. */
  readonly pieces: number;
}

const slotsMax = 64;

export function demoTimeline(label: string, { attempts, durationMs, timeToFirstTokenMs, pieces }: DemoCourse): Uint8Array {
  const draws = drawsOf(`${label} timeline`);
  const between = (least: number, most: number) => Math.round(least + (most - least) * draws.next());
  const decidedUs = between(60, 200);
  const reservedUs = decidedUs + between(20, 120);
  const timeline = create(CallTimelineSchema, { decidedUs, reservedUs, endedUs: durationMs * 1000 });
  timeline.attempts = attempts.map(({ durationMs: tookMs, httpStatus, startedAfterMs }) => {
    const startedUs = Math.max(reservedUs, startedAfterMs * 1000);
    const placedUs = draws.next() < 0.1 ? startedUs + between(1_000, 60_000) : startedUs;
    const sentUs = placedUs + between(150, 900);
    const endedUs = Math.max(sentUs, startedUs + tookMs * 1000);
    const contentUs = httpStatus === 200 && timeToFirstTokenMs !== undefined ? Math.max(sentUs + 1000, timeToFirstTokenMs * 1000) : 0;
    return { $typeName: "penstock.usage.v1.AttemptTimes", startedUs, placedUs, sentUs, contentUs, endedUs };
  });
  const last = timeline.attempts.at(-1);
  if (pieces > 1 && last !== undefined && last.contentUs > 0) timeline.pace = paceOf(last.endedUs - last.contentUs, pieces, draws.next);
  return toBinary(CallTimelineSchema, timeline);
}

/** Even but for noise, and one pause somewhere. */
function paceOf(lastUs: number, pieces: number, next: () => number) {
  let slotUs = 8_000;
  while (slotUs * slotsMax <= lastUs) slotUs *= 2;
  const slots = new Array<number>(Math.floor(lastUs / slotUs) + 1).fill(0);
  const pauseFrom = 0.1 + 0.7 * next();
  const pauseShare = 0.02 + 0.08 * next();
  for (let piece = 0; piece < pieces; piece++) {
    const evenly = piece / pieces;
    const at = evenly < pauseFrom ? evenly * (1 - pauseShare) : evenly * (1 - pauseShare) + pauseShare;
    const slot = Math.min(slots.length - 1, Math.floor((at * lastUs) / slotUs));
    slots[slot] = (slots[slot] ?? 0) + 1;
  }
  return {
    $typeName: "penstock.usage.v1.AnswerPace" as const,
    slotUs,
    pieces: slots,
    longestGapUs: Math.round(lastUs * (pauseShare + 1 / pieces)),
    longestGapAfterUs: Math.round(lastUs * pauseFrom * (1 - pauseShare)),
    lastUs,
  };
}
