import type { KustoClient } from "../../kusto/client.ts";
import { chooseFormat } from "../../kusto/commands/exportQuery.ts";
import { appendEntry, readStateOfRun } from "../../lake/log.ts";
import type { Lane, PlannedTable } from "../../model/checkpoint/entries.ts";
import type { State } from "../../model/checkpoint/state.ts";
import { Terminal } from "../../model/errors.ts";
import type { Job } from "../../model/job.ts";
import type { Answer, PlanInput, Planned } from "../contract.ts";
import { clientsOf, type JobClients } from "../environment.ts";
import { answer } from "../outcome.ts";
import { summary } from "../run/openRun.ts";
import { beginsAt, type Candidate, candidate, isOfLane, type Planning, resyncLane } from "./candidates.ts";
import { changedColumns, looksOther } from "./changedColumns.ts";
import { lostDays } from "./lostDays.ts";
import { isLost, type Unread } from "./readApart.ts";
import { type SettledDays, settleDays } from "./settleDays.ts";
import { goneNamed, surveySource } from "./survey.ts";
import { changedQuery, columnsOf, pipesOf } from "./tableQueries.ts";
import { tableWindows } from "./tableWindows.ts";

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
  const refusedDays = [...(lane === resyncLane(job) ? lostDays(job, state, selected) : []), ...days.refused];
  const planning: Planning = { job, state: days.state, lane, timed };
  const mine = readable.filter(({ name }) => !isLost(name, days) && isOfLane(name, planning));
  // Of an empty database, too, a job that copies only what comes notes from where on; and the first iteration tells why
  // nothing can be copied.
  const begins = state.lastIteration === 0 && (job.mode === "new" || refused.length > 0);
  if (lane === "backfill" && mine.length === 0 && !begins && refusedDays.length === 0) return undefined;

  const looked = mine.map((table) => candidate(table, planning, upTo));
  const changed = looked.flatMap((each) => changedQuery(each, job, state) ?? []);
  const candidates = looked.filter(({ table }) => !changed.some((each) => each.table === table.name));
  const found = await planTables(job, source, destination, planning, days, candidates);
  const { planned } = found;
  const unread = [...days.unread, ...found.unread];
  const gone = [...days.gone, ...found.gone];
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
      .filter((name) => !isLost(name, { unread, gone })),
    refused: [...refused, ...changed, ...unread, ...goneNamed(job, gone)].map((each) => {
      const from = selected.has(each.table) ? beginsAt(each.table, planning, upTo) : undefined;
      return { ...each, ...(from === undefined ? {} : { from }) };
    }),
    ...(refusedDays.length === 0 ? {} : { refusedDays }),
  };
}

/** Of the lane that resynchronises nothing. */
const NONE = (state: State): SettledDays => ({
  state,
  undated: new Map(),
  refused: [],
  unread: [],
  gone: [],
});

async function planTables(
  job: Job,
  source: KustoClient,
  destination: KustoClient,
  planning: Planning,
  { undated }: Pick<SettledDays, "undated">,
  candidates: readonly Candidate[],
): Promise<Unread & { planned: PlannedTable[] }> {
  const { state, lane } = planning;
  const { windows, ...lost } = await tableWindows(job, source, planning, candidates);
  // A table that is new to the copy is planned though nothing lies in it: it is created at the destination. So is one whose
  // columns or texts are others than at its last commit: the destination follows, or the table waits for it.
  const filled = candidates.filter(
    ({ table }) =>
      !isLost(table.name, lost) &&
      ((windows.get(table.name)?.ranges.length ?? 0) > 0 ||
        lane === "backfill" ||
        state.tables[table.name] === undefined ||
        looksOther(job, table, state)),
  );
  const { columns, unread, gone } = await columnsOf(
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
  return {
    planned,
    unread: [...lost.unread, ...unread, ...unsettled],
    gone: [...lost.gone, ...gone],
  };
}
