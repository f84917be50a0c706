import type { WindowRange } from "./checkpoint/entries.ts";
import { dayOfTicks, isoFromTicks, TICKS_PER_DAY, ticksFromIso } from "./ticks.ts";

/** Rows that share a range of ingestion times; `start` in ticks, inclusive. */
export interface Bin {
  readonly start: bigint;
  readonly rows: number;
}

/**
 * Cuts a table's time line into windows of at most `maxRows` rows where the bins allow it.
 *
 * Invariants:
 * 1. The windows partition the whole time line: the first is open to the left, the last to the right, and each ends
 *    where the next begins. A row whose ingestion time lies in no counted bin still falls into exactly one.
 * 2. The bins of one window lie in one UTC day, so that its extents can carry that day's creation time.
 * 3. The rows of the windows add up to the rows of the bins.
 */
export function planWindows(bins: readonly Bin[], maxRows: number): WindowRange[] {
  const sorted = bins.filter((bin) => bin.rows > 0).toSorted((a, b) => (a.start < b.start ? -1 : 1));
  const groups: { start: bigint; day: string; rows: number }[] = [];
  for (const bin of sorted) {
    const last = groups.at(-1);
    const day = dayOfTicks(bin.start);
    if (last && last.day === day && last.rows + bin.rows <= maxRows) last.rows += bin.rows;
    else groups.push({ start: bin.start, day, rows: bin.rows });
  }
  return groups.map((group, i) => {
    const next = groups[i + 1];
    return {
      kind: "time",
      ...(i === 0 ? {} : { from: isoFromTicks(group.start) }),
      ...(next ? { to: isoFromTicks(next.start) } : {}),
      rows: group.rows,
    };
  });
}

/**
 * Cuts one UTC day into windows as `planWindows` does: together they are the whole day, or what of it lies at or after `from`
 * (ticks). There is one at least, though it may hold nothing. Bins of other days are left out.
 */
export function planDay(day: string, bins: readonly Bin[], maxRows: number, from?: bigint): WindowRange[] {
  const start = ticksFromIso(day);
  const own = planWindows(
    bins.filter((bin) => dayOfTicks(bin.start) === day),
    maxRows,
  );
  const windows: WindowRange[] = own.length === 0 ? [{ kind: "time", rows: 0 }] : own;
  const begin = isoFromTicks(from !== undefined && from > start ? from : start);
  return windows.map((window, i) => ({
    ...window,
    ...(i === 0 ? { from: begin } : {}),
    ...(i === windows.length - 1 ? { to: isoFromTicks(start + TICKS_PER_DAY) } : {}),
  }));
}
