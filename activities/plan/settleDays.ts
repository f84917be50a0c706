import type { KustoClient } from "../../kusto/client.ts";
import type { TableSchema } from "../../kusto/commands/schema.ts";
import { windowFilter } from "../../kusto/commands/windows.ts";
import { readCounts, readExtents, tableExists } from "../../kusto/reads.ts";
import { FOLLOWED, type Parked } from "../../model/checkpoint/entries.ts";
import type { State, TableState } from "../../model/checkpoint/state.ts";
import type { Job } from "../../model/job.ts";
import { copyRecord } from "../../model/record.ts";
import { extentsOfDays, snapshotReason, undatedReason, undatedRows } from "../../model/resyncedDays.ts";
import { candidate, daysDue, isSnapshot, type Planning, resyncLane } from "./candidates.ts";
import { horizonOf } from "./horizon.ts";
import { readApart, type Unread } from "./readApart.ts";
import { pipesOf } from "./tableQueries.ts";

/** Which of the days that are due can be resynchronised. */
export interface SettledDays extends Unread {
  /** As the log will stand: without the days that are given up. */
  readonly state: State;
  /** Rows at the destination that are of no day, by table. */
  readonly undated: ReadonlyMap<string, number>;
  /** Tables whose days are given up, with the reason. */
  readonly refused: readonly Parked[];
}

/**
 * Looks whether the days that are due can be told apart at the destination. What can't is given up here, before anything is
 * copied, and looked at again where it is replaced.
 */
export async function settleDays(
  job: Job,
  source: KustoClient,
  destination: KustoClient,
  state: State,
  readable: readonly TableSchema[],
  timed: ReadonlySet<string>,
): Promise<SettledDays> {
  const planning: Planning = { job, state, lane: resyncLane(job), timed };
  const undated = new Map<string, number>();
  const refused: Parked[] = [];
  const lost: Unread = { unread: [], gone: [] };
  const tables = copyRecord(state.tables);
  for (const table of readable) {
    const days = daysDue(table.name, planning);
    if (days === undefined) continue;
    const { answers, unread, gone } = await readApart(
      source,
      job.source.database,
      [table],
      ({ name }) => name,
      () => looked(table, days, planning, source, destination),
    );
    lost.unread.push(...unread);
    lost.gone.push(...gone);
    const [found] = answers;
    if (found === undefined) continue;
    if (typeof found === "number") undated.set(table.name, found);
    else {
      const reason = `Days ${named(days)} of table ${table.name} are not resynchronised: ${found.reason}`;
      refused.push({ table: table.name, reason });
      const { days: _, ...rest }: TableState = tables[table.name] ?? NEVER;
      tables[table.name] = rest;
    }
  }
  return { state: refused.length === 0 ? state : { ...state, tables }, undated, refused, ...lost };
}

/** A table of which days are due is known. */
const NEVER: TableState = { cursor: "", backfill: "none", backfillUpTo: "" };

/** How many rows at the destination are of no day, or why its days can't be replaced. */
async function looked(
  table: TableSchema,
  days: readonly string[],
  planning: Planning,
  source: KustoClient,
  destination: KustoClient,
): Promise<number | { reason: string }> {
  const { job, state } = planning;
  const { name } = table;
  const known = state.tables[name];
  const digest = known?.signature !== undefined && known.signature !== FOLLOWED;
  if (digest || isSnapshot(name, planning)) return { reason: snapshotReason(name) };
  const own = candidate(table, planning, known?.cursor ?? "");
  const horizon = horizonOf(own, job, state);
  const early = days.find((day) => horizon !== null && day < new Date(horizon).toISOString().slice(0, 10));
  if (early !== undefined)
    return { reason: `${early} lies before the horizon ${horizon}, and is not part of the copy.` };
  const { database } = job.destination;
  if (!(await tableExists(destination, database, name)))
    return { reason: "the destination has no such table any more. Resynchronise it whole." };
  const extents = await readExtents(destination, database, [name], {});
  const loose = undatedRows(extents);
  const { problem } = extentsOfDays(name, extents, days, Number(loose));
  if (problem !== undefined) return { reason: problem };
  if (loose === 0n) return 0;
  const whole = own.after === undefined && horizon === null;
  const untimed = whole ? await untimedRows(job, source, name) : 0;
  return BigInt(untimed) === loose ? untimed : { reason: undatedReason(name, loose, BigInt(untimed)) };
}

/** Rows of the source that have no ingestion time, read through the table's query. */
async function untimedRows(job: Job, source: KustoClient, table: string): Promise<number> {
  const filter = `${windowFilter({ nullIngestionTime: true })}${pipesOf(job, table)}`;
  const counts = await readCounts(source, job.source.database, [{ table, filter }]);
  return counts.reduce((sum, { rows }) => sum + rows, 0);
}

/** Days as a reason names them. */
export function named(days: readonly string[]): string {
  return days.length <= 5 ? days.join(", ") : `${days.slice(0, 4).join(", ")} … ${days.at(-1)}`;
}
