import type { KustoClient } from "../../kusto/client.ts";
import type { BinnedRange } from "../../kusto/commands/bins.ts";
import { chooseFormat } from "../../kusto/commands/exportQuery.ts";
import { windowFilter } from "../../kusto/commands/windows.ts";
import { readCounts } from "../../kusto/reads.ts";
import { appendEntry, readStateOfRun } from "../../lake/log.ts";
import {
  FOLLOWED,
  type Lane,
  type Parked,
  type PlannedTable,
  type WindowRange,
} from "../../model/checkpoint/entries.ts";
import type { State } from "../../model/checkpoint/state.ts";
import { chunked } from "../../model/chunked.ts";
import { Terminal } from "../../model/errors.ts";
import type { Job } from "../../model/job.ts";
import { planWindows } from "../../model/planWindows.ts";
import { ticksFromIso } from "../../model/ticks.ts";
import type { Answer, PlanInput, Planned } from "../contract.ts";
import { clientsOf, type JobClients } from "../environment.ts";
import { answer } from "../outcome.ts";
import { summary } from "../run/openRun.ts";
import { beginsAt, type Candidate, candidate, isOfLane, type Planning, resyncLane } from "./candidates.ts";
import { changedColumns, looksOther } from "./changedColumns.ts";
import { dayWindows } from "./dayWindows.ts";
import { horizonOf, isoHorizon } from "./horizon.ts";
import { refinedBins, TABLES_PER_QUERY } from "./refinedBins.ts";
import { type SettledDays, settleDays } from "./settleDays.ts";
import { readSignature } from "./snapshotSignature.ts";
import { surveySource } from "./survey.ts";
import { changedQuery, columnsOf, isReadAnew, pipesOf } from "./tableQueries.ts";

/**
 * Plans an iteration of a lane and writes the plan to the log: cursor B, frozen columns, windows. Reads the source
 * with strong consistency. Delivered twice, it finds the plan that was written first.
 */
export function planIteration({ job, run, next, lane }: PlanInput): Promise<Answer<Planned>> {
  return answer(async () => {
    const clients = clientsOf(job);
    const { lake } = clients;
    const state = await readStateOfRun(lake, run, next);
    if (state.next === next) {
      const body = await plan(job, clients, state, lane);
      if (!body) return { next, iteration: null, readAt: null };
      await appendEntry(lake, { number: next, run, step: `plan ${lane}` }, body);
    }
    const open = (await readStateOfRun(lake, run, next + 1)).open[lane];
    if (!open) throw new Terminal(`Log entry ${next} should hold the plan of a ${lane} iteration.`);
    return { next: next + 1, iteration: summary(open), readAt: open.readAt };
  });
}

/**
 * The plan of a lane's next iteration as the source stands now: what the log would hold of it. Nothing is changed by
 * asking. Undefined where the lane has nothing to do. The destination is asked only where columns that were copied are gone.
 */
export async function plan(
  job: Job,
  { source, destination }: Pick<JobClients, "source" | "destination">,
  state: State,
  lane: Lane,
) {
  const { readAt, upTo, selected, readable, timed, refused } = await surveySource(job, source, state);
  const days =
    lane === resyncLane(job)
      ? await settleDays(job, source, destination, state, readable, timed)
      : NONE(state);
  const planning: Planning = { job, state: days.state, lane, timed };
  const mine = readable.filter((table) => isOfLane(table.name, planning));
  // Of an empty database, too, a job that copies only what comes notes from where on; and the first iteration tells why
  // nothing can be copied.
  const begins = state.lastIteration === 0 && (job.mode === "new" || refused.length > 0);
  if (lane === "backfill" && mine.length === 0 && !begins && days.refused.length === 0) return undefined;

  const looked = mine.map((table) => candidate(table, planning, upTo));
  const changed = looked.flatMap((each) => changedQuery(each, job, state) ?? []);
  const candidates = looked.filter(({ table }) => !changed.some((each) => each.table === table.name));
  const { planned, unread } = await planTables(job, source, destination, planning, days, candidates);
  return {
    kind: "iterationPlanned" as const,
    iteration: state.lastIteration + 1,
    lane,
    upTo,
    readAt,
    tables: planned,
    quiet: candidates
      .map(({ table }) => table.name)
      .filter((name) => !planned.some((each) => each.name === name))
      .filter((name) => !unread.some((each) => each.table === name)),
    refused: [...refused, ...changed, ...unread].map((each) => {
      const from = selected.has(each.table) ? beginsAt(each.table, planning, upTo) : undefined;
      return { ...each, ...(from === undefined ? {} : { from }) };
    }),
    ...(days.refused.length === 0 ? {} : { refusedDays: [...days.refused] }),
  };
}

/** Of the lane that resynchronises nothing. */
const NONE = (state: State): SettledDays => ({ state, undated: new Map(), refused: [] });

async function planTables(
  job: Job,
  source: KustoClient,
  destination: KustoClient,
  { state, lane }: Planning,
  { undated }: Pick<SettledDays, "undated">,
  candidates: readonly Candidate[],
): Promise<{ planned: PlannedTable[]; unread: Parked[] }> {
  // With no history asked for, the backfill lane only notes what is there, and where each table's forward lane starts.
  const noted = lane === "backfill" && job.mode === "new";
  const windows = new Map<string, { ranges: WindowRange[]; signature?: string }>();
  for (const { table, owed } of candidates) if (owed) windows.set(table.name, { ranges: [...owed] });
  const ofDays = candidates.filter((each) => each.days !== undefined);
  for (const [name, ranges] of await dayWindows(job, source, state, ofDays)) windows.set(name, { ranges });
  const followed = candidates.filter(
    (each) => !each.snapshot && !each.owed && !each.days && (!noted || each.resync),
  );
  for (const some of chunked(followed, TABLES_PER_QUERY)) {
    for (const [name, ranges] of await timeWindows(job, source, state, some)) windows.set(name, { ranges });
  }
  for (const each of followed.filter((one) => one.replaces)) {
    windows.set(each.table.name, { ranges: windows.get(each.table.name)?.ranges ?? [], signature: FOLLOWED });
  }
  for (const each of candidates.filter((one) => one.snapshot)) {
    const { signature, rows } = await readSignature(source, job.source.database, each.table.name);
    const readAnew = isReadAnew(each.table.name, pipesOf(job, each.table.name), state);
    if (state.tables[each.table.name]?.signature === signature && !each.resync && !readAnew) continue;
    windows.set(each.table.name, {
      ranges: noted && !each.resync ? [] : [{ kind: "whole", rows }],
      signature,
    });
  }
  // A table that is new to the copy is planned though nothing lies in it: it is created at the destination. So is one whose
  // columns or texts are others than at its last commit: the destination follows, or the table waits for it.
  const filled = candidates.filter(
    ({ table }) =>
      (windows.get(table.name)?.ranges.length ?? 0) > 0 ||
      lane === "backfill" ||
      state.tables[table.name] === undefined ||
      looksOther(job, table, state),
  );
  const { columns, unread } = await columnsOf(
    job,
    source,
    filled.map(({ table }) => table),
  );
  const unsettled = await changedColumns(job, destination, state, columns);
  const planned = filled.flatMap(({ table, after, upTo, resync, days }): PlannedTable[] => {
    const own = columns.get(table.name);
    if (own === undefined || unsettled.some((each) => each.table === table.name)) return [];
    // Of a table that was copied whole and hasn't changed, the signature stays what it was.
    const found = windows.get(table.name) ?? { ranges: [], signature: state.tables[table.name]?.signature };
    const pipes = pipesOf(job, table.name);
    return [
      {
        name: table.name,
        folder: table.folder,
        docstring: table.docstring,
        columns: own,
        ...(pipes === "" ? {} : { query: pipes }),
        format: job.format === "auto" ? chooseFormat(own) : job.format,
        ...(after === undefined ? {} : { after }),
        upTo,
        ...(found.signature === undefined ? {} : { signature: found.signature }),
        ...(resync ? { resync } : {}),
        ...(days === undefined ? {} : { days: [...days], undated: undated.get(table.name) ?? 0 }),
        windows: found.ranges,
      },
    ];
  });
  return { planned, unread: [...unread, ...unsettled] };
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
