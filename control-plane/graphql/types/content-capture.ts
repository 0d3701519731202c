/** The setting that lets what is said in calls be kept. Three types have it; imported by them. */
import {
  type ContentCapture as ContentCaptureValue,
  contentCaptureDefault,
  contentRedactions,
  retentionDaysMax,
} from "../../database/entities/content-capture.ts";
import { builder } from "../builder.ts";
import { enumOf } from "../config-type.ts";

const Redaction = enumOf("ContentRedaction", contentRedactions);

export const ContentCapture = builder.objectRef<ContentCaptureValue>("ContentCapture").implement({
  description:
    "Whether what is said in calls is kept. The nearest that says anything holds: the route, the caller's project, the organisation.",
  fields: (t) => ({
    on: t.exposeBoolean("on"),
    share: t.exposeFloat("share", { description: "Of calls, above 0 and up to 1." }),
    retentionDays: t.exposeInt("retentionDays", { description: "Of a call, counted from when it was made." }),
    redact: t.field({
      type: [Redaction],
      description:
        "What a node takes out before it hands anything on. MEDIA: pictures, sound and files. KEYS: what looks like a credential. EMAILS, CARD_NUMBERS: what looks like one.",
      resolve: ({ redact }) => [...redact],
    }),
  }),
});

export const ContentCaptureInput = builder.inputType("ContentCaptureInput", {
  fields: (t) => ({
    on: t.boolean({ required: true }),
    share: t.float({ description: `Default ${contentCaptureDefault.share}.` }),
    retentionDays: t.int({ description: `1 to ${retentionDaysMax}, default ${contentCaptureDefault.retentionDays}.` }),
    redact: t.field({ type: [Redaction], description: "Default MEDIA and KEYS." }),
  }),
});

export const captureOf = (input: typeof ContentCaptureInput.$inferInput): ContentCaptureValue => ({
  on: input.on,
  share: input.share ?? contentCaptureDefault.share,
  retentionDays: input.retentionDays ?? contentCaptureDefault.retentionDays,
  redact: [...new Set(input.redact ?? contentCaptureDefault.redact)].sort(),
});
