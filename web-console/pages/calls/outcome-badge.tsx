/** How a call ended, in a word and a colour. */
import { Badge, type Tone } from "../../ui/marks.tsx";
import { outcomeWords } from "./outcomes.ts";

const tones: Readonly<Record<string, Tone>> = { OK: "good", CANCELLED: "neutral", DENIED: "warn", CLIENT_ERROR: "warn" };

export const OutcomeBadge = ({ of }: { readonly of: string }) => <Badge tone={tones[of] ?? "bad"}>{outcomeWords(of)}</Badge>;
