/**
 * What a new installation begins with: an organisation, a project, one admin token and one API key, written to a file that
 * only its owner can read; and, where a simulator is given, a demo that shows each part at work. There is no default
 * password, and no second chance to read these two.
 *
 * All rows are one transaction and the file is written before it commits: after a crash in between there is no
 * organisation, so the next start makes everything anew and overwrites the file.
 */
import { randomBytes } from "node:crypto";
import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, writeSync } from "node:fs";
import { join } from "node:path";
import { v7 } from "uuid";
import { hostOf, readBaseUrl } from "#agreements/base-url.ts";
import { everybody, plainComparison } from "../database/entities/experiment.ts";
import { Organisation } from "../database/entities/organisation.ts";
import { plainTerms } from "../database/entities/price.ts";
import { Provider, plainProvider } from "../database/entities/provider.ts";
import type { RouteTimeouts } from "../database/entities/route.ts";
import { asSystem } from "../database/orm.ts";
import type { Services } from "../services.ts";
import { addPromptVersion } from "./add-prompt-version.ts";
import { makeAdminToken } from "./admin-tokens.ts";
import { type ConfigurationChange, changeConfiguration } from "./change-configuration.ts";
import { makeApiKey } from "./make-api-key.ts";
import { type ProviderPlace, placeOf } from "./provider-place.ts";
import { setPrice } from "./set-price.ts";

const author = "system:first-start";
const summary = "first start";
const simulatorKey = "simulator";
const nodeDefaults: RouteTimeouts = { queueMs: 0, connectMs: 0, firstByteMs: 0, idleMs: 0, writeStallMs: 0, totalMs: 0 };

export const credentialsPath = (dataDir: string): string => join(dataDir, "credentials.json");

/** Does nothing where there is an organisation, except that a simulator that has moved is followed. */
export async function firstStart(services: Services): Promise<void> {
  const { settings, logger } = services;
  const place = settings.demoSimulatorUrl === undefined ? undefined : await placeOfSimulator(services, settings.demoSimulatorUrl);
  const organisationId = v7();
  const made = await changeConfiguration(
    services,
    { actor: author, organisationId },
    { action: "installation.create", summary },
    async (change) => {
      // Under the lock of the chain: of two control planes that start at once, one finds what the other made.
      if ((await asSystem(change.em, () => change.em.count(Organisation, {}))) > 0) return false;
      change.create("organisation", { id: organisationId, key: "default", name: "Default" });
      const project = change.create("project", { key: "default", name: "Default" });
      const owner = { actor: author, organisationId };
      const token = await makeAdminToken(change.em, settings.pepper, owner, {
        name: "first-start",
        role: "admin",
        expiresAt: null,
        installation: true,
      });
      const key = await makeApiKey(change, settings.pepper, {
        projectId: project.id,
        name: "first-start",
        environment: "live",
        expiresAt: null,
        allowedRoutes: [],
        rotatedFromId: null,
      });
      if (place !== undefined) await makeDemo(change, place);
      // What is done on the way has a summary of its own.
      change.describe(summary);
      writeCredentials(settings.dataDir, { apiKey: key.credential, adminToken: token.credential });
      return true;
    },
  );
  if (made.value) logger.info({ file: credentialsPath(settings.dataDir) }, "made the first admin token and API key");
  else if (place !== undefined) await followSimulator(services, place);
}

/** The operator named the simulator's address by starting it, so it needs no second word in the allow-list. */
function placeOfSimulator({ settings }: Services, baseUrl: string): Promise<ProviderPlace> {
  const read = readBaseUrl(baseUrl);
  const named = read.ok ? [hostOf(read.url)] : [];
  return placeOf({ privateAddresses: [...settings.privateAddresses, ...named] }, baseUrl);
}

async function makeDemo(change: ConfigurationChange, place: ProviderPlace): Promise<void> {
  const provider = change.create("provider", { key: simulatorKey, kind: "simulated", ...place, ...plainProvider, sealedCredential: "" });
  const backendOf = async (model: string, inputNanodollarsPerMillion: string, outputNanodollarsPerMillion: string) => {
    const row = change.create("backend", {
      key: model,
      providerId: provider.id,
      model,
      prices: [],
      concurrentCallsMax: 0,
      capabilities: ["tools"],
    });
    await setPrice(change, "backend", row, plainTerms(inputNanodollarsPerMillion, outputNanodollarsPerMillion), null);
    return row;
  };
  // $0.15 and $0.60, $0.05 and $0.20 a million tokens: of the size that small models cost.
  const fast = await backendOf("sim-fast", "150000000", "600000000");
  const slow = await backendOf("sim-slow", "50000000", "200000000");

  const prompt = change.create("prompt", {
    name: "support-answer",
    kind: "chat",
    folder: "",
    protectedLabels: [],
    runRouteId: null,
    labels: {},
  });
  await addPromptVersion(change, prompt, {
    messages: [{ role: "system", template: "You answer questions about {{ product | default: 'our product' }}. Be brief." }],
    defaultParameters: null,
    commitMessage: "First version",
    labels: ["production"],
  });
  await addPromptVersion(change, prompt, {
    messages: [
      { role: "system", template: "You answer questions about {{ product | default: 'our product' }}. Give the steps, then the reason." },
    ],
    defaultParameters: null,
    commitMessage: "Steps first",
    labels: ["staging"],
  });

  const route = change.create("route", {
    name: "demo-chat",
    description: "The demo: a simulated model, its fallback, a prompt and an experiment on it",
    tiers: [{ targets: [{ backendId: fast.id, weight: 1 }] }, { targets: [{ backendId: slow.id, weight: 1 }] }],
    timeouts: nodeDefaults,
    attemptsMax: 0,
    prompt: { promptId: prompt.id, label: "production" },
    defaultParameters: null,
    cache: "off",
  });
  change.create("experiment", {
    key: "support-answer-steps",
    routeId: route.id,
    seed: randomBytes(16).toString("hex"),
    hashVersion: 3,
    unit: "end_user",
    // A first curl names no end user and shall be part of it all the same.
    fallbackUnit: "api_key",
    ...everybody,
    ...plainComparison,
    coverage: 1,
    variants: [1, 2].map((version) => ({
      key: version === 1 ? "control" : "steps-first",
      weight: 1,
      prompt: { promptId: prompt.id, version },
      tiers: [],
      parameters: null,
    })),
    phase: 1,
    status: "running",
    startedAt: change.at,
    stoppedAt: null,
  });
  const quotaOf = (key: string, resource: "requests" | "tokens", window: "minute" | "day", limit: bigint, enforcement: "hard" | "soft") =>
    change.create("quota", {
      key,
      scopeKind: "organisation",
      scopeId: null,
      within: [],
      resource,
      window,
      timeZone: "UTC",
      limit,
      burst: 0n,
      enforcement,
    });
  quotaOf("requests-per-minute", "requests", "minute", 100_000n, "hard");
  quotaOf("tokens-per-day", "tokens", "day", 1_000_000_000n, "soft");
}

/** On a free port the simulator stands elsewhere after each start. */
async function followSimulator(services: Services, place: ProviderPlace): Promise<void> {
  const moved = await services.database.system((em) =>
    em.findOne(Provider, { key: simulatorKey, kind: "simulated", archivedAt: null, sealedCredential: "", baseUrl: { $ne: place.baseUrl } }),
  );
  if (moved === null) return;
  await changeConfiguration(
    services,
    { actor: author, organisationId: moved.organisationId },
    { action: "provider.update", summary: "the simulator has moved" },
    async (change) => {
      Object.assign(await change.edit("provider", moved.id), place);
    },
  );
}

function writeCredentials(dataDir: string, credentials: { readonly apiKey: string; readonly adminToken: string }): void {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const path = credentialsPath(dataDir);
  const draft = `${path}.new`;
  const file = openSync(draft, "w", 0o600);
  try {
    writeSync(file, `${JSON.stringify(credentials, null, 2)}\n`);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(draft, path);
}
