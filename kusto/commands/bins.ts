import { z } from "zod";
import { datetimeLiteral, quoteName, quoteString } from "../names.ts";
import { TICKS_PER_SECOND } from "../ticks.ts";

/** The rows of a table that a filter (from `windowFilter`) leaves. */
export interface BinnedRange {
  readonly table: string;
  readonly filter: string;
}

/**
 * How many rows lie in which bin of ingestion time, for many tables in one query; a table in which nothing lies has no
 * row in the answer. `size` in ticks; rows without an ingestion time have the bin null.
 */
export function countByBin(ranges: readonly BinnedRange[], size: bigint): string {
  const seconds = wholeSeconds(size);
  return unionOf(
    ranges,
    (filter) =>
      `${filter} | project Ingested = ingestion_time() | summarize Rows = count() by Bin = bin(Ingested, ${seconds}s)`,
  );
}

/** The rows whose ingestion time lies in one of these bins, as the pipe that follows a filter. */
export function binsFilter(starts: readonly bigint[], size: bigint): string {
  if (starts.length === 0) throw new Error("There are no bins to look into.");
  const list = starts.map(datetimeLiteral).join(", ");
  return ` | where bin(ingestion_time(), ${wholeSeconds(size)}s) in (${list})`;
}

/** How many rows each filter leaves, for many tables in one query. */
export function countRanges(ranges: readonly BinnedRange[]): string {
  return unionOf(ranges, (filter) => `${filter} | summarize Rows = count() | extend Bin = datetime(null)`);
}

function wholeSeconds(size: bigint): bigint {
  if (size < TICKS_PER_SECOND || size % TICKS_PER_SECOND !== 0n)
    throw new Error("A bin is of whole seconds.");
  return size / TICKS_PER_SECOND;
}

function unionOf(ranges: readonly BinnedRange[], pipes: (filter: string) => string): string {
  if (ranges.length === 0) throw new Error("There are no tables to count.");
  const legs = ranges.map(
    ({ table, filter }) => `(${quoteName(table)}${pipes(filter)} | extend Table = ${quoteString(table)})`,
  );
  return `union ${legs.join(", ")} | project Table, Bin, Rows`;
}

export const binAnswer = z.object({ Table: z.string(), Bin: z.string().nullable(), Rows: z.bigint() });
