/** A call in flight when its node is killed is settled at its estimate and marked; one that had ended is what it was, and counts once. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { type QuotaInstallation, quotaInstallation } from "./quota-installation.ts";

let penstock: QuotaInstallation;
beforeAll(async () => {
  penstock = await quotaInstallation(["one"]);
}, 90_000);
afterAll(() => penstock?.close());

const idOf = (response: Response) => response.headers.get("x-penstock-call-id");
const fields = "callId outcome usageEstimated inputTokens outputTokens costNanodollars backendId nodeId attempts { result }";

const stream = { stream: true, max_tokens: 400, messages: [{ role: "user", content: "echo: word ".repeat(300) }] };

it("kill -9 in the middle of streams, again and again", { timeout: 120_000 }, async () => {
  const rounds = 3;
  const { backendId } = await penstock.route("slow", "sim-slow");
  await penstock.route("quick", "sim-instant");
  const since = new Date(Date.now() - 60_000).toISOString();
  const ended: Response[] = [];
  const lost: Response[] = [];
  for (let round = 0; round < rounds; round++) {
    const quick = await Promise.all(Array.from({ length: 20 }, () => penstock.call("one", "quick")));
    await Promise.all(quick.map((response) => response.arrayBuffer()));
    const running = await Promise.all(Array.from({ length: 30 }, () => penstock.call("one", "slow", stream)));
    // One that ends by itself after it was noted on the disk.
    const noted = await penstock.call("one", "slow", { stream: true, max_tokens: 3 });
    await noted.arrayBuffer();
    // What has ended is in the ledger; first words of the others come half a second after they were noted.
    for (const response of [...quick, noted]) await penstock.row(idOf(response), "outcome");
    await Promise.all(running.map(async (response) => (await response.body?.getReader().read())?.value));
    ended.push(...quick, noted);
    lost.push(...running);
    await penstock.kill("one");
    await penstock.restart("one");
  }
  for (const response of lost) {
    const row = await penstock.row(idOf(response), fields);
    expect(row).toMatchObject({ outcome: "NODE_LOST", usageEstimated: true, outputTokens: "400", backendId });
    expect(Number(row["inputTokens"])).toBeGreaterThan(300);
  }
  for (const response of ended) expect(await penstock.row(idOf(response), fields)).toMatchObject({ outcome: "OK", usageEstimated: false });
  const { usage } = await penstock.graphql<{ usage: { total: { figures: { calls: string; callsEstimated: string } } } }>(
    `query ($range: UsageRange!) { usage(range: $range) { __typename ... on UsageReport { total { figures { calls callsEstimated } } } } }`,
    { range: { since, until: new Date(Date.now() + 60_000).toISOString() } },
  );
  expect(usage.total.figures).toEqual({ calls: String(rounds * 51), callsEstimated: String(rounds * 30) });
  process.stdout.write(
    `${lost.length} calls in flight over ${rounds} kills settled at their estimates, ${ended.length} ended ones counted once\n`,
  );
});
