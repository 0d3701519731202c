/**
 * Files, batches and jobs as their project sees them: ids in the place of the provider's own, and without the mark by which the
 * gateway finds a project's things in a list that a provider gives of its whole account.
 */
import type { OwnedIds } from "../../pipeline/owned-id.ts";

export type Json = Readonly<Record<string, unknown>>;

export interface Owner {
  readonly providerId: string;
  readonly projectId: string;
}

export interface OwnedObjects {
  /** The object as the caller is shown it, with all that stands in it. */
  shown(object: Json, owner: Owner): Json;
  /** Whether an object of a list is the project's. */
  isOf(object: Json, owner: Owner): boolean;
  markedFilename(filename: string, projectId: string): string;
  markedMetadata(metadata: unknown, projectId: string): Json;
}

const ownedKinds = new Set<unknown>(["file", "batch", "fine_tuning.job"]);
const idMembers = ["input_file_id", "output_file_id", "error_file_id", "training_file", "validation_file", "fine_tuning_job_id"];
const markName = "penstock_project";

export function ownedObjects(ids: OwnedIds): OwnedObjects {
  const fileMark = (projectId: string) => `${ids.tagOf(projectId)}.`;
  const shown = (object: Json, owner: Owner): Json => {
    const sealed = (value: unknown): unknown =>
      typeof value === "string" && value !== "" ? ids.seal({ ...owner, upstreamId: value }) : value;
    const changed: Record<string, unknown> = { ...object };
    if (ownedKinds.has(object["object"])) changed["id"] = sealed(object["id"]);
    for (const name of idMembers) if (name in object) changed[name] = sealed(object[name]);
    if (Array.isArray(object["result_files"])) changed["result_files"] = object["result_files"].map(sealed);
    if (Array.isArray(object["data"])) changed["data"] = object["data"].map((one) => (isObject(one) ? shown(one, owner) : one));
    const { filename, metadata } = object;
    const mark = fileMark(owner.projectId);
    if (typeof filename === "string" && filename.startsWith(mark)) changed["filename"] = filename.slice(mark.length);
    if (isObject(metadata) && markName in metadata) {
      const { [markName]: _, ...rest } = metadata;
      changed["metadata"] = rest;
    }
    return changed;
  };
  return {
    shown,
    isOf: ({ filename, metadata }, { projectId }) =>
      (typeof filename === "string" && filename.startsWith(fileMark(projectId))) ||
      (isObject(metadata) && metadata[markName] === ids.tagOf(projectId)),
    markedFilename: (filename, projectId) => `${fileMark(projectId)}${filename}`,
    markedMetadata: (metadata, projectId) => ({ ...(isObject(metadata) ? metadata : {}), [markName]: ids.tagOf(projectId) }),
  };
}

export const isObject = (value: unknown): value is Json => typeof value === "object" && value !== null && !Array.isArray(value);
