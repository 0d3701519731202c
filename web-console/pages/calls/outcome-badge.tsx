/** How a call ended, in a word and a colour. */
import { Badge, type Tone } from "../../ui/marks.tsx";

export const outcomes = ["OK", "CLIENT_ERROR", "DENIED", "UPSTREAM_ERROR", "TIMEOUT", "CANCELLED", "INTERNAL_ERROR", "NODE_LOST"] as const;
export type OutcomeName = (typeof outcomes)[number];

const tones: Readonly<Record<string, Tone>> = { OK: "good", CANCELLED: "neutral", DENIED: "warn", CLIENT_ERROR: "warn" };

export const outcomeWords = (outcome: string): string => outcome.toLowerCase().replaceAll("_", " ");

export const OutcomeBadge = ({ of }: { readonly of: string }) => <Badge tone={tones[of] ?? "bad"}>{outcomeWords(of)}</Badge>;
