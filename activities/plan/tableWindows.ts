import type { KustoClient } from "../../kusto/client.ts";
import type { BinnedRange } from "../../kusto/commands/bins.ts";
import { windowFilter } from "../../kusto/commands/windows.ts";
import { readCounts } from "../../kusto/reads.ts";
import { FOLLOWED, type WindowRange } from "../../model/checkpoint/entries.ts";
import type { State } from "../../model/checkpoint/state.ts";
import { chunked } from "../../model/chunked.ts";
import type { Job } from "../../model/job.ts";
import { planWindows } from "../../model/planWindows.ts";
import { ticksFromIso } from "../../model/ticks.ts";
import type { Candidate, Planning } from "./candidates.ts";
import { dayWindows } from "./dayWindows.ts";
import { horizonOf, isoHorizon } from "./horizon.ts";
import { readApart, type Unread } from "./readApart.ts";
import { refinedBins, TABLES_PER_QUERY } from "./refinedBins.ts";
import { readSignature } from "./snapshotSignature.ts";
import { isReadAnew, pipesOf } from "./tableQueries.ts";

/** How a table is cut, and what it is known by where it is replaced as a whole. */
export interface TableWindows {
  readonly ranges: WindowRange[];
  readonly signature?: string;
}

/** The windows of each table that an iteration looks at; a snapshot table that hasn't changed has no entry. */
export async function tableWindows(
  job: Job,
  source: KustoClient,
  { state, lane }: Planning,
  candidates: readonly Candidate[],
): Promise<Unread & { windows: Map<string, TableWindows> }> {
  const windows = new Map<string, TableWindows>();
  const lost: Unread = { unread: [], gone: [] };
  const apart = async <R>(some: readonly Candidate[], read: (some: readonly Candidate[]) => Promise<R>) => {
    const found = await readApart(source, job.source.database, some, ({ table }) => table.name, read);
    lost.unread.push(...found.unread);
    lost.gone.push(...found.gone);
    return found.answers;
  };
  // With no history asked for, the backfill lane only notes what is there, and where each table's forward lane starts.
  const noted = lane === "backfill" && job.mode === "new";
  for (const { table, owed } of candidates) if (owed) windows.set(table.name, { ranges: [...owed] });
  const ofDays = candidates.filter((each) => each.days !== undefined);
  for (const found of await apart(ofDays, (some) => dayWindows(job, source, state, some)))
    for (const [name, ranges] of found) windows.set(name, { ranges });
  const followed = candidates.filter(
    (each) => !each.snapshot && !each.owed && !each.days && (!noted || each.resync),
  );
  for (const chunk of chunked(followed, TABLES_PER_QUERY)) {
    for (const found of await apart(chunk, (some) => timeWindows(job, source, state, some)))
      for (const [name, ranges] of found) windows.set(name, { ranges });
  }
  for (const { table } of followed.filter((one) => one.replaces)) {
    windows.set(table.name, { ranges: windows.get(table.name)?.ranges ?? [], signature: FOLLOWED });
  }
  for (const each of candidates.filter((one) => one.snapshot)) {
    const { name } = each.table;
    const [found] = await apart([each], () => readSignature(source, job.source.database, name));
    if (found === undefined) continue;
    const { signature, rows } = found;
    const readAnew = isReadAnew(name, pipesOf(job, name), state);
    if (state.tables[name]?.signature === signature && !each.resync && !readAnew) continue;
    windows.set(name, { ranges: noted && !each.resync ? [] : [{ kind: "whole", rows }], signature });
  }
  return { windows, ...lost };
}

async function timeWindows(
  job: Job,
  source: KustoClient,
  state: State,
  tables: readonly Candidate[],
): Promise<Map<string, WindowRange[]>> {
  const ranges = tables.map((each): BinnedRange => {
    const horizon = horizonOf(each, job, state);
    return {
      table: each.table.name,
      filter: windowFilter({
        ...(each.after === undefined ? {} : { after: each.after }),
        upTo: each.upTo,
        ...(horizon === null ? {} : { from: ticksFromIso(horizon) }),
      }),
    };
  });
  const bins = await refinedBins(job, source, ranges);
  const result = new Map<string, WindowRange[]>();
  for (const each of tables) {
    const planned = planWindows(bins.get(each.table.name) ?? [], job.windowRows);
    const horizon = horizonOf(each, job, state);
    const from = horizon === null ? {} : { from: isoHorizon(horizon) };
    // What replaces a table has a window though it may hold nothing.
    const first = planned[0] ?? (each.replaces ? { kind: "time" as const, rows: 0 } : undefined);
    // The horizon closes the time line on the left: what lies before it is in no window.
    if (first) planned[0] = { ...first, ...from };
    result.set(each.table.name, planned);
  }
  const whole = tables.filter((each) => each.after === undefined && horizonOf(each, job, state) === null);
  const untimed = whole.length === 0 ? new Map<string, number>() : await untimedRows(job, source, whole);
  for (const { table } of whole) {
    const rows = untimed.get(table.name) ?? 0;
    if (rows > 0) result.set(table.name, [{ kind: "untimed", rows }, ...(result.get(table.name) ?? [])]);
  }
  return result;
}

async function untimedRows(
  job: Job,
  source: KustoClient,
  tables: readonly Candidate[],
): Promise<Map<string, number>> {
  const ranges = tables.map(
    (each): BinnedRange => ({ table: each.table.name, filter: windowFilter({ nullIngestionTime: true }) }),
  );
  const found = new Map<string, number>();
  for (const { table, rows } of await readCounts(source, job.source.database, ranges)) {
    if (rows > 0) found.set(table, rows);
  }
  return found;
}
