import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { FinishedIteration } from "../../model/checkpoint/state.ts";
import { estimate } from "../../model/estimate.ts";

const slots = fc.record({
  export: fc.integer({ min: 1, max: 100 }),
  ingestion: fc.integer({ min: 1, max: 512 }),
  query: fc.integer({ min: 1, max: 100 }),
});
const work = fc.record({
  windows: fc.integer({ min: 1, max: 100_000 }),
  rows: fc.integer({ min: 1, max: 2 ** 40 }),
  bytes: fc.option(fc.integer({ min: 0, max: 2 ** 50 })),
});

function finished(rows: number, seconds: number): FinishedIteration {
  return {
    iteration: 1,
    run: 0,
    lane: "backfill",
    upTo: "1",
    readAt: "2026-01-01T00:00:00.000Z",
    committedAt: new Date(Date.parse("2026-01-01T00:00:00.000Z") + seconds * 1000).toISOString(),
    tables: [{ name: "T", windows: 1, rows, bytes: 0 }],
  };
}

describe("the estimate of a copy's time", () => {
  it("is a range, and more work or fewer slots never make it shorter", () => {
    fc.assert(
      fc.property(work, slots, (todo, with_) => {
        const { low, high, how } = estimate(todo, 1, with_, []);
        expect(low).toBeGreaterThan(0);
        expect(high).toBeGreaterThanOrEqual(low);
        expect(how).not.toBe("");
        const half = {
          ...with_,
          export: Math.ceil(with_.export / 2),
          ingestion: Math.ceil(with_.ingestion / 2),
        };
        const slower = estimate(todo, 1, half, []);
        expect([slower.low >= low, slower.high >= high]).toEqual([true, true]);
        const larger = estimate(
          { ...todo, bytes: todo.bytes === null ? null : todo.bytes * 2 },
          2,
          with_,
          [],
        );
        expect([larger.low >= low, larger.high >= high]).toEqual([true, true]);
      }),
    );
  });

  it("goes by what this copy has shown, where an iteration was large enough to tell", () => {
    const todo = { windows: 10, rows: 10_000_000, bytes: null };
    const three = { export: 4, ingestion: 4, query: 4 };
    const seen = estimate(todo, 1, three, [finished(5_000_000, 100), finished(10, 5000)]);
    expect(seen).toMatchObject({ low: 110, high: 460, how: expect.stringMatching(/50000 rows a second/) });
    expect(estimate(todo, 1, three, [finished(10, 5000)]).how).toMatch(/10 windows, 4 at a time/);
  });
});
