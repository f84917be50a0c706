import type { KustoClient } from "../../kusto/client.ts";
import { type BinnedRange, binsFilter } from "../../kusto/commands/bins.ts";
import { windowFilter } from "../../kusto/commands/windows.ts";
import type { WindowRange } from "../../model/checkpoint/entries.ts";
import type { State } from "../../model/checkpoint/state.ts";
import type { Job } from "../../model/job.ts";
import { planDay } from "../../model/planWindows.ts";
import { TICKS_PER_DAY, ticksFromIso } from "../../model/ticks.ts";
import type { Candidate } from "./candidates.ts";
import { horizonOf } from "./horizon.ts";
import { refinedBins } from "./refinedBins.ts";

/**
 * The windows of the days that are resynchronised, by table: each day from its first tick to its last, or from the horizon,
 * with one window at least, as a day that holds nothing any more is emptied at the destination.
 */
export async function dayWindows(
  job: Job,
  source: KustoClient,
  state: State,
  tables: readonly Candidate[],
): Promise<Map<string, WindowRange[]>> {
  if (tables.length === 0) return new Map();
  const ranges = tables.map(({ table, after, upTo, days = [] }): BinnedRange => {
    const starts = days.map(ticksFromIso);
    const [from, last] = [starts[0], starts.at(-1)];
    const to = last === undefined ? undefined : last + TICKS_PER_DAY;
    const filter = windowFilter({ after, upTo, from, to });
    return { table: table.name, filter: `${filter}${binsFilter(starts, TICKS_PER_DAY)}` };
  });
  const bins = await refinedBins(job, source, ranges);
  return new Map(
    tables.map((each) => {
      const horizon = horizonOf(each, job, state);
      const from = horizon === null ? undefined : ticksFromIso(horizon);
      const own = bins.get(each.table.name) ?? [];
      const windows = (each.days ?? []).flatMap((day) => planDay(day, own, job.windowRows, from));
      return [each.table.name, windows];
    }),
  );
}
