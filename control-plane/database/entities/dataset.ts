/** Cases that are kept to be tried again: calls that were logged, or what people have written. Kept until somebody archives it. */
import { defineEntity, type InferEntity, p } from "@mikro-orm/core";

export const Dataset = defineEntity({
  name: "Dataset",
  tableName: "dataset",
  properties: {
    id: p.uuid().primary(),
    organisationId: p.uuid(),
    name: p.text(),
    description: p.text(),
    createdAt: p.datetime(),
    createdBy: p.text(),
    archivedAt: p.datetime().nullable(),
  },
});
export type Dataset = InferEntity<typeof Dataset>;

export const DatasetCase = defineEntity({
  name: "DatasetCase",
  tableName: "dataset_case",
  properties: {
    id: p.uuid().primary(),
    organisationId: p.uuid(),
    datasetId: p.uuid(),
    /** From 1, in the order in which they were added. */
    position: p.integer(),
    /** A body of the chat API: JSON text. */
    request: p.text(),
    /** What an answer is compared with. Empty: nothing. */
    expected: p.text(),
    /** The call that it was made from; null: none. */
    callId: p.uuid().nullable(),
  },
});
export type DatasetCase = InferEntity<typeof DatasetCase>;
