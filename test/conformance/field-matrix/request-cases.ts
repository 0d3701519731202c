/**
 * A request for each field, as a caller of each dialect writes it, and the words by which its meaning is known again in what a
 * backend is sent. The words are such that nothing else says them. A dialect that has no word for a field is absent.
 */
import { mediaCases } from "./request-cases/media.ts";
import { messagesCases } from "./request-cases/messages.ts";
import { reasoningCases } from "./request-cases/reasoning.ts";
import { samplingCases } from "./request-cases/sampling.ts";
import { serviceCases } from "./request-cases/service.ts";
import { toolsCases } from "./request-cases/tools.ts";
import type { RequestCase } from "./request-cases/wording.ts";

export const requestCases: readonly RequestCase[] = [
  ...messagesCases,
  ...mediaCases,
  ...toolsCases,
  ...reasoningCases,
  ...samplingCases,
  ...serviceCases,
];
