/** The demo: whether there is one, and away with it. Imported for its side effects by schema.ts. */
import { Organisation } from "../../database/entities/organisation.ts";
import { type FoundDemo, findDemo } from "../../demo/find-demo.ts";
import { removeDemo } from "../../demo/remove-demo.ts";
import { builder } from "../builder.ts";
import { answerWithPropagation, ConfigChange, type ConfigPayload, checkWait, waitArguments } from "../config-mutation.ts";
import { enumOf, inOrganisation } from "../config-type.ts";
import { principalOf } from "../context.ts";
import { updateErrors } from "../errors.ts";

const DemoState = enumOf("DemoState", ["laying", "ready", "removed"]);

const Demo = builder.objectRef<FoundDemo>("Demo").implement({
  description: "A made-up storefront with a week of calls, that `npm start` lays behind a new installation.",
  fields: (t) => ({
    state: t.field({
      type: DemoState,
      description: "LAYING: its calls are on their way into the ledger.",
      resolve: ({ state }) => state,
    }),
    projectId: t.id({ description: "All of it is in this project.", resolve: ({ week }) => week.projectId }),
    madeAt: t.field({ type: "DateTime", description: "Its week ends here.", resolve: ({ week }) => week.madeAt }),
  }),
});

builder.queryField("demo", (t) =>
  t.field({
    type: Demo,
    nullable: true,
    description: "Null: your organisation never had one.",
    authScopes: { viewer: true },
    resolve: (_root, _args, context) =>
      inOrganisation(context, async (em) => {
        const organisation = await em.findOne(Organisation, { id: principalOf(context).organisationId });
        return organisation === null ? null : ((await findDemo(em, organisation)) ?? null);
      }),
  }),
);

const RemoveDemoPayload = builder.objectRef<ConfigPayload<number>>("RemoveDemoPayload").implement({
  interfaces: [ConfigChange],
  fields: (t) => ({ callsRemoved: t.int({ description: "From the ledger.", resolve: ({ value }) => value }) }),
});
builder.mutationField("removeDemo", (t) =>
  t.field({
    type: RemoveDemoPayload,
    description: "Archives what the demo made and takes its calls from the ledger. What others made stays. Refused where they built on it.",
    authScopes: { operator: true },
    errors: updateErrors,
    args: { ...waitArguments },
    resolve: async (_root, wait, context) => {
      checkWait(wait);
      return answerWithPropagation(context, wait, await removeDemo(context.services, principalOf(context)));
    },
  }),
);
