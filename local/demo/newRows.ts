import { setTimeout as sleep } from "node:timers/promises";
import type { KustoClient } from "../../kusto/client.ts";

/** Rows get their cursor a moment after their commit (`kusto/query/database-cursor.md`); an iteration has them from then on. */
const CURSOR_MS = 1000;

/** What arrives at the source between the two iterations: a batch by query, and rows by hand with dirty values. */
export async function ingestNewRows(source: KustoClient, database: string): Promise<Record<string, number>> {
  await source.command(
    database,
    ".set-or-append ['seattle-weather'] <| range day from 1 to 30 step 1 | project ['date'] = datetime(2026-01-01) + day * 1d, precipitation = day / 10.0, temp_max = 10.0 + day, temp_min = -1.0 * day, wind = real(nan), weather = iff(day % 2 == 0, 'rain', 'sun')",
  );
  await source.command(
    database,
    '.ingest inline into table [\'airports\'] <| ZZ1,"An ""airport"", with a comma","Sankt Pölten",,Österreich,48.2,15.6\nZZ2,,,,,,',
  );
  await sleep(CURSOR_MS);
  return { "seattle-weather": 30, airports: 2 };
}
