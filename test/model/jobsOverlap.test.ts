import fc from "fast-check";
import { expect, test } from "vitest";
import { tableOfBoth } from "../../model/jobsOverlap.ts";
import { selectsTable } from "../../model/tableSelection.ts";

const pattern = fc
  .array(fc.constantFrom("a", "b", "*"), { minLength: 1, maxLength: 4 })
  .map((parts) => parts.join(""));
const selection = fc.record({
  include: fc.array(pattern, { maxLength: 3 }),
  exclude: fc.array(pattern, { maxLength: 3 }),
});
/** All names of up to five characters of three: enough to tell patterns of up to four apart. */
const NAMES = [1, 2, 3, 4, 5].flatMap((length) =>
  Array.from({ length: 3 ** length }, (_, n) =>
    Array.from({ length }, (_, i) => "abx"[Math.floor(n / 3 ** i) % 3]).join(""),
  ),
);

test("two selections overlap exactly where a name is in both, and such a name is told", () => {
  let both = 0;
  fc.assert(
    fc.property(selection, selection, (a, b) => {
      const isInBoth = (name: string) =>
        selectsTable(name, a.include, a.exclude) && selectsTable(name, b.include, b.exclude);
      const told = tableOfBoth(a, b);
      if (told === undefined) expect(NAMES.filter(isInBoth)).toEqual([]);
      else expect(isInBoth(told)).toBe(true);
      if (told !== undefined) both++;
    }),
    { numRuns: 300 },
  );
  expect(both).toBeGreaterThan(20);
});

test.each([
  [{ include: ["Events*"], exclude: [] }, { include: ["Logs*"], exclude: [] }, undefined],
  [{ include: [], exclude: ["Events*"] }, { include: ["Events*"], exclude: [] }, undefined],
  [{ include: ["A", "B"], exclude: [] }, { include: ["B", "C"], exclude: [] }, "B"],
  [{ include: [], exclude: [] }, { include: ["My Table"], exclude: [] }, "My Table"],
])("%j and %j share %j", (a, b, told) => expect(tableOfBoth(a, b)).toBe(told));

test("many long names are told apart in no time", () => {
  const names = (from: number) => Array.from({ length: 200 }, (_, i) => `Telemetry_${from + i}_*_Daily*`);
  expect(
    tableOfBoth({ include: names(1000), exclude: [] }, { include: names(2000), exclude: [] }),
  ).toBeUndefined();
});
