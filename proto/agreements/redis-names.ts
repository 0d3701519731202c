/**
 * Every name that Penstock uses in Redis. Names of one script's keys share a hash tag, so that they stand in one
 * slot of a cluster. Redis is a pipe and a hint, never the record: each of these may vanish and is made anew.
 */

/** Bytes of a SignedSnapshot, rewritten now and then; the deltas lead on from it. */
export const snapshotKey = "penstock:{config}:snapshot";

/** Stream of signed deltas, entry id `<revision number>-0`, field `delta`. */
export const deltaStreamKey = "penstock:{config}:deltas";

/** The epoch whose deltas the stream holds. */
export const deltaEpochKey = "penstock:{config}:epoch";

/** Channel of Hint messages (bytes): after each change, and each second as a heartbeat. */
export const hintChannel = "penstock:config:hint";

/** Channel of NodeStatus messages (bytes). */
export const nodeStatusChannel = "penstock:node-status";

/** Stream of usage records, many in one entry: fields `node` (the name of its log) and `frames` (see usage-frames.ts). */
export const usageStreamKey = "penstock:{usage}:events";

/** The consumer group that writes the ledger. */
export const usageGroup = "ledger";

/** Stream of records that could not be written after five deliveries. */
export const usageDeadLetterKey = "penstock:{usage}:dead-letters";

/** Channel of the news of calls that came into the ledger, JSON, between control planes. */
export const usageNewsChannel = "penstock:usage:news";

/** Hash: node log name → sequence number up to which all of that log's records are in the ledger. */
export const usageWatermarkKey = "penstock:{usage}:watermarks";

/**
 * Hash of one counter; what stands in it, quota-ledger.lua says. Subject: what the quota counts separately, such as an end user's
 * hash. The tag is the organisation: a call's quotas are all of one organisation, so that one script may change them together.
 */
export const quotaCounterKey = (organisationId: string, quotaId: string, subject: string): string =>
  `penstock:{quota:${organisationId}}:${quotaId}:${subject}`;

/** There while the organisation's counters are what nodes have told; gone with them. */
export const quotaWholeKey = (organisationId: string): string => `penstock:{quota:${organisationId}}:whole`;

/** What a unit of an experiment was given: "<bucket version>:<variant>". Key: "<unit type>:<HMAC of the unit>". */
export const stickyVariantKey = (experimentId: string, key: string): string => `penstock:{sticky:${experimentId}}:${key}`;

/** A stored response of a project's, JSON; gone after a day. */
export const storedResponseKey = (projectId: string, responseId: string): string => `penstock:response:${projectId}:${responseId}`;
