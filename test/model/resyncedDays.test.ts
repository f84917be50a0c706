import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  daysOfExtent,
  extentsOfDays,
  MOST_DAYS,
  readDays,
  refusedDays,
  undatedRows,
} from "../../model/resyncedDays.ts";
import { dayOfTicks, TICKS_PER_DAY, ticksFromIso } from "../../model/ticks.ts";
import { committed, copied, moment, opening, planned, sampleJob, stateOf } from "./checkpoint/sampleLog.ts";

const anyDay = fc.integer({ min: 0, max: 400 }).map((day) => dayAt(day));

function dayAt(day: number): string {
  return dayOfTicks(ticksFromIso("2023-12-01") + BigInt(day) * TICKS_PER_DAY);
}

describe("days as people write them", () => {
  it("are each day of every range once, the oldest first", () => {
    expect(readDays(["2024-02-28..2024-03-01", "2024-02-29", " 2024-01-02 "])).toEqual({
      days: ["2024-01-02", "2024-02-28", "2024-02-29", "2024-03-01"],
      problems: [],
    });
    fc.assert(
      fc.property(
        fc.array(fc.tuple(anyDay, fc.nat({ max: 20 })), { minLength: 1, maxLength: 8 }),
        (ranges) => {
          const ends = ranges.map(([from, length]) => {
            const last = dayOfTicks(ticksFromIso(from) + BigInt(length) * TICKS_PER_DAY);
            return { text: length === 0 ? from : `${from}..${last}`, from, last };
          });
          const { days, problems } = readDays(ends.map(({ text }) => text));
          expect(problems).toEqual([]);
          const every = Array.from({ length: 430 }, (_, day) => dayAt(day));
          expect(days).toEqual(
            every.filter((day) => ends.some(({ from, last }) => from <= day && day <= last)),
          );
        },
      ),
    );
  });

  it.each([
    ["2024-02-30", "is no day"],
    ["24-02-03", "is no day"],
    ["2024-02-03T00:00:00Z", "is no day"],
    ["2024-02-03..", "is no day"],
    ["2024-02-03..2024-02-04..2024-02-05", "is no day"],
    ["", "is no day"],
    ["yesterday", "is no day"],
    ["2024-02-04..2024-02-03", "ends before it begins"],
    ["0001-01-01..9999-12-31", `more than ${MOST_DAYS} days`],
  ])("%j is told as what it is, with its place", (text, detail) => {
    expect(readDays(["2024-02-03", text]).problems).toEqual([
      { at: 1, detail: expect.stringContaining(detail) },
    ]);
  });
});

describe("days of tables that the log knows", () => {
  const log = (signature?: string) => [
    { ...opening, job: { ...sampleJob, tables: { ...sampleJob.tables, snapshot: ["Declared"] } } },
    planned(1, "backfill", {
      tables: { T: 1 },
      quiet: ["Declared"],
      readAt: moment(30),
      ...(signature === undefined ? {} : { signature }),
    }),
    ...copied(1, "T"),
    committed(1),
  ];
  const state = stateOf(log());
  const asked = (tables: readonly string[], days: readonly string[], of = state) =>
    refusedDays(of, tables, days, new Date("2026-01-03T00:00:00Z"));

  it("are taken up to the day that the copy stands at", () => {
    expect(asked(["T"], ["2025-12-31", "2026-01-01"])).toEqual([]);
  });

  it("are refused where they are to come, or come after what is copied", () => {
    expect(asked(["T"], ["2026-01-04"])).toMatchObject([
      { about: "days", detail: expect.stringContaining("still to come") },
    ]);
    expect(asked(["T"], ["2026-01-01", "2026-01-02"])).toMatchObject([
      { about: "days", detail: expect.stringContaining("Nothing of 2026-01-02 is copied yet") },
    ]);
  });

  it("are refused of snapshot tables, and of tables that have stopped", () => {
    expect(asked(["T", "Declared"], ["2026-01-01"], stateOf(log("digest")))).toMatchObject([
      { about: "tables", detail: expect.stringContaining("Table T is copied whole") },
      { about: "tables", detail: expect.stringContaining("Table Declared is copied whole") },
    ]);
    const known = state.tables.T;
    if (!known) throw new Error("The sample has no table T.");
    expect(
      asked(["T"], ["2026-01-01"], { ...state, tables: { T: { ...known, stopped: "It is." } } }),
    ).toMatchObject([{ about: "tables", detail: expect.stringContaining("has stopped") }]);
  });
});

describe("extents of days", () => {
  const anyExtent = fc.record({
    RowCount: fc.bigInt({ min: 1n, max: 9n }),
    Tags: fc.subarray([
      "drop-by:kc-2024-05-01",
      "drop-by:kc-2024-05-02",
      "drop-by:kc-2024-05-03",
      "kc:1",
      "drop-by:x",
    ]),
  });

  it("are dropped where all that they hold is of the days, and left where nothing is; else nothing is dropped", () => {
    fc.assert(
      fc.property(
        fc.array(anyExtent, { maxLength: 12 }),
        fc.subarray(["2024-05-01", "2024-05-02", "2024-05-03"], { minLength: 1 }),
        fc.nat({ max: 20 }),
        (extents, days, undated) => {
          const { drop, problem } = extentsOfDays("T", extents, days, undated);
          const isOf = (extent: (typeof extents)[number]) =>
            daysOfExtent(extent).some((day) => days.includes(day));
          const mixed = extents.some(
            (extent) => isOf(extent) && daysOfExtent(extent).some((day) => !days.includes(day)),
          );
          if (mixed || undatedRows(extents) > BigInt(undated)) {
            expect(problem).toBeDefined();
            expect(drop).toEqual([]);
          } else {
            expect(problem).toBeUndefined();
            expect(drop).toEqual(extents.filter(isOf));
          }
        },
      ),
    );
  });

  it("are told by the copy's own tags alone", () => {
    const Tags = ["drop-by:kc-2024-05-01x", "xdrop-by:kc-2024-05-01", "drop-by:2024-05-01", "kc-2024-05-01"];
    expect(daysOfExtent({ RowCount: 1n, Tags })).toEqual([]);
  });
});
