import type { BagComparison } from "../../kusto/commands/contentHash.ts";
import { hashByExtent, readHashByExtent } from "../../kusto/commands/contentHash.ts";
import { softDeletePeriod } from "../../kusto/commands/databases.ts";
import type { Seen } from "../../model/difference.ts";
import { parseDuration } from "../../model/durations.ts";
import type { Part } from "../../model/expected.ts";
import type { DifferingDay } from "../../model/reports/verification.ts";
import { readTableDetails } from "../plan/tableDetails.ts";
import { contentByDay, EVERYTHING, NOTHING, type Side } from "./content.ts";

/** Extents of a table beyond which it isn't looked whether two of them hold the same rows. */
const MAX_EXTENTS = 20_000;
const YEAR_ONE_MS = -62_135_596_800_000;

/** A second look at a table whose sides differ: on which days, whether rows came twice, and what retention keeps. */
export async function lookCloser(
  source: Side,
  destination: Side,
  parts: readonly Part[],
  bags: BagComparison,
  counts: { readonly source: number; readonly destination: number },
): Promise<Pick<Seen, "days" | "doubled" | "keptFrom">> {
  const [days, doubled, keptSource, keptDestination] = await Promise.all([
    differingDays(source, destination, parts, bags),
    counts.destination > counts.source ? doubledRows(destination) : 0,
    keptFrom(source),
    keptFrom(destination),
  ]);
  return { days, doubled, keptFrom: { source: keptSource, destination: keptDestination } };
}

/**
 * Days of the source's ingestion on which the two sides differ. At the destination the day is in the tag that copied extents
 * keep; rows that a query changes, and tables that are copied whole, don't tell theirs.
 */
async function differingDays(
  source: Side,
  destination: Side,
  parts: readonly Part[],
  bags: BagComparison,
): Promise<DifferingDay[] | undefined> {
  if (source.query !== "" || parts.some((part) => part.range.kind === "whole")) return undefined;
  const [should, holds] = await Promise.all([
    contentByDay(source, parts, "ingestion", bags),
    contentByDay(destination, EVERYTHING, "tag", bags),
  ]);
  return [...new Set([...should.keys(), ...holds.keys()])].toSorted().flatMap((day) => {
    const [a, b] = [should.get(day) ?? NOTHING, holds.get(day) ?? NOTHING];
    if (a.rows === b.rows && a.hash === b.hash) return [];
    return [{ day: day === "" ? null : day, source: rowsOf(a.rows), destination: rowsOf(b.rows) }];
  });
}

/** Rows of extents that hold just the rows of another one: a batch that came twice. */
async function doubledRows({ client, database, table, columns }: Side): Promise<number> {
  const details = await readTableDetails(client, database, [table]);
  if ((details.get(table)?.TotalExtents ?? 0n) > BigInt(MAX_EXTENTS)) return 0;
  const rows = await client.query(database, hashByExtent({ table, columns }), {
    consistency: "strong",
    noTruncation: true,
    context: { table },
  });
  const seen = new Set<string>();
  let twice = 0n;
  for (const { rows: count, hash } of readHashByExtent(rows).values()) {
    if (seen.has(hash)) twice += count;
    seen.add(hash);
  }
  return Number(twice);
}

/** The first day that a table's retention keeps; undefined where it keeps all. */
async function keptFrom({ client, database, table }: Side): Promise<string | undefined> {
  const details = await readTableDetails(client, database, [table]);
  const kept = Date.now() - parseDuration(softDeletePeriod(details.get(table)?.RetentionPolicy));
  return kept <= YEAR_ONE_MS ? undefined : new Date(kept).toISOString().slice(0, 10);
}

function rowsOf(rows: bigint): number {
  return Math.max(0, Number(rows));
}
