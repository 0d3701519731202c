/** What needs somebody now. Imported for its side effects by schema.ts. */
import { type Incident, incidentKinds, openIncidents } from "../../operations/open-incidents.ts";
import { builder } from "../builder.ts";
import { enumOf } from "../config-type.ts";
import { principalOf } from "../context.ts";

const IncidentKind = enumOf("IncidentKind", incidentKinds);

const IncidentType = builder.objectRef<Incident>("Incident").implement({
  fields: (t) => ({
    kind: t.field({ type: IncidentKind, resolve: ({ kind }) => kind }),
    subjectId: t.id({
      nullable: true,
      description: "Of the node, backend, budget, experiment or alert rule. Null: it is about none in particular.",
      resolve: ({ subjectId }) => subjectId,
    }),
    name: t.exposeString("name", { description: "What people call it." }),
    says: t.exposeString("says", { description: "The rest of a sentence that begins with the name." }),
    since: t.field({ type: "DateTime", nullable: true, resolve: ({ since }) => since }),
    severe: t.exposeBoolean("severe", { description: "Callers feel it, or will soon." }),
  }),
});

builder.queryField("incidents", (t) =>
  t.field({
    type: [IncidentType],
    description:
      "What needs somebody now, severe things first, at most 100: nodes, failing backends, budgets over 80 %, experiments that harm or were rolled back in the last day, alert rules that fire (muted ones too).",
    authScopes: { viewer: true },
    resolve: async (_root, _args, context) => [...(await openIncidents(context.services, principalOf(context).organisationId, new Date()))],
  }),
);
