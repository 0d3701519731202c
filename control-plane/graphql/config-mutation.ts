/**
 * What all mutations of the configuration have in common: the arguments that wait for propagation, and a payload with the
 * thing itself, the revision that its change became, and each node's answer to it.
 */
import type { ObjectRef } from "@pothos/core";
import { ValidationError } from "../control-error.ts";
import type { ConfigRevision, NodeAcknowledgement } from "../services.ts";
import { builder, type ExtendedTypes } from "./builder.ts";
import type { GraphQLContext } from "./context.ts";
import { nodeNameDescription, nodeNameOf } from "./node-name.ts";

export const waitMsMax = 30_000;
const waitMsDefault = 10_000;

export const ConfigRevisionType = builder.objectRef<ConfigRevision>("ConfigRevision").implement({
  description: "Where the configuration stands. Numbers grow within an epoch.",
  fields: (t) => ({
    epoch: t.exposeString("epoch"),
    number: t.expose("number", { type: "BigInt" }),
    hash: t.string({ description: "Hex.", resolve: ({ hash }) => Buffer.from(hash).toString("hex") }),
  }),
});

export const NodeAcknowledgementType = builder.objectRef<NodeAcknowledgement>("NodeAcknowledgement").implement({
  description: "What one live node said to a revision.",
  fields: (t) => ({
    nodeId: t.exposeString("nodeId"),
    nodeName: t.string({ description: nodeNameDescription, resolve: nodeNameOf(({ nodeId }) => nodeId) }),
    applied: t.exposeBoolean("applied", { description: "It serves from this revision or a later one." }),
    refusedReason: t.exposeString("refusedReason", { nullable: true }),
    waitedMs: t.exposeInt("waitedMs"),
  }),
});

/** To be spread among a mutation's arguments, beside `input`. */
export const waitArguments = builder.args((t) => ({
  waitForPropagation: t.boolean({ description: "Answer only when each live node has applied or refused the change." }),
  waitTimeoutMs: t.int({ description: `How long at the most, up to ${waitMsMax}; default ${waitMsDefault}.` }),
}));

export interface WaitArguments {
  readonly waitForPropagation?: boolean | null | undefined;
  readonly waitTimeoutMs?: number | null | undefined;
}

export interface ConfigPayload<Row> {
  readonly value: Row;
  readonly revision: ConfigRevision;
  readonly propagation: readonly NodeAcknowledgement[];
}

/** So that a client reads what became of any change with one fragment. */
export const ConfigChange = builder.interfaceRef<ConfigPayload<unknown>>("ConfigChange").implement({
  description: "A change of the configuration that was made: which revision it became, and what each node said to it.",
  fields: (t) => ({
    configRevision: t.field({ type: ConfigRevisionType, resolve: (payload) => payload.revision }),
    propagation: t.field({
      type: [NodeAcknowledgementType],
      description: "Empty where the mutation did not wait.",
      resolve: (payload) => [...payload.propagation],
    }),
  }),
});

/** The payload type of a mutation: the thing under the name `field`, beside what every change tells. */
export const configPayload = <Row>(name: string, field: string, type: ObjectRef<ExtendedTypes, Row>) =>
  builder.objectRef<ConfigPayload<Row>>(name).implement({
    interfaces: [ConfigChange],
    fields: (t) => ({ [field]: t.field({ type, resolve: (payload) => payload.value as never }) }),
  });

/** Checked before anything is changed. */
export function checkWait({ waitTimeoutMs }: WaitArguments): void {
  if (waitTimeoutMs != null && (waitTimeoutMs < 0 || waitTimeoutMs > waitMsMax))
    throw new ValidationError([{ path: "waitTimeoutMs", message: `must be from 0 to ${waitMsMax}` }]);
}

/** Waits for the nodes where the caller asked for it. */
export async function answerWithPropagation<Row>(
  context: GraphQLContext,
  wait: WaitArguments,
  { value, revision }: { readonly value: Row; readonly revision: ConfigRevision },
): Promise<ConfigPayload<Row>> {
  const propagation = wait.waitForPropagation ? await context.services.propagation.wait(revision, wait.waitTimeoutMs ?? waitMsDefault) : [];
  return { value, revision, propagation };
}
