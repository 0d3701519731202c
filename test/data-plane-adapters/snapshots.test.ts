/** The node's configuration: current within its bound, all or nothing, never backward, and there when all else is gone. */
import { create } from "@bufbuild/protobuf";
import { pino } from "pino";
import { afterEach, beforeEach, expect, it } from "vitest";
import {
  type Delta,
  type Revision,
  type SignedDelta,
  SignedDeltaSchema,
  SignedSnapshotSchema,
  type Snapshot,
} from "#proto/penstock/config/v1/snapshot_pb.ts";
import { memoryConfigFeed } from "../../data-plane/memory/config-feed.ts";
import { memoryNodeStatus } from "../../data-plane/memory/node-status.ts";
import type { ConfigFeed } from "../../data-plane/snapshot/config-feed.ts";
import { configTrust } from "../../data-plane/snapshot/config-trust.ts";
import { buildRuntimeSnapshot } from "../../data-plane/snapshot/runtime-snapshot.ts";
import { openSnapshotFile } from "../../data-plane/snapshot/snapshot-file.ts";
import { openSnapshots } from "../../data-plane/snapshot/snapshots.ts";
import { configHistory } from "../harness/config-history.ts";
import { type TemporaryDirectory, temporaryDirectory } from "../harness/temporary-directory.ts";

type Organisations = ReadonlySet<string>;

const logger = pino({ level: "silent" });
const facts = {
  nodeId: "node-1",
  instanceId: "instance-1",
  version: "0",
  startedAtMs: 0n,
  callsInFlight: 0,
  grpcAddress: "",
  restAddress: "",
  usageEventsWaiting: 0n,
  draining: false,
};
let directory: TemporaryDirectory;
const opened: (() => Promise<void>)[] = [];

beforeEach(async () => {
  directory = await temporaryDirectory();
});
afterEach(async () => {
  for (const close of opened.splice(0).reverse()) await close();
  await directory.remove();
});

const organisationsOf = (resources: Snapshot["resources"]) =>
  resources.flatMap(({ resource }) => (resource.case === "organisation" ? [resource.value.key] : []));

/** The names of all organisations; one that is called "broken" does not hold together. */
const builder = {
  build: (snapshot: Snapshot): Organisations => checked(new Set(organisationsOf(snapshot.resources))),
  withDelta: (current: Organisations, delta: Delta, _revision: Revision): Organisations => {
    const next = new Set(current);
    for (const key of organisationsOf(delta.upserted)) next.add(key);
    for (const { id } of delta.removed) next.delete(id);
    return checked(next);
  },
};
function checked(organisations: Set<string>): Organisations {
  if (organisations.has("broken")) throw new Error("organisation broken: it does not hold together");
  return organisations;
}

const history = () => {
  const made = configHistory();
  made.add("a");
  return made;
};

async function node(feed: ConfigFeed, verifier = configHistory().verifier) {
  const status = memoryNodeStatus();
  const snapshots = openSnapshots<Organisations>({
    ...builder,
    feed,
    trust: configTrust(verifier),
    file: await openSnapshotFile(directory.path, logger),
    report: status,
    nodeFacts: () => facts,
    logger,
  });
  opened.push(snapshots.close);
  return { snapshots, status, organisations: () => [...(snapshots.current() ?? [])].sort() };
}

it("is not ready without configuration, and ready soon after it comes", async () => {
  const feed = memoryConfigFeed();
  const { snapshots, organisations, status } = await node(feed);
  await expect.poll(() => status.last()?.state, { timeout: 4000 }).toBe("starting");
  expect(snapshots.current()).toBeUndefined();
  feed.publishSnapshot(history().snapshot());
  await snapshots.ready;
  expect(organisations()).toEqual(["a"]);
  await expect.poll(() => status.last()).toMatchObject({ state: "ready", applied: { number: 1n }, configSource: "memory" });
});

it("takes a change at once on its hint, and reports it", async () => {
  const feed = memoryConfigFeed();
  const made = history();
  feed.publishSnapshot(made.snapshot());
  const { snapshots, organisations, status } = await node(feed);
  await snapshots.ready;
  feed.publishDelta(made.add("b"));
  feed.publishDelta(made.remove("a"));
  await expect.poll(organisations, { timeout: 500, interval: 5 }).toEqual(["b"]);
  await expect.poll(() => status.last()?.applied?.number, { timeout: 500 }).toBe(3n);
  expect(Buffer.from(status.last()?.applied?.hash ?? []).equals(made.revision().hash)).toBe(true);
});

it("finds a change whose hint was lost within one poll", async () => {
  const feed = memoryConfigFeed();
  const made = history();
  feed.publishSnapshot(made.snapshot());
  const deaf: ConfigFeed = { ...feed, watch: () => {} };
  const { snapshots, organisations } = await node(deaf);
  await snapshots.ready;
  feed.publishDelta(made.add("b"));
  await expect.poll(organisations, { timeout: 6500 }).toEqual(["a", "b"]);
});

it("refuses what does not hold together, says why, and takes what mends it", async () => {
  const feed = memoryConfigFeed();
  const made = history();
  feed.publishSnapshot(made.snapshot());
  const { snapshots, organisations, status } = await node(feed);
  await snapshots.ready;
  feed.publishDelta(made.add("broken"));
  await expect
    .poll(() => status.last()?.refused, { timeout: 1000 })
    .toMatchObject({
      number: 2n,
      reason: "organisation broken: it does not hold together",
    });
  expect(organisations()).toEqual(["a"]);
  expect(status.last()?.applied?.number).toBe(1n);
  feed.publishDelta(made.remove("broken"));
  feed.publishDelta(made.add("c"));
  await expect.poll(organisations, { timeout: 1000 }).toEqual(["a", "c"]);
  await expect.poll(() => status.last()?.refused, { timeout: 1000 }).toBeUndefined();
});

const forgeries: Record<string, (delta: SignedDelta) => SignedDelta> = {
  "changed on its way": ({ payload, signature, keyId }) =>
    create(SignedDeltaSchema, { payload: Uint8Array.from([...payload, 0x78, 0x01]), signature, keyId }),
  "signed with another key": () => {
    const other = configHistory("epoch-1", 9);
    other.add("a");
    return other.add("forged");
  },
  "of another history": () => {
    const other = configHistory();
    other.add("x");
    return other.add("forged");
  },
  "of another epoch": () => {
    const other = configHistory("epoch-2");
    other.add("a");
    return other.add("forged");
  },
};
it.each(Object.entries(forgeries))("refuses a change that is %s", async (_, forge) => {
  const made = history();
  const snapshot = made.snapshot();
  const revision = made.revision();
  const forged = forge(made.add("b"));
  const memory = memoryConfigFeed();
  memory.publishSnapshot(snapshot);
  const feed: ConfigFeed = {
    ...memory,
    pull: async (have) => (have === undefined ? { snapshot, deltas: [] } : { snapshot: undefined, deltas: [forged] }),
  };
  const { snapshots, organisations, status } = await node(feed);
  await snapshots.ready;
  // Any other number: the node pulls.
  memory.publishDelta(made.add("c"));
  await expect.poll(() => status.last()?.refused?.reason, { timeout: 1000 }).toBeTruthy();
  expect(organisations()).toEqual(["a"]);
  expect(snapshots.revision()?.number).toBe(revision.number);
});

it("refuses a snapshot that nobody signed", async () => {
  const { payload, keyId } = history().snapshot();
  const forged = create(SignedSnapshotSchema, { payload, keyId, signature: new Uint8Array(64) });
  const memory = memoryConfigFeed();
  const { snapshots, status } = await node({ ...memory, pull: async () => ({ snapshot: forged, deltas: [] }) });
  await expect.poll(() => status.last()?.refused?.reason, { timeout: 4000 }).toMatch(/signature is wrong/);
  expect(snapshots.current()).toBeUndefined();
});

it("never goes back within an epoch, and goes to another epoch", async () => {
  const feed = memoryConfigFeed();
  const made = history();
  const old = made.snapshot();
  made.add("b");
  feed.publishSnapshot(made.snapshot());
  const { snapshots, organisations, status } = await node(feed);
  await snapshots.ready;
  feed.publishSnapshot(old);
  await expect.poll(() => status.last()?.refused?.reason ?? "", { timeout: 7000 }).toMatch(/older/);
  expect(organisations()).toEqual(["a", "b"]);
  feed.publishSnapshot(configHistory("epoch-2").snapshot());
  await expect.poll(() => snapshots.revision()?.epoch, { timeout: 1000 }).toBe("epoch-2");
  expect(organisations()).toEqual([]);
});

it("serves from disk when everything else is gone, with all changes, and says so", async () => {
  const feed = memoryConfigFeed();
  const made = history();
  feed.publishSnapshot(made.snapshot());
  const before = await node(feed);
  await before.snapshots.ready;
  feed.publishDelta(made.add("b"));
  await expect.poll(before.organisations).toEqual(["a", "b"]);
  await before.snapshots.close();

  const gone: ConfigFeed = { ...memoryConfigFeed(), pull: () => Promise.reject(new Error("nobody there")) };
  const beganMs = performance.now();
  const after = await node(gone);
  await after.snapshots.ready;
  expect(performance.now() - beganMs).toBeLessThan(2000);
  expect(after.organisations()).toEqual(["a", "b"]);
  await expect.poll(() => after.status.last()).toMatchObject({ state: "ready", configSource: "disk", applied: { number: 2n } });
});

it("builds the runtime snapshot that calls read, and moves it with a change", async () => {
  const feed = memoryConfigFeed();
  const made = history();
  feed.publishSnapshot(made.snapshot());
  const snapshots = openSnapshots({
    build: buildRuntimeSnapshot,
    withDelta: (current, delta, revision) => current.withDelta(delta, revision),
    feed,
    trust: configTrust(made.verifier),
    file: await openSnapshotFile(directory.path, logger),
    report: memoryNodeStatus(),
    nodeFacts: () => facts,
    logger,
  });
  opened.push(snapshots.close);
  await snapshots.ready;
  feed.publishDelta(made.add("b"));
  await expect.poll(() => snapshots.current()?.organisation("b")?.key).toBe("b");
});
