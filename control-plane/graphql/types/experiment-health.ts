/** Whether an experiment's numbers can be believed: types. Looks that were kept before a check was made have none of it. */
import type { Health, PreExposureFinding, ResponseFinding, SliceFinding } from "../../experiments/health.ts";
import { builder } from "../builder.ts";
import { enumOf } from "../config-type.ts";

export const SliceDimension = enumOf("ExperimentSliceDimension", ["node", "edge", "tag"]);

const SliceType = builder.objectRef<SliceFinding>("ExperimentSlice").implement({
  description: "Units by where they were first seen: of each dimension the largest twenty.",
  fields: (t) => ({
    dimension: t.field({ type: SliceDimension, resolve: ({ dimension }) => dimension }),
    value: t.exposeString("value"),
    label: t.string({
      description: "What people call it: of a node its name, else the value.",
      resolve: ({ dimension, value }, _arguments, { services }) => (dimension === "node" ? services.propagation.nameOf(value) : value),
    }),
    units: t.exposeInt("units"),
    p: t.exposeFloat("p", { description: "That the shares are as promised here. Holds at every look." }),
    ok: t.exposeBoolean("ok"),
  }),
});

const PreExposureType = builder.objectRef<PreExposureFinding>("ExperimentPreExposure").implement({
  description: "A variant against control in the two weeks before, by unit.",
  fields: (t) => ({
    metric: t.exposeString("metric"),
    variant: t.exposeString("variant"),
    difference: t.exposeFloat("difference"),
    p: t.exposeFloat("p"),
    ok: t.exposeBoolean("ok"),
  }),
});

const ResponseType = builder.objectRef<ResponseFinding>("ExperimentResponse").implement({
  description: "The share of a variant's units that gave feedback.",
  fields: (t) => ({
    metric: t.exposeString("metric"),
    variant: t.exposeString("variant"),
    rate: t.exposeFloat("rate"),
    p: t.exposeFloat("p", { description: "That it is control's. Holds at every look." }),
    ok: t.exposeBoolean("ok"),
  }),
});

export const HealthType = builder.objectRef<Health>("ExperimentHealth").implement({
  fields: (t) => ({
    sampleRatioOk: t.exposeBoolean("sampleRatioOk"),
    sampleRatioChiSquare: t.float({ resolve: ({ sampleRatio }) => sampleRatio.chiSquare }),
    sampleRatioP: t.float({ description: "Of one look.", resolve: ({ sampleRatio }) => sampleRatio.p }),
    sampleRatioAlwaysValidP: t.float({ description: "What the alarm goes by.", resolve: ({ sampleRatio }) => sampleRatio.alwaysValidP }),
    slices: t.field({ type: [SliceType], resolve: ({ slices }) => [...(slices ?? [])] }),
    slicesOk: t.boolean({ resolve: ({ slicesOk }) => slicesOk ?? true }),
    mixedUnits: t.exposeInt("mixedUnits", { description: "Seen in more than one variant; they are counted nowhere." }),
    mixedShare: t.exposeFloat("mixedShare"),
    mixedOk: t.exposeBoolean("mixedOk"),
    preExposure: t.field({ type: [PreExposureType], resolve: ({ preExposure }) => [...(preExposure ?? [])] }),
    preExposureOk: t.boolean({ resolve: ({ preExposureOk }) => preExposureOk ?? true }),
    responses: t.field({ type: [ResponseType], resolve: ({ responses }) => [...(responses ?? [])] }),
    responsesOk: t.boolean({ resolve: ({ responsesOk }) => responsesOk ?? true }),
    lastExposureAt: t.field({
      type: "DateTime",
      nullable: true,
      resolve: ({ lastExposureAt }) => (lastExposureAt === null ? null : new Date(lastExposureAt)),
    }),
    trafficOk: t.exposeBoolean("trafficOk"),
    warnings: t.stringList({ description: "In plain words.", resolve: ({ warnings }) => [...(warnings ?? [])] }),
  }),
});
