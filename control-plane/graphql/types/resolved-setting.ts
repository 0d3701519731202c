/** What both planes were told from outside, and where each value came from. Imported for its side effects by schema.ts. */
import type { ResolvedSetting } from "#agreements/setting-source.ts";
import type { NodeSetting } from "#proto/penstock/config/v1/node_pb.ts";
import { builder } from "../builder.ts";
import { enumOf } from "../config-type.ts";
import { NodeType } from "./node.ts";

const origins = ["file", "environment", "default"] as const;
const SettingOrigin = enumOf("SettingOrigin", origins);

const ResolvedSettingType = builder.objectRef<ResolvedSetting>("ResolvedSetting").implement({
  fields: (t) => ({
    name: t.exposeString("name"),
    value: t.string({ nullable: true, description: "Null: it is secret, or there is none.", resolve: ({ value }) => value }),
    isSecret: t.exposeBoolean("isSecret"),
    origin: t.field({ type: SettingOrigin, resolve: ({ origin }) => origin }),
  }),
});

builder.queryField("resolvedSettings", (t) =>
  t.field({
    type: [ResolvedSettingType],
    description: "The settings that this control plane was started with, by name; for an installation token.",
    authScopes: { installation: true },
    resolve: (_root, _arguments, { services }) => [...services.settings.resolved],
  }),
);

builder.objectField(NodeType, "settings", (t) =>
  t.field({
    type: [ResolvedSettingType],
    description: "What it was started with, by name; for an installation token. Empty: it has not said so yet, or is too old to.",
    authScopes: { installation: true },
    resolve: ({ status }) => status.settings.map(settingOfNode),
  }),
);

/** Pure. A node that is newer than this control plane may know of other origins. */
const settingOfNode = ({ name, value, isSecret, origin }: NodeSetting): ResolvedSetting => ({
  name,
  value: isSecret ? null : (value ?? null),
  isSecret,
  origin: origins.find((one) => one === origin) ?? "environment",
});
