import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { explained, type Seen } from "../../model/difference.ts";

const seen: Seen = {
  table: "T",
  source: { rows: 20 },
  destination: { rows: 20 },
  days: [],
  doubled: 0,
  keptFrom: { source: undefined, destination: undefined },
  changedSince: false,
};
const day = fc.record({
  day: fc.option(fc.constantFrom("2026-01-05", "2026-01-06", "2026-01-07")),
  source: fc.integer({ min: 0, max: 50 }),
  destination: fc.integer({ min: 0, max: 50 }),
});

describe("a difference", () => {
  it("is never laid on the source where rows are missing, came twice, or were changed or added at the destination", () => {
    fc.assert(
      fc.property(
        fc.array(day, { minLength: 1, maxLength: 6 }),
        fc.integer({ min: 0, max: 5 }),
        (days, doubled) => {
          const source = { rows: days.reduce((sum, each) => sum + each.source, 0) };
          const destination = { rows: days.reduce((sum, each) => sum + each.destination, 0) };
          const told = explained({ ...seen, source, destination, days, doubled });
          const onlyFewer = days.every((each) => each.day !== null && each.source < each.destination);
          expect(told.state).toBe(onlyFewer && doubled === 0 ? "changed" : "different");
          expect(told.reason).not.toBe("");
          expect(told.advice).not.toBe(null);
        },
      ),
    );
  });

  it("that a side's retention has made is told as that", () => {
    const old = [{ day: "2026-01-05", source: 0, destination: 5 }];
    const fewer = { ...seen, source: { rows: 15 }, days: old };
    const kept = { source: "2026-01-06", destination: "2026-01-06" };
    expect(explained({ ...fewer, keptFrom: kept }).reason).toMatch(
      /its retention keeps rows from 2026-01-06 on/,
    );
    expect(explained(fewer).reason).toMatch(/deleted there since/);
    const lost = {
      ...seen,
      destination: { rows: 15 },
      days: [{ day: "2026-01-05", source: 5, destination: 0 }],
    };
    expect(explained({ ...lost, keptFrom: kept }).reason).toMatch(/older than what its retention keeps/);
    expect(explained(lost).reason).not.toMatch(/retention/);
  });

  it("of a table whose days can't be told says that it can't tell rows that came twice", () => {
    const told = explained({ ...seen, source: { rows: 10 }, days: undefined });
    expect(told).toMatchObject({
      state: "changed",
      reason: expect.stringMatching(/came twice would look the same/),
    });
    expect(explained({ ...seen, destination: { rows: 10 }, days: undefined })).toMatchObject({
      state: "different",
    });
    expect(explained({ ...seen, changedSince: true, days: undefined })).toMatchObject({ state: "changed" });
  });
});
