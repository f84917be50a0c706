import type { KustoClient } from "../../kusto/client.ts";
import { type BinnedRange, binsFilter } from "../../kusto/commands/bins.ts";
import { readBins } from "../../kusto/reads.ts";
import { chunked } from "../../model/chunked.ts";
import type { Job } from "../../model/job.ts";
import type { Bin } from "../../model/planWindows.ts";
import { TICKS_PER_HOUR, TICKS_PER_MINUTE, TICKS_PER_SECOND } from "../../model/ticks.ts";

/** Tables asked about in one query. */
export const TABLES_PER_QUERY = 50;
/** Bins that one part of a query looks into. */
const BINS_PER_QUERY = 500;
/** Ever finer bins, for hours in which more came than fits a window. */
const BIN_SIZES = [TICKS_PER_HOUR, TICKS_PER_MINUTE, TICKS_PER_SECOND] as const;

/** Counts by hour, then by minute and second where an hour holds more rows than a window may. */
export async function refinedBins(
  job: Job,
  source: KustoClient,
  ranges: readonly BinnedRange[],
): Promise<Map<string, Bin[]>> {
  const bins = new Map<string, Bin[]>();
  let open = ranges;
  for (const [i, size] of BIN_SIZES.entries()) {
    if (open.length === 0) break;
    const finest = i === BIN_SIZES.length - 1;
    const coarse = new Map<string, bigint[]>();
    const filters = new Map(ranges.map((range) => [range.table, range.filter]));
    for (const some of chunked(open, TABLES_PER_QUERY)) {
      for (const { table, start, rows } of await readBins(source, job.source.database, some, size)) {
        if (rows > job.windowRows && !finest) {
          coarse.set(table, [...(coarse.get(table) ?? []), start]);
          continue;
        }
        const known = bins.get(table) ?? [];
        known.push({ start, rows });
        bins.set(table, known);
      }
    }
    open = [...coarse].flatMap(([table, starts]) =>
      chunked(starts, BINS_PER_QUERY).map((some) => ({
        table,
        filter: `${filters.get(table) ?? ""}${binsFilter(some, size)}`,
      })),
    );
  }
  return bins;
}
