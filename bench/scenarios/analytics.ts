/** How long questions about usage take over five million calls, through GraphQL, as the console's pages ask them. */
import { performance } from "node:perf_hooks";
import { makeOrganisation, openTestServices } from "../../test/harness/control-plane.ts";
import { serveGraphql, tokenFor } from "../../test/harness/graphql.ts";
import { startPostgres } from "../../test/harness/postgres.ts";
import type { Scenario } from "../scenario.ts";
import { type SeededLedger, seedLedger } from "../seeded-ledger.ts";
import { quantilesOf } from "../statistics.ts";
import { dashboardQuestions, type Question } from "./analytics/questions.ts";

const rows = Number(process.env["PENSTOCK_BENCH_LEDGER_ROWS"] ?? 5_000_000);
const days = 30;
const rounds = 3;
const dayMs = 86_400_000;

export const analytics: Scenario = {
  name: "analytics",
  title: "Questions about usage over a large ledger",
  quick: false,
  onlyWhenAsked: true,
  run: async (stage) => {
    // Nothing here is to survive: what is copied goes to disk once.
    const postgres = await startPostgres({ synchronous_commit: "off", wal_level: "minimal", max_wal_senders: "0" });
    const services = await openTestServices(await postgres.createDatabase());
    const graphql = await serveGraphql(services);
    try {
      const lastDay = new Date(Math.floor(Date.now() / dayMs) * dayMs);
      const organisationId = await makeOrganisation(services, "large");
      const ledger: SeededLedger = { organisationId, smallOrganisationId: await makeOrganisation(services, "small"), rows, days, lastDay };
      await seedLedger(services.database, ledger, (text) => stage.say(`  ${text}`));
      const token = await tokenFor(services, organisationId, "viewer");
      const asked: { question: Question; ms: number }[] = [];
      const unanswered = new Map<string, string>();
      for (const question of dashboardQuestions(lastDay)) {
        for (let round = 0; round < rounds; round++) {
          const startedAtMs = performance.now();
          const { data, errors } = await graphql.ask(token, question.query, question.variables);
          asked.push({ question, ms: performance.now() - startedAtMs });
          const wrong = errors[0]?.message ?? data?.answer?.message;
          if (wrong !== undefined) unanswered.set(question.name, wrong);
        }
      }
      const { p50, p99, max } = quantilesOf(asked.map(({ ms }) => ms));
      const p95 = p95Of(asked.map(({ ms }) => ms));
      const kinds = Map.groupBy(asked, ({ question }) => question.kind);
      const slowest = [...asked].sort((one, other) => other.ms - one.ms).slice(0, 12);
      const text = (ms: number) => ms.toFixed(0);
      return {
        tables: [
          {
            title: `${asked.length} questions over ${rows} calls of ${days} days, milliseconds`,
            columns: ["", "questions", "p50", "p95", "p99", "max"],
            rows: [
              ...[...kinds].map(([kind, own]) => {
                const spread = quantilesOf(own.map(({ ms }) => ms));
                return [
                  kind,
                  String(own.length),
                  text(spread.p50),
                  text(p95Of(own.map(({ ms }) => ms))),
                  text(spread.p99),
                  text(spread.max),
                ];
              }),
              ["all", String(asked.length), text(p50), text(p95), text(p99), text(max)],
            ],
            note: "Over HTTP, one at a time, the control plane and PostgreSQL on the machine that asks.",
          },
          { title: "Not answered; their time is in the figures all the same", columns: ["question", "why"], rows: [...unanswered] },
          { title: "The slowest", columns: ["question", "ms"], rows: slowest.map(({ question, ms }) => [question.name, text(ms)]) },
        ],
        budgets: [{ what: "p95 of questions about usage over 5 million calls, ms", value: p95, limit: 300, kind: "at-most" }],
        plots: [],
      };
    } finally {
      await graphql.close();
      await services.close();
      await postgres.close();
    }
  },
};

const p95Of = (values: readonly number[]): number =>
  [...values].sort((one, other) => one - other)[Math.ceil(0.95 * values.length) - 1] ?? 0;
