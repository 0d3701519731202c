/** Datasets of cases to be tried again. Imported for its side effects by schema.ts. */
import { UniqueConstraintViolationException } from "@mikro-orm/core";
import { auditContent } from "../../content/read-content.ts";
import { ForbiddenError, NotFoundError, ValidationError } from "../../control-error.ts";
import { isUuid } from "../../database/config-kinds.ts";
import { DatasetCase as DatasetCaseEntity, Dataset as DatasetEntity } from "../../database/entities/dataset.ts";
import { addCases, type CasesAsked, casesOfDatasetMax, datasetOf, makeDataset, readCases } from "../../replay/datasets.ts";
import { callsDefault, callsMax } from "../../replay/logged-calls.ts";
import { requireStorable } from "../../storable-text.ts";
import { builder } from "../builder.ts";
import { inOrganisation } from "../config-type.ts";
import { type GraphQLContext, principalOf } from "../context.ts";
import { connectionOf, pageInOrder } from "../keyset-page.ts";
import { byInstant, byNumber, byText, orderOf } from "../list-order.ts";
import { holds } from "../text-search.ts";
import { callFilterFields, callFilterOf } from "./usage-filter.ts";

const errors = { types: [ValidationError, NotFoundError, ForbiddenError], directResult: true };
const casesShown = 100;

const DatasetCase = builder.objectRef<DatasetCaseEntity>("DatasetCase").implement({
  fields: (t) => ({
    id: t.exposeID("id"),
    position: t.exposeInt("position"),
    request: t.field({
      type: "JSON",
      description: "A body of the chat API; `model` is the route's name.",
      resolve: ({ request }) => JSON.parse(request) as object,
    }),
    expected: t.exposeString("expected", { description: "What an answer is compared with. Empty: nothing." }),
    callId: t.id({ nullable: true, description: "The call that it was made from.", resolve: ({ callId }) => callId ?? null }),
  }),
});

export const Dataset = builder.objectRef<DatasetEntity>("Dataset").implement({
  description: "Cases that are kept to be tried again, until somebody archives it.",
  fields: (t) => ({
    id: t.exposeID("id"),
    name: t.exposeString("name"),
    description: t.exposeString("description"),
    createdAt: t.expose("createdAt", { type: "DateTime" }),
    createdBy: t.exposeString("createdBy"),
    casesCount: t.int({
      resolve: (row, _args, context) => inOrganisation(context, (em) => em.count(DatasetCaseEntity, { datasetId: row.id })),
    }),
    cases: t.field({
      type: [DatasetCase],
      description: `In their order, after a position; at most ${casesShown}. Each look is written to the audit log.`,
      authScopes: { developer: true },
      args: { after: t.arg.int(), first: t.arg.int() },
      resolve: (row, { after, first }, context) => {
        if (first != null && (first < 1 || first > casesShown))
          throw new ValidationError([{ path: "first", message: `must be from 1 to ${casesShown}` }]);
        return inOrganisation(context, (em) => {
          const { actor, organisationId } = principalOf(context);
          auditContent(em, { organisationId, actor, action: "dataset.read", target: { kind: "dataset", id: row.id }, details: {} });
          return em.find(
            DatasetCaseEntity,
            { datasetId: row.id, position: { $gt: after ?? 0 } },
            { orderBy: { position: "asc" }, limit: first ?? casesShown },
          );
        });
      },
    }),
  }),
});

builder.queryField("dataset", (t) =>
  t.field({
    type: Dataset,
    nullable: true,
    authScopes: { viewer: true },
    args: { id: t.arg.id({ required: true }) },
    resolve: (_root, { id }, context) =>
      isUuid(id) ? inOrganisation(context, (em) => em.findOne(DatasetEntity, { id, archivedAt: null })) : null,
  }),
);

const orders = {
  name: byText("name"),
  cases: byNumber((row) => `select count(*) from dataset_case where dataset_case.dataset_id = ${row}.id`),
  created_at: byInstant("created_at"),
};
const DatasetOrder = orderOf("Dataset", orders);
builder.queryField("datasets", (t) =>
  t.connection(
    {
      type: Dataset,
      description: "Newest first, or in the order that is asked for.",
      authScopes: { viewer: true },
      args: {
        orderBy: t.arg({ type: DatasetOrder }),
        search: t.arg.string({ description: "Those with this in name or description, in upper or lower case." }),
      },
      resolve: (_root, args, context) => {
        const search = args.search?.trim() ?? "";
        requireStorable({ search });
        const wanted = search === "" ? {} : holds(["name", "description"], search);
        return pageInOrder<DatasetEntity, keyof typeof orders>(args, {
          table: "dataset",
          orders,
          otherwise: "desc",
          within: (work) => inOrganisation(context, work),
          find: (em, where, options) => em.find(DatasetEntity, { $and: [where, wanted, { archivedAt: null }] }, options),
        });
      },
    },
    connectionOf(Dataset),
  ),
);

const CaseInput = builder.inputType("DatasetCaseInput", {
  fields: (t) => ({
    request: t.field({
      type: "JSON",
      required: true,
      description: 'A body of the chat API: {"model": <route>, "messages": […]}, or with "prompt": {"name", "variables"}.',
    }),
    expected: t.string(),
  }),
});

/** Which calls of the ledger: by their ids, or by a filter. */
export const CallsInput = builder.inputType("LoggedCallsInput", {
  description: "Calls whose content is kept: by their ids, or the newest that a filter finds.",
  fields: (t) => ({
    callIds: t.idList({ description: `1 to ${callsMax}.` }),
    filter: t.field({ type: builder.inputType("LoggedCallFilter", { fields: callFilterFields }) }),
    limit: t.int({ description: `Of a filter: how many, up to ${callsMax}; default ${callsDefault}.` }),
  }),
});

export const callsOf = ({ callIds, filter, limit }: typeof CallsInput.$inferInput, context: GraphQLContext) => ({
  callIds,
  filter: filter == null ? undefined : callFilterOf(filter, context.services.settings.pepper),
  limit,
});

const CreateInput = builder.inputType("CreateDatasetInput", {
  fields: (t) => ({
    name: t.string({ required: true }),
    description: t.string(),
    cases: t.field({ type: [CaseInput] }),
    calls: t.field({ type: CallsInput, description: "Each becomes a case, with what was answered as what is expected." }),
  }),
});
builder.mutationField("createDataset", (t) =>
  t.field({
    type: Dataset,
    description: "Of cases that are given, of logged calls, or of both. What is taken from calls stays when their own content goes.",
    authScopes: { developer: true },
    errors,
    args: { input: t.arg({ type: CreateInput, required: true }) },
    resolve: async (_root, { input }, context) => {
      requireStorable({ name: input.name, description: input.description });
      const author = principalOf(context);
      const cases = await readCases(context.services, author.organisationId, casesOf(input, context));
      try {
        return await inOrganisation(context, async (em) => {
          const dataset = makeDataset(em, author, input.name, input.description ?? "");
          await em.flush();
          await addCases(em, author, dataset, cases);
          return dataset;
        });
      } catch (error) {
        if (error instanceof UniqueConstraintViolationException)
          throw new ValidationError([{ path: "name", message: "another dataset has this name already" }]);
        throw error;
      }
    },
  }),
);

const AddInput = builder.inputType("AddDatasetCasesInput", {
  fields: (t) => ({
    datasetId: t.id({ required: true }),
    cases: t.field({ type: [CaseInput] }),
    calls: t.field({ type: CallsInput }),
  }),
});
builder.mutationField("addDatasetCases", (t) =>
  t.field({
    type: Dataset,
    description: `A dataset holds ${casesOfDatasetMax} cases.`,
    authScopes: { developer: true },
    errors,
    args: { input: t.arg({ type: AddInput, required: true }) },
    resolve: async (_root, { input }, context) => {
      const author = principalOf(context);
      const cases = await readCases(context.services, author.organisationId, casesOf(input, context));
      return inOrganisation(context, async (em) => {
        const dataset = await datasetOf(em, input.datasetId);
        await addCases(em, author, dataset, cases);
        return dataset;
      });
    },
  }),
);

const RemoveInput = builder.inputType("RemoveDatasetCasesInput", {
  fields: (t) => ({ datasetId: t.id({ required: true }), caseIds: t.idList({ required: true }) }),
});
builder.mutationField("removeDatasetCases", (t) =>
  t.field({
    type: Dataset,
    authScopes: { developer: true },
    errors,
    args: { input: t.arg({ type: RemoveInput, required: true }) },
    resolve: (_root, { input }, context) =>
      inOrganisation(context, async (em) => {
        const dataset = await datasetOf(em, input.datasetId);
        await em.nativeDelete(DatasetCaseEntity, { datasetId: dataset.id, id: { $in: input.caseIds.filter(isUuid) } });
        return dataset;
      }),
  }),
);

builder.mutationField("archiveDataset", (t) =>
  t.field({
    type: Dataset,
    description: "Its cases are deleted. Results of runs stay.",
    authScopes: { developer: true },
    errors,
    args: { id: t.arg.id({ required: true }) },
    resolve: (_root, { id }, context) =>
      inOrganisation(context, async (em) => {
        const dataset = await datasetOf(em, id);
        dataset.archivedAt = new Date();
        await em.nativeDelete(DatasetCaseEntity, { datasetId: id });
        const { actor, organisationId } = principalOf(context);
        auditContent(em, {
          organisationId,
          actor,
          action: "dataset.archive",
          target: { kind: "dataset", id },
          details: { name: dataset.name },
        });
        return dataset;
      }),
  }),
);

const casesOf = ({ cases, calls }: Pick<typeof CreateInput.$inferInput, "cases" | "calls">, context: GraphQLContext): CasesAsked => ({
  cases: cases?.map(({ request, expected }) => ({ request, expected: expected ?? "", callId: null })),
  calls: calls == null ? undefined : callsOf(calls, context),
});
