import type { KustoClient } from "../../kusto/client.ts";
import type { BinnedRange } from "../../kusto/commands/bins.ts";
import {
  readDatabaseRetention,
  showDatabaseRetention,
  softDeletePeriod,
} from "../../kusto/commands/databases.ts";
import type { TableDetails } from "../../kusto/commands/schema.ts";
import { windowFilter } from "../../kusto/commands/windows.ts";
import { readCounts } from "../../kusto/reads.ts";
import type { PlannedTable } from "../../model/checkpoint/entries.ts";
import { chunked } from "../../model/chunked.ts";
import { parseDuration } from "../../model/durations.ts";
import type { Job } from "../../model/job.ts";
import type { PlanTable } from "../../model/reports/plan.ts";
import { ticksFromIso, ticksFromMs } from "../../model/ticks.ts";

const TABLES_PER_QUERY = 50;
/** The first day of the years that a datetime holds. */
const YEAR_ONE_MS = -62_135_596_800_000;

export type RetentionLoss = NonNullable<PlanTable["dropped"]>;

/**
 * What the destination's retention would drop as soon as it is copied, by table: copied extents keep the source's creation
 * time, from which the retention counts (`kusto/management/retention-policy.md`). Tables whose oldest extent is young enough
 * are not asked about.
 */
export async function retentionLoss(
  job: Job,
  source: KustoClient,
  destination: KustoClient,
  tables: readonly PlannedTable[],
  sizes: ReadonlyMap<string, TableDetails>,
  there: ReadonlyMap<string, TableDetails>,
): Promise<Map<string, RetentionLoss>> {
  const { database } = job.destination;
  const standard = readDatabaseRetention(
    await destination.command(database, showDatabaseRetention(database)),
  );
  const now = Date.now();
  const old = tables.flatMap((table) => {
    const existing = there.get(table.name);
    const period = existing ? softDeletePeriod(existing.RetentionPolicy) : standard;
    const cut = now - parseDuration(period);
    const oldest = sizes.get(table.name)?.MinExtentsCreationTime;
    const isOld = cut > YEAR_ONE_MS && oldest != null && ticksFromIso(oldest) < ticksFromMs(cut);
    return isOld ? [{ table, period, cut }] : [];
  });
  const found = new Map<string, number>();
  for (const some of chunked(old, TABLES_PER_QUERY)) {
    const ranges = some.flatMap(({ table, cut }) => rangeBefore(table, ticksFromMs(cut)));
    if (ranges.length === 0) continue;
    for (const { table, rows } of await readCounts(source, job.source.database, ranges))
      found.set(table, rows);
  }
  return new Map(
    old.flatMap(({ table, period, cut }) => {
      const rows = (found.get(table.name) ?? 0) + undated(table, sizes.get(table.name), cut);
      const loss = { rows, before: new Date(cut).toISOString(), softDeletePeriod: period };
      return rows === 0 ? [] : [[table.name, loss] as const];
    }),
  );
}

/** The rows before a moment that are copied window by window; where a horizon cuts them, the first window begins there. */
function rangeBefore(table: PlannedTable, cut: bigint): BinnedRange[] {
  const first = table.windows.find((window) => window.kind === "time");
  if (first === undefined) return [];
  const from = first.from === undefined ? undefined : ticksFromIso(first.from);
  if (from !== undefined && from >= cut) return [];
  return [
    { table: table.name, filter: windowFilter({ after: table.after, upTo: table.upTo, from, to: cut }) },
  ];
}

/** Rows that are copied under the newest creation time of the source's extents: all of them are too old, or none. */
function undated(table: PlannedTable, sizes: TableDetails | undefined, cut: number): number {
  const newest = sizes?.MaxExtentsCreationTime;
  if (newest == null || ticksFromIso(newest) >= ticksFromMs(cut)) return 0;
  return table.windows.reduce((sum, window) => sum + (window.kind === "time" ? 0 : window.rows), 0);
}
