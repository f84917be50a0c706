import type { KustoClient } from "../../kusto/client.ts";
import type { BinnedRange } from "../../kusto/commands/bins.ts";
import { filterOfWindow } from "../../kusto/commands/windowRange.ts";
import { readCounts } from "../../kusto/reads.ts";
import type { Parked } from "../../model/checkpoint/entries.ts";
import type { OpenIteration } from "../../model/checkpoint/state.ts";
import { windowsOf } from "../../model/checkpoint/windows.ts";
import { chunked } from "../../model/chunked.ts";
import { sideBySide } from "../destination/sideBySide.ts";
import { readApart } from "./readApart.ts";
import { TABLES_PER_QUERY } from "./refinedBins.ts";

/** A table of which windows were exported with fewer rows than were planned. */
interface Fewer {
  readonly table: string;
  readonly exported: number;
  readonly ranges: readonly BinnedRange[];
}

/**
 * Tables that hold more rows of what is staged now than were exported, with the reason: a policy that hid rows for a while hid
 * them from the export and its hash alike. Only windows are counted again that were exported with fewer rows than were planned,
 * and that end at a cursor, so that no row can come to them: what was deleted meanwhile is no less than is there now. Through a
 * query fewer rows come anyway, so that nothing can be told.
 */
export async function regainedRows(
  source: KustoClient,
  database: string,
  open: OpenIteration,
): Promise<Parked[]> {
  const parked: Parked[] = [];
  await sideBySide(exportedFewer(open), async ({ table, exported, ranges }) => {
    const { answers, unread } = await readApart(
      source,
      database,
      [table],
      (name) => name,
      () => countedAll(source, database, ranges),
    );
    parked.push(...unread);
    const [now] = answers;
    if (now !== undefined && now > exported)
      parked.push({
        table,
        reason: `Table ${table} holds ${now} rows at the source where ${exported} were exported: some were hidden from this identity meanwhile, by row-level security or restricted view access, or were moved in. Nothing of them is lost: the table's cursor stays where it is, and the next iteration copies from there. Leave such policies off while the table is copied.`,
      });
  });
  return parked;
}

function exportedFewer(open: OpenIteration): Fewer[] {
  return open.tables.flatMap((table, t) => {
    if (table.name in open.parked || table.query !== undefined) return [];
    const windows = windowsOf(open, t).flatMap(({ stage, content }, w) => {
      const range = table.windows[w];
      const isFewer =
        stage === "staged" &&
        content !== undefined &&
        range !== undefined &&
        range.kind !== "whole" &&
        content.rows < range.rows;
      return isFewer ? [{ exported: content.rows, filter: filterOfWindow(table, range) }] : [];
    });
    if (windows.length === 0) return [];
    return [
      {
        table: table.name,
        exported: windows.reduce((sum, { exported }) => sum + exported, 0),
        ranges: windows.map(({ filter }) => ({ table: table.name, filter })),
      },
    ];
  });
}

async function countedAll(
  source: KustoClient,
  database: string,
  ranges: readonly BinnedRange[],
): Promise<number> {
  let all = 0;
  for (const some of chunked(ranges, TABLES_PER_QUERY))
    for (const { rows } of await readCounts(source, database, some)) all += rows;
  return all;
}
