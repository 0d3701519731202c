/**
 * Where a prompt's labels stood before, read from what revisions and the audit log have kept: each change of the configuration that
 * left a label at another version is a move, whoever made it and by whatever way.
 */
import type { Prompt } from "../database/entities/prompt.ts";
import type { EntityManager } from "../database/orm.ts";

export const movesShown = 100;

export const moveWays = ["hand", "rollout", "approval", "roll_back", "restore"] as const;
export type MoveWay = (typeof moveWays)[number];

export interface LabelMove {
  readonly label: string;
  readonly at: Date;
  /** "token:<name>", or "system:<what>" for Penstock itself. */
  readonly actor: string;
  /** Null: it was not there before. */
  readonly fromVersion: number | null;
  /** Null: it was taken away. */
  readonly toVersion: number | null;
  readonly way: MoveWay;
  /** As whoever moved it said, or the rollout's own. Empty: nothing was said. */
  readonly reason: string;
  /** The number of the revision that it made. */
  readonly revision: string;
  /** That moved it by steps. */
  readonly experimentId: string | null;
}

/** Where a label stood before it came to where it is. */
export interface LabelPlace {
  readonly version: number;
  readonly until: Date;
}

/** `latest` moves with every version by itself, which is no news. */
const moved = `
  with moved as (
    select change.epoch, change.number, change.organisation_id, change.entity_id, revision.created_at, revision.actor, went.*
    from revision_change as change
    join revision on revision.epoch = change.epoch and revision.number = change.number
    cross join lateral (
      select coalesce(prior.key, later.key) as label, prior.value::integer as from_version, later.value::integer as to_version
      from jsonb_each_text(coalesce(change.before->'labels', '{}')) as prior
      full join jsonb_each_text(change.after->'labels') as later on later.key = prior.key
      where prior.value is distinct from later.value) as went
    where change.organisation_id = ? and change.entity_id = ? and change.kind = 'prompt' and label <> 'latest')`;

const milliseconds = "floor(extract(epoch from created_at) * 1000)::bigint::text as at_ms";

interface StoredMove {
  readonly label: string;
  readonly at_ms: string;
  readonly actor: string;
  readonly from_version: number | null;
  readonly to_version: number | null;
  readonly action: string | null;
  readonly reason: string | null;
  readonly revision: string;
  readonly experiment_id: string | null;
}

interface Wanted {
  /** Undefined: every label but latest. */
  readonly label?: string | undefined;
  readonly before?: Date | undefined;
}

/** The newest 100 before that time, and those that the same revision moved. */
export async function labelMoves(em: EntityManager, prompt: Prompt, { label, before }: Wanted): Promise<LabelMove[]> {
  const rows = await em.execute<StoredMove[]>(
    `${moved}, newest as (
       select * from moved where (?::text is null or label = ?) and (?::timestamptz is null or created_at < ?::timestamptz)
       order by created_at desc fetch first ${movesShown} rows with ties)
     select label, ${milliseconds}, newest.actor, from_version, to_version, action, audit_entry.details->>'reason' as reason,
            newest.number::text as revision, rollout.id::text as experiment_id
     from newest
     left join audit_entry on audit_entry.organisation_id = newest.organisation_id and audit_entry.revision_number = newest.number
       and coalesce((audit_entry.details->>'asOf')::timestamptz, audit_entry.at) = newest.created_at
     left join lateral (
       select other.entity_id as id from revision_change as other
       where other.epoch = newest.epoch and other.number = newest.number and other.kind = 'experiment'
         and other.after->'rollout'->'deploys' = jsonb_build_object(
           'promptId', newest.entity_id, 'label', newest.label, 'version', newest.to_version)
       limit 1) as rollout on true
     order by newest.created_at desc, newest.number desc, label`,
    [prompt.organisationId, prompt.id, label ?? null, label ?? null, before?.toISOString() ?? null, before?.toISOString() ?? null],
  );
  return rows.map((row) => ({
    label: row.label,
    at: new Date(Number(row.at_ms)),
    actor: row.actor,
    fromVersion: row.from_version,
    toVersion: row.to_version,
    way: wayOf(row.action ?? "", row.experiment_id !== null),
    reason: row.reason ?? "",
    revision: row.revision,
    experimentId: row.experiment_id,
  }));
}

/** Of each label that ever stood at another version than it does: the last such place. */
export async function placesBefore(em: EntityManager, prompt: Prompt): Promise<ReadonlyMap<string, LabelPlace>> {
  const rows = await em.execute<{ label: string; version: number; at_ms: string }[]>(
    `${moved}
     select distinct on (label) label, from_version as version, ${milliseconds} from moved
     where from_version is distinct from (?::jsonb->>label)::integer and from_version is not null
     order by label, created_at desc, number desc`,
    [prompt.organisationId, prompt.id, JSON.stringify(prompt.labels)],
  );
  return new Map(rows.map(({ label, version, at_ms }) => [label, { version, until: new Date(Number(at_ms)) }]));
}

function wayOf(action: string, byRollout: boolean): MoveWay {
  if (byRollout) return "rollout";
  switch (action) {
    case "prompt.decide_label":
      return "approval";
    case "prompt.roll_back_label":
      return "roll_back";
    case "revision.restore":
    case "revision.revert":
      return "restore";
    default:
      return "hand";
  }
}
