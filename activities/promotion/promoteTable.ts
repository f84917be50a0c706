import type { KustoClient } from "../../kusto/client.ts";
import type { Extent } from "../../kusto/commands/extents.ts";
import { dropTables } from "../../kusto/commands/schema.ts";
import { moveTheseExtents, replaceTheseExtents } from "../../kusto/moves.ts";
import { readExtents, tableExists } from "../../kusto/reads.ts";
import type { Lake } from "../../lake/lake.ts";
import { readState, readStateOfRun, Stale } from "../../lake/log.ts";
import type { PromotionMove } from "../../model/checkpoint/entries.ts";
import { openIteration } from "../../model/checkpoint/state.ts";
import { describe, following, isOfOneTable, Retryable, Terminal, unstopped } from "../../model/errors.ts";
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
 * 8. A replacement that is refused for good is taken back like a move, after its tries, as a merge of what it drops makes one
 *    fail that the next can make. Had it been made all the same, that is seen: by its rows in the table, or, where nothing
 *    comes in the place of what goes, by there being nothing left to go.
 * 9. What a promotion is taken back for outlives a failure of what follows the drop of its staging table: after that nothing
 *    but this failure tells it.
 */
export function promoteTable({
  job,
  run,
  next,
  iteration,
  table,
  last = false,
}: PromoteInput): Promise<Answer<PromotedTable>> {
  return answer(async () => {
    const { lake, destination } = clientsOf(job);
    const open = openIteration(await readStateOfRun(lake, run, next), iteration);
    const move = open?.intended.find((each) => each.table === table);
    if (!move) throw new Terminal(`The log holds no intent to promote table ${table}.`, { table });
    const database = job.destination.database;
    const undated = open?.tables.find((each) => each.name === table)?.undated ?? 0;
    const promotion: Promotion = {
      destination,
      database,
      move,
      undated,
      last,
      stillIntended: () => refuseLateDelivery(lake, run, iteration, table),
    };
    const staged = await stagedExtents(destination, database, move);
    if (staged === undefined) return await withoutStaging(promotion, goneReason(move));
    const lost = await lostRows(promotion, staged);
    if (lost) return lost;
    try {
      const problem = await moveRest(promotion, staged);
      return problem === undefined ? done(move) : withdrawn(move, problem);
    } catch (error) {
      if (!isOfOneTable(error) || error instanceof Stale) throw error;
      return await afterRefusal(promotion, staged, error);
    }
  });
}

/** One table's intent, and what it takes to carry it out. */
interface Promotion {
  readonly destination: KustoClient;
  readonly database: string;
  readonly move: PromotionMove;
  /** With days that are replaced: rows of the table that are of no day, as the plan found them. */
  readonly undated: number;
  /** Whether a replacement that is refused isn't tried again. */
  readonly last: boolean;
  /** Throws where another run took over, or where this very promotion has been recorded meanwhile. */
  readonly stillIntended: () => Promise<void>;
}

async function refuseLateDelivery(lake: Lake, run: number, iteration: number, table: string): Promise<void> {
  const state = await readState(lake);
  const known = await readStateOfRun(lake, run, state.next);
  if (openIteration(known, iteration)?.intended.some((each) => each.table === table)) return;
  throw new Terminal(`The promotion of table ${table} has been carried out meanwhile.`, { table });
}

/**
 * What follows when the cluster refused a move. With every extent still in staging nothing was moved: the table's promotion is
 * taken back, and the others go on; a replacement's after its tries, or where the table it would replace was dropped. Else the
 * move may have come through, and the next try looks again.
 */
async function afterRefusal(
  promotion: Promotion,
  staged: ReadonlyMap<string, Extent>,
  error: Terminal,
): Promise<PromotedTable> {
  const { destination, database, move, last, stillIntended } = promotion;
  const again = () => new Retryable(error.reason, error.context, { cause: error });
  const still = await stagedExtents(destination, database, move);
  if ((still?.size ?? 0) < staged.size) throw again();
  const there = await tableExists(destination, database, move.table);
  if (there && move.replace) {
    if (!last) throw again();
    if (staged.size === 0 && (await isEmptied(promotion))) return done(move);
  }
  // A stale run destroys nothing, and neither does a delivery whose promotion another one has carried out.
  await stillIntended();
  try {
    await destination.command(database, dropTables([move.staging]), { idempotent: true });
    return await withoutStaging(promotion, there ? refusedReason(move, error) : droppedReason(move));
  } catch (failure) {
    throw following(failure, error);
  }
}

/** Whether nothing is left of what a replacement takes away. */
async function isEmptied(promotion: Promotion): Promise<boolean> {
  const { drop, problem } = await extentsToDrop(promotion);
  return problem === undefined && drop.length === 0;
}

/** What became of a move without whose staging table none of it can come any more: what isn't in the table now never will be. */
async function withoutStaging(promotion: Promotion, reason: string): Promise<PromotedTable> {
  const { destination, database, move } = promotion;
  if (await nothingArrived(destination, database, move)) return withdrawn(move, reason);
  return (await lostRows(promotion, new Map())) ?? done(move);
}

/** The stop of a table of which rows are neither in staging nor in the table; undefined where all are here or there. */
async function lostRows(
  { destination, database, move }: Promotion,
  staged: ReadonlyMap<string, Extent>,
): Promise<PromotedTable | undefined> {
  const missing = await missingWindows(destination, database, move, staged);
  if (missing.length > 0)
    return {
      windows: [],
      stopped: [{ table: move.table, reason: lostReason(move, missing) }],
      withdrawn: [],
    };
  return undefined;
}

function done({ windows }: PromotionMove): PromotedTable {
  return { windows: windows.map((each) => each.window), stopped: [], withdrawn: [] };
}

function withdrawn({ table }: PromotionMove, reason: string): PromotedTable {
  return { windows: [], stopped: [], withdrawn: [{ table, reason }] };
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
  promotion: Promotion,
  staged: ReadonlyMap<string, Extent>,
): Promise<string | undefined> {
  const { destination, database, move, stillIntended } = promotion;
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
  const { drop, problem } = await extentsToDrop(promotion);
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

/** What a replacement takes away: all that the table holds, or what it holds of its days; or why that can't be told. */
async function extentsToDrop({
  destination,
  database,
  move: { table, days },
  undated,
}: Promotion): Promise<{ readonly drop: Extent[]; readonly problem?: string }> {
  const there = await readExtents(destination, database, [table], {});
  return days === undefined ? { drop: there } : extentsOfDays(table, there, days, undated);
}

function refusedReason({ replace, windows }: PromotionMove, error: Terminal): string {
  const refused = unstopped(describe(error));
  const next = "mend the reason, and the next iteration copies it again";
  if (!replace) return `${refused}. None of the rows that were to come is shown: ${next}.`;
  if (windows.some(({ extents }) => extents.length > 0))
    return `${refused}. The table stays as it was: ${next}.`;
  // Without rows in staging nothing keeps a command that is still under way from coming.
  return `${refused}. What was to be taken away is still there, unless a command that is still under way takes it yet: ${next}.`;
}

function droppedReason({ table, replace }: PromotionMove): string {
  const before = replace ? "it was replaced" : "rows were moved into it";
  return `Table ${table} was dropped at the destination before ${before}. The next iteration creates it, and copies this once more; what it held besides comes back when it is resynchronised.`;
}

function goneReason(move: PromotionMove): string {
  return `Staging table ${move.staging} was dropped before its rows were moved to table ${move.table}: by somebody else, or by the copy itself once the destination had refused them for good, where it was cut off before it told so (what was tried again, or the failure of a run, may tell it). None of these rows is shown; the next iteration copies them again, and tells a refusal that lasts.`;
}

function lostReason(move: PromotionMove, missing: readonly string[]): string {
  return `Rows of table ${move.table} (windows ${missing.join(", ")}) were in staging table ${move.staging} when their promotion began, and are neither there nor in the table now: something else dropped them. The table is stopped as it is: resynchronise it, which copies it whole once more in the place of what it holds.`;
}
