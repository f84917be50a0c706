import type { KustoClient } from "../../kusto/client.ts";
import {
  alterEncodingPolicy,
  readEncodingPolicy,
  showEncodingPolicy,
} from "../../kusto/commands/policies.ts";
import type { PlannedTable } from "../../model/checkpoint/entries.ts";
import type { Job } from "../../model/job.ts";
import { sideBySide } from "./sideBySide.ts";

/** Policies change rarely, and are asked for column by column: an answer holds for this long. */
const KEPT_MS = 600_000;

const known = new Map<string, { policy: string | null; until: number }>();

/**
 * Gives a table's columns in these tables of the destination the encoding policies of the source's: long values would be
 * cut at ingestion, and in silence, where the columns don't allow what the source's do
 * (`kusto/management/alter-encoding-policy.md`).
 */
export async function carryEncodings(
  job: Job,
  source: KustoClient,
  destination: KustoClient,
  table: PlannedTable,
  targets: readonly string[],
): Promise<void> {
  const columns = table.columns.filter(
    ({ type, computed }) => (type === "string" || type === "dynamic") && computed !== true,
  );
  await sideBySide(columns, async ({ name }) => {
    const policy = await encodingPolicy(job, source, table.name, name);
    if (policy === null) return;
    for (const target of targets) {
      const text = alterEncodingPolicy(target, name, policy);
      await destination.command(job.destination.database, text, {
        idempotent: true,
        context: { table: table.name },
      });
    }
  });
}

async function encodingPolicy(
  job: Job,
  source: KustoClient,
  table: string,
  column: string,
): Promise<string | null> {
  const key = JSON.stringify([job.source, table, column]);
  const kept = known.get(key);
  if (kept && kept.until > Date.now()) return kept.policy;
  const rows = await source.command(job.source.database, showEncodingPolicy(table, column), {
    context: { table },
  });
  const policy = readEncodingPolicy(rows);
  known.set(key, { policy, until: Date.now() + KEPT_MS });
  return policy;
}
