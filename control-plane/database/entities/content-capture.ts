/** Whether what is said in calls is kept: of an organisation, a project or a route. The nearest that says anything holds. */

export const contentRedactions = ["media", "keys", "emails", "card-numbers"] as const;
export type ContentRedaction = (typeof contentRedactions)[number];

export interface ContentCapture {
  readonly on: boolean;
  /** Of calls, above 0 and up to 1. */
  readonly share: number;
  /** 1 to 365. */
  readonly retentionDays: number;
  /** What a node takes out before it hands anything on. */
  readonly redact: readonly ContentRedaction[];
}

/** Enough to replay what people have written, and little that should not be kept. */
export const contentCaptureDefault = { share: 1, retentionDays: 30, redact: ["media", "keys"] } as const;
export const retentionDaysMax = 365;
