import type { KustoClient } from "../../kusto/client.ts";
import type { Extent } from "../../kusto/commands/extents.ts";
import { dropTables } from "../../kusto/commands/schema.ts";
import { moveTheseExtents, replaceTheseExtents } from "../../kusto/moves.ts";
import { readExtents, tableExists } from "../../kusto/reads.ts";
import type { Lake } from "../../lake/lake.ts";
import { readState, readStateOfRun, Stale } from "../../lake/log.ts";
import type { PromotionMove } from "../../model/checkpoint/entries.ts";
import { openIteration } from "../../model/checkpoint/state.ts";
import { describe, isOfOneTable, Retryable, Terminal } from "../../model/errors.ts";
import { extentsOfDays } from "../../model/resyncedDays.ts";
import type { Answer, PromotedTable, PromoteInput } from "../contract.ts";
import { clientsOf } from "../environment.ts";
import { answer } from "../outcome.ts";

/**
 * Carries out one table's intent, or rolls it forward.
 *
 * Invariants:
 * 1. Only extents that the intent names are moved, by their ids.
 * 2. An id that isn't in staging any more counts as moved only where the attempt's tag shows its rows in the
 *    destination; if it is neither here nor there, the table is stopped, and nothing is assumed.
 * 3. The move is one command: all extents of the table come at once.
 * 4. A promotion is taken back only when nothing can carry it out any more: its staging table is dropped first, so that a move
 *    which another delivery or an older run has under way fails, or has come before, and is seen in the table. The rows of a
 *    table whose promotion was taken back are copied again: what came after that would come twice.
 * 5. A snapshot table is replaced only while the log, read anew, still holds the intent: a delivery that comes late must
 *    not put an older copy, or an empty one, in the place of a newer.
 * 6. Of a table of which days are replaced, exactly the extents go that are of those days and of no other, named by their ids:
 *    they are read before the log is, so that a command which comes late finds them gone and fails, and read anew where a
 *    merge made it fail. Where they can't be told apart nothing is replaced: no cursor hangs on it, so a promotion that is
 *    taken back and comes all the same has put the days in place, and one that comes again puts them in place again.
 * 7. A replacement is one command: where some of its windows are in staging and others aren't, something else moved them, and
 *    the table is stopped.
 */
export function promoteTable({
  job,
  run,
  next,
  iteration,
  table,
}: PromoteInput): Promise<Answer<PromotedTable>> {
  return answer(async () => {
    const { lake, destination } = clientsOf(job);
    const open = openIteration(await readStateOfRun(lake, run, next), iteration);
    const move = open?.intended.find((each) => each.table === table);
    if (!move) throw new Terminal(`The log holds no intent to promote table ${table}.`, { table });
    const database = job.destination.database;
    const found = await stagedExtents(destination, database, move);
    // Without its staging table no move of this intent can come any more: what isn't in the table now never will be.
    if (found === undefined && (await nothingArrived(destination, database, move)))
      return { windows: [], stopped: [], withdrawn: [{ table, reason: goneReason(move) }] };
    const staged = found ?? new Map();
    const missing = await missingWindows(destination, database, move, staged);
    if (missing.length > 0)
      return { windows: [], stopped: [{ table, reason: lostReason(move, missing) }], withdrawn: [] };
    try {
      const undated = open?.tables.find((each) => each.name === table)?.undated ?? 0;
      const problem = await moveRest(destination, database, move, staged, undated, () =>
        refuseLateDelivery(lake, run, iteration, table),
      );
      if (problem !== undefined) return { windows: [], stopped: [], withdrawn: [{ table, reason: problem }] };
    } catch (error) {
      if (!isOfOneTable(error) || error instanceof Stale) throw error;
      return await afterRefusal(destination, database, move, staged, error, () =>
        refuseLateDelivery(lake, run, iteration, table),
      );
    }
    return { windows: move.windows.map((window) => window.window), stopped: [], withdrawn: [] };
  });
}

/** Throws where another run took over, or where this very promotion has been recorded meanwhile. */
async function refuseLateDelivery(lake: Lake, run: number, iteration: number, table: string): Promise<void> {
  const state = await readState(lake);
  const known = await readStateOfRun(lake, run, state.next);
  if (openIteration(known, iteration)?.intended.some((each) => each.table === table)) return;
  throw new Terminal(`The promotion of table ${table} has been carried out meanwhile.`, { table });
}

/**
 * What follows when the cluster refused a move. With every extent still in staging nothing was moved: the table's
 * promotion is taken back, and the others go on; except for a replacement, which a merge of the extents it drops makes
 * fail, and which is tried again. Else the move may have come through, and the next try looks again.
 */
async function afterRefusal(
  destination: KustoClient,
  database: string,
  move: PromotionMove,
  staged: ReadonlyMap<string, Extent>,
  error: Terminal,
  refuseLate: () => Promise<void>,
): Promise<PromotedTable> {
  const again = () => new Retryable(error.reason, error.context, { cause: error });
  const still = await stagedExtents(destination, database, move);
  if ((still?.size ?? 0) < staged.size) throw again();
  // A table that somebody dropped is replaced by no further try.
  if (move.replace && (await tableExists(destination, database, move.table))) throw again();
  // A stale run destroys nothing, and neither does a delivery whose promotion another one has carried out.
  await refuseLate();
  await destination.command(database, dropTables([move.staging]), { idempotent: true });
  if (!(await nothingArrived(destination, database, move))) throw again();
  return { windows: [], stopped: [], withdrawn: [{ table: move.table, reason: describe(error) }] };
}

/** The extents of a move that are in staging; undefined where the staging table isn't there. */
async function stagedExtents(
  destination: KustoClient,
  database: string,
  move: PromotionMove,
): Promise<Map<string, Extent> | undefined> {
  const ids = move.windows.flatMap((window) => window.extents);
  if (ids.length === 0) return new Map();
  if (!(await tableExists(destination, database, move.staging))) return undefined;
  const extents = await readExtents(destination, database, [move.staging], { ids });
  return new Map(extents.map((extent) => [extent.ExtentId.toLowerCase(), extent]));
}

/** Whether the table shows no row under any tag of a move; one that somebody dropped shows none. */
async function nothingArrived(
  destination: KustoClient,
  database: string,
  move: PromotionMove,
): Promise<boolean> {
  if (!(await tableExists(destination, database, move.table))) return true;
  for (const { tag } of move.windows) {
    const arrived = await readExtents(destination, database, [move.table], { tags: [tag] });
    if (arrived.length > 0) return false;
  }
  return true;
}

/** Windows whose extents are not all in staging, and whose rows the destination doesn't show either. */
async function missingWindows(
  destination: KustoClient,
  database: string,
  move: PromotionMove,
  staged: ReadonlyMap<string, Extent>,
): Promise<string[]> {
  const missing: string[] = [];
  let there: boolean | undefined;
  for (const window of move.windows) {
    const here = window.extents.filter((id) => staged.has(id.toLowerCase())).length;
    if (here === window.extents.length) continue;
    const apart = move.replace && staged.size > 0;
    there ??= await tableExists(destination, database, move.table);
    const arrived =
      here === 0 && !apart && there
        ? await readExtents(destination, database, [move.table], { tags: [window.tag] })
        : [];
    const rows = arrived.reduce((sum, extent) => sum + extent.RowCount, 0n);
    // A merge may have joined the window's rows with others, so there can be more rows under its tag, never fewer.
    if (arrived.length === 0 || rows < BigInt(window.rows)) missing.push(window.window);
  }
  return missing;
}

/** Moves what is in staging. Answers why nothing was replaced, where days can't be told apart in the table. */
async function moveRest(
  destination: KustoClient,
  database: string,
  move: PromotionMove,
  staged: ReadonlyMap<string, Extent>,
  undated: number,
  stillIntended: () => Promise<void>,
): Promise<string | undefined> {
  const context = { table: move.table };
  const extents = [...staged.values()];
  const wanted = move.windows.flatMap((window) => window.extents).length;
  if (!move.replace) {
    await moveTheseExtents(destination, database, { from: move.staging, to: move.table, extents }, context);
    return undefined;
  }
  // Already replaced: what the table holds now is the copy itself.
  if (wanted > 0 && extents.length === 0) return undefined;
  // The extents to drop are read first: were the table replaced in between, they are gone, and the command fails.
  const there = await readExtents(destination, database, [move.table], {});
  const { drop, problem } =
    move.days === undefined
      ? { drop: there, problem: undefined }
      : extentsOfDays(move.table, there, move.days, undated);
  if (problem !== undefined) return problem;
  await stillIntended();
  await replaceTheseExtents(
    destination,
    database,
    { table: move.table, drop, staging: move.staging, extents },
    context,
  );
  return undefined;
}

function goneReason(move: PromotionMove): string {
  return `Staging table ${move.staging} was dropped before its rows were moved to table ${move.table}. Nothing of them is shown; the next iteration copies them again.`;
}

function lostReason(move: PromotionMove, missing: readonly string[]): string {
  return `Rows of table ${move.table} (windows ${missing.join(", ")}) were in staging table ${move.staging} when their promotion began, and are neither there nor in the table now: something else dropped them. The table is stopped as it is: resynchronise it, which copies it whole once more in the place of what it holds.`;
}
