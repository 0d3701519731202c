/** All scenarios, in the order in which they are played and reported. */
import type { Scenario } from "./scenario.ts";
import { burstTokens, largeAnswers, streamedTokens, wholeAnswers } from "./scenarios/answers.ts";
import { grpc } from "./scenarios/grpc.ts";

export const scenarios: readonly Scenario[] = [wholeAnswers, streamedTokens, burstTokens, grpc, largeAnswers];
