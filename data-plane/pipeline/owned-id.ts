/**
 * The ids of what a provider keeps (files, batches, jobs), as callers know them: they say which provider made the thing and which
 * project it belongs to, under a MAC, so that no node has to remember it and nobody can make one up. Deterministic: the same thing
 * has the same id every time.
 */
import { createHmac, timingSafeEqual } from "node:crypto";

export interface OwnedThing {
  readonly providerId: string;
  readonly projectId: string;
  /** As the provider calls it. */
  readonly upstreamId: string;
}

/** id: of a thing that its project may ask for. cursor: a place in a list, and good for nothing else. */
export type OwnedIdUse = "id" | "cursor";

export interface OwnedIds {
  seal(thing: OwnedThing, use?: OwnedIdUse): string;
  /** undefined: it was not made here, or not for this use. */
  open(id: string, use?: OwnedIdUse): OwnedThing | undefined;
  /** What marks things in a provider's lists as a project's: 16 hexadecimal digits that say nothing to anybody else. */
  tagOf(projectId: string): string;
}

const macBytes = 12;
const idLengthMax = 1024;

/** @param key the same on all nodes. */
export function ownedIds(key: Uint8Array | string): OwnedIds {
  const mac = (use: string, payload: Uint8Array | string) =>
    createHmac("sha256", key).update(`penstock/owned/${use}/1\0`).update(payload).digest();
  return {
    seal({ providerId, projectId, upstreamId }, use = "id") {
      const payload = Buffer.concat([packed(providerId), packed(projectId), Buffer.from(upstreamId, "utf8")]);
      const sealed = Buffer.concat([mac(use, payload).subarray(0, macBytes), payload]).toString("base64url");
      return `${/^[a-z]{1,12}[-_]/.exec(upstreamId)?.[0] ?? "id_"}${sealed}`;
    },
    open(id, use = "id") {
      if (id.length > idLengthMax) return undefined;
      const bytes = Buffer.from(id.replace(/^[a-z]{1,12}[-_]/, ""), "base64url");
      const payload = bytes.subarray(macBytes);
      if (payload.length === 0 || !timingSafeEqual(bytes.subarray(0, macBytes), mac(use, payload).subarray(0, macBytes))) return undefined;
      const provider = unpacked(payload, 0);
      const project = unpacked(payload, provider.end);
      return { providerId: provider.text, projectId: project.text, upstreamId: payload.subarray(project.end).toString("utf8") };
    },
    tagOf: (projectId) => mac("tag", projectId).toString("hex").slice(0, 16),
  };
}

/** A UUID as its 16 bytes, anything else as its length and its text. */
function packed(id: string): Buffer {
  if (/^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/.test(id)) return Buffer.concat([Buffer.of(0), Buffer.from(id.replaceAll("-", ""), "hex")]);
  const text = Buffer.from(id, "utf8");
  return Buffer.concat([Buffer.of(text.length), text]);
}

function unpacked(payload: Buffer, at: number): { readonly text: string; readonly end: number } {
  const length = payload[at] ?? 0;
  if (length > 0) return { text: payload.toString("utf8", at + 1, at + 1 + length), end: at + 1 + length };
  const hex = payload.toString("hex", at + 1, at + 17);
  return { text: hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5"), end: at + 17 };
}
