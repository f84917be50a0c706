import { type ErrorContext, Terminal } from "../model/errors.ts";
import { TICKS_PER_DAY, ticksFromIso } from "../model/ticks.ts";
import { type KustoClient, rowsOf } from "./client.ts";
import {
  type CreatedRange,
  type Extent,
  failedMoves,
  type MovedExtent,
  moveAnswer,
  moveExtents,
  replaceExtents,
} from "./commands/extents.ts";

/** The longest time a management command may take (`kusto/management/index.md`). */
const HOUR_MS = 3_600_000;

/**
 * Moves these very extents, all or none, and answers the ids they have now (`kusto/management/move-extents.md`).
 * Throws where the answer doesn't account for each of them: an answer that is empty is no success.
 */
export async function moveTheseExtents(
  client: KustoClient,
  database: string,
  move: { readonly from: string; readonly to: string; readonly extents: readonly Extent[] },
  context: ErrorContext,
): Promise<string[]> {
  if (move.extents.length === 0) return [];
  const ids = move.extents.map((extent) => extent.ExtentId);
  const command = moveExtents({ from: move.from, to: move.to, ids, ...createdRange(move.extents) });
  const rows = rowsOf(moveAnswer, await client.command(database, command, { timeoutMs: HOUR_MS, context }));
  return resultIds(rows, ids, context);
}

/**
 * Replaces a table's extents by those of staging, in one transaction (`kusto/management/replace-extents.md`). Throws where the
 * answer doesn't account for each that was to come, or, where none was, for each that was to go.
 */
export async function replaceTheseExtents(
  client: KustoClient,
  database: string,
  replace: {
    readonly table: string;
    readonly drop: readonly Extent[];
    readonly staging: string;
    readonly extents: readonly Extent[];
  },
  context: ErrorContext,
): Promise<void> {
  const all = [...replace.drop, ...replace.extents];
  if (all.length === 0) return;
  const ids = replace.extents.map((extent) => extent.ExtentId);
  const command = replaceExtents({
    table: replace.table,
    dropIds: replace.drop.map((extent) => extent.ExtentId),
    staging: replace.staging,
    moveIds: ids,
    ...createdRange(all),
  });
  const rows = rowsOf(moveAnswer, await client.command(database, command, { timeoutMs: HOUR_MS, context }));
  resultIds(rows, ids, context);
  if (ids.length > 0) return;
  const gone = new Set(rows.map((row) => row.OriginalExtentId.toLowerCase()));
  const left = replace.drop.find((extent) => !gone.has(extent.ExtentId.toLowerCase()));
  if (left)
    throw new Terminal(`The answer to the replacement says nothing of extent ${left.ExtentId}.`, context);
}

function resultIds(rows: readonly MovedExtent[], ids: readonly string[], context: ErrorContext): string[] {
  const failures = failedMoves(rows);
  if (failures.length > 0)
    throw new Terminal(`Extents could not be moved: ${failures[0]?.Details ?? "no details"}`, context);
  const results = new Map(rows.map((row) => [row.OriginalExtentId.toLowerCase(), row.ResultExtentId ?? ""]));
  return ids.map((id) => {
    const result = results.get(id.toLowerCase());
    if (!result) throw new Terminal(`The answer to the move says nothing of extent ${id}.`, context);
    return result;
  });
}

/** Bounds of the extents' creation times, a day wider on each side, as the documentation leaves open whether they count. */
export function createdRange(extents: readonly Extent[]): CreatedRange {
  const from = extents.map((extent) => ticksFromIso(extent.MinCreatedOn)).reduce((a, b) => (a < b ? a : b));
  const to = extents.map((extent) => ticksFromIso(extent.MaxCreatedOn)).reduce((a, b) => (a > b ? a : b));
  return { createdFrom: from > TICKS_PER_DAY ? from - TICKS_PER_DAY : 0n, createdTo: to + TICKS_PER_DAY };
}
