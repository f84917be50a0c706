import fc from "fast-check";
import { expect, test } from "vitest";
import type { WindowRange } from "../../model/checkpoint/entries.ts";
import { type Bin, planWindows } from "../../model/planWindows.ts";
import {
  dayOfTicks,
  isoFromTicks,
  MAX_TICKS,
  TICKS_PER_HOUR,
  TICKS_PER_SECOND,
  ticksFromIso,
} from "../../model/ticks.ts";

const YEAR_2024 = ticksFromIso("2024-02-27T00:00:00Z");

/** Bins of some days around a leap day, of any size, in any order, with empty ones. */
const bins = fc
  .uniqueArray(
    fc.record({
      start: fc.oneof(
        fc.bigInt(0n, 120n).map((hour) => YEAR_2024 + hour * TICKS_PER_HOUR),
        fc.bigInt(0n, 432_000n).map((second) => YEAR_2024 + second * TICKS_PER_SECOND),
        fc.bigInt(0n, MAX_TICKS),
      ),
      rows: fc.nat({ max: 2000 }),
    }),
    { selector: (bin) => bin.start, maxLength: 60 },
  )
  .map((each): Bin[] => each);

const holds = (window: WindowRange, tick: bigint) =>
  (window.from === undefined || ticksFromIso(window.from) <= tick) &&
  (window.to === undefined || tick < ticksFromIso(window.to));

test("the windows partition the whole time line: any tick, counted or not, falls into exactly one", () => {
  fc.assert(
    fc.property(bins, fc.integer({ min: 1, max: 3000 }), fc.bigInt(0n, MAX_TICKS), (some, maxRows, any) => {
      const windows = planWindows(some, maxRows);
      fc.pre(windows.length > 0);
      expect(windows[0]?.from).toBeUndefined();
      expect(windows.at(-1)?.to).toBeUndefined();
      const edges = windows.flatMap((window) => (window.to === undefined ? [] : [ticksFromIso(window.to)]));
      const ticks = [
        any,
        0n,
        MAX_TICKS,
        ...edges,
        ...edges.map((edge) => edge - 1n),
        ...some.map((bin) => bin.start),
      ];
      for (const tick of ticks) {
        if (tick >= 0n) expect(windows.filter((window) => holds(window, tick))).toHaveLength(1);
      }
    }),
  );
});

test("the counted rows of a window lie in one UTC day, and are no more than allowed unless one bin holds more", () => {
  fc.assert(
    fc.property(bins, fc.integer({ min: 1, max: 3000 }), (some, maxRows) => {
      for (const window of planWindows(some, maxRows)) {
        const own = some.filter((bin) => bin.rows > 0 && holds(window, bin.start));
        expect(new Set(own.map((bin) => dayOfTicks(bin.start))).size).toBe(1);
        expect(own.reduce((sum, bin) => sum + bin.rows, 0)).toBe(window.rows);
        if (own.length > 1) expect(window.rows).toBeLessThanOrEqual(maxRows);
      }
    }),
  );
});

test("the rows of the windows add up to the rows of the bins, and no window is empty", () => {
  fc.assert(
    fc.property(bins, fc.integer({ min: 1, max: 3000 }), (some, maxRows) => {
      const windows = planWindows(some, maxRows);
      const total = (list: readonly { rows: number }[]) => list.reduce((sum, each) => sum + each.rows, 0);
      expect(total(windows)).toBe(total(some));
      expect(windows.every((window) => window.rows > 0)).toBe(true);
    }),
  );
});

test("windows are as few as the day and the row limit allow", () => {
  const hours = (n: number, rows: number) =>
    Array.from({ length: n }, (_, i) => ({ start: YEAR_2024 + BigInt(i) * TICKS_PER_HOUR, rows }));
  expect(planWindows(hours(24, 10), 240)).toEqual([{ kind: "time", rows: 240 }]);
  expect(planWindows(hours(25, 10), 1000)).toEqual([
    { kind: "time", to: isoFromTicks(YEAR_2024 + 24n * TICKS_PER_HOUR), rows: 240 },
    { kind: "time", from: isoFromTicks(YEAR_2024 + 24n * TICKS_PER_HOUR), rows: 10 },
  ]);
  expect(planWindows([], 10)).toEqual([]);
  expect(planWindows(hours(3, 0), 10)).toEqual([]);
});
