/** What the control plane was told from outside, and where each value came from. Imported for its side effects by schema.ts. */
import type { ResolvedSetting } from "#agreements/setting-source.ts";
import { builder } from "../builder.ts";
import { enumOf } from "../config-type.ts";

const SettingOrigin = enumOf("SettingOrigin", ["file", "environment", "default"]);

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
