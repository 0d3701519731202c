/** What a limit is laid on, as people call it: "the whole organisation", "key web-shop on route chat". */
import type { ConfigKind } from "../database/config-kinds.ts";
import type { QuotaScopeKind } from "../database/entities/quota.ts";
import type { GraphQLContext } from "./context.ts";

interface Part {
  readonly kind: QuotaScopeKind;
  readonly id?: string | null | undefined;
}

const kinds = { project: "project", api_key: "key", route: "route", backend: "backend" } as const satisfies Partial<
  Record<ConfigKind, string>
>;

export async function scopeInWords({ loaders }: Pick<GraphQLContext, "loaders">, parts: readonly Part[]): Promise<string> {
  const words = parts.map(async ({ kind, id }) => {
    if (kind === "organisation") return "the whole organisation";
    if (kind === "end_user") return "each end user";
    const row = id == null ? undefined : await loaders[kind].load(id);
    const name = row === undefined ? "that is gone" : "name" in row ? row.name : row.key;
    return `${kinds[kind]} ${name}`;
  });
  return (await Promise.all(words)).join(" on ");
}
