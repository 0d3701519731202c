/** Where a call's time went. All times are milliseconds from the call's coming in. */
import { type AttemptProgress, type CallTimeline, type Pace, type Stage, stageNames } from "../../usage/call-timeline.ts";
import { builder } from "../builder.ts";
import { enumOf } from "../config-type.ts";

const StageNameType = enumOf("CallStageName", stageNames);

const StageType = builder.objectRef<Stage>("CallStage").implement({
  description: "A stage of the gateway's own; those that a call did not need are not there.",
  fields: (t) => ({
    name: t.field({
      type: StageNameType,
      description:
        "READ the request; DECIDE on key, route, arm and prompt; GUARD_IN, QUOTA, CACHE; the REST after the last attempt, or the stage that refused the call.",
      resolve: ({ name }) => name,
    }),
    fromMs: t.exposeFloat("fromMs"),
    untilMs: t.exposeFloat("untilMs"),
  }),
});

const reached = (description: string) => ({ nullable: true, description: `${description} Null: it did not come to that.` }) as const;

const ProgressType = builder.objectRef<AttemptProgress>("AttemptProgress").implement({
  description: "How far an attempt came, and when.",
  fields: (t) => ({
    startedMs: t.exposeFloat("startedMs"),
    placedMs: t.exposeFloat("placedMs", reached("It had its place at the backend.")),
    sentMs: t.exposeFloat("sentMs", reached("The request was on its connection.")),
    contentMs: t.exposeFloat("contentMs", reached("The first content had come.")),
    endedMs: t.exposeFloat("endedMs", reached("It was over.")),
  }),
});

const PaceType = builder.objectRef<Pace>("AnswerPace").implement({
  description: "How an answer came in that came in pieces.",
  fields: (t) => ({
    firstMs: t.exposeFloat("firstMs", { description: "The first content." }),
    lastMs: t.exposeFloat("lastMs", { description: "The last." }),
    slotMs: t.exposeFloat("slotMs", { description: "How long each slot of `pieces` is; the first begins with the first content." }),
    pieces: t.intList({
      description: "How many pieces came in each slot, mostly one for a token. Empty slots at the end are left out.",
      resolve: ({ pieces }) => [...pieces],
    }),
    longestGapMs: t.exposeFloat("longestGapMs", { description: "The longest time between two pieces." }),
    longestGapFromMs: t.exposeFloat("longestGapFromMs", { description: "When it began." }),
  }),
});

export const CallTimelineType = builder.objectRef<CallTimeline>("CallTimeline").implement({
  fields: (t) => ({
    stages: t.field({ type: [StageType], resolve: ({ stages }) => [...stages] }),
    attempts: t.field({ type: [ProgressType], description: "As UsageEvent.attempts has them.", resolve: ({ attempts }) => [...attempts] }),
    pace: t.expose("pace", { type: PaceType, nullable: true, description: "Null: the answer came in one piece, or none came." }),
  }),
});
