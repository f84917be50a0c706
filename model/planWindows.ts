import type { WindowRange } from "./checkpoint/entries.ts";
import { dayOfTicks, isoFromTicks } from "./ticks.ts";

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
