import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { KUSTO_TYPES } from "../../kusto/names.ts";
import { columnChanges, losesColumns } from "../../model/columnChanges.ts";

const column = fc.record({
  name: fc.constantFrom("A", "B", "C", "D", "constructor", "__proto__"),
  type: fc.constantFrom(...KUSTO_TYPES),
});
const columns = fc.uniqueArray(column, { selector: (each) => each.name, maxLength: 6 });

describe("columns that change", () => {
  it("are none where source and destination are alike, in whatever order", () => {
    fc.assert(
      fc.property(columns, (all) => {
        const none = { dropped: [], renamed: [], retyped: [] };
        expect(columnChanges(all, all, all.toReversed())).toEqual(none);
        expect(losesColumns(all, all.toReversed())).toBe(false);
      }),
    );
  });

  it("never name a column of the destination's own, and name each lost one once", () => {
    fc.assert(
      fc.property(columns, columns, columns, (copied, source, destination) => {
        const found = columnChanges(copied, source, destination);
        const lost = [...found.dropped.map((each) => each.name), ...found.renamed.map((each) => each.from)];
        const expected = copied
          .map((each) => each.name)
          .filter((name) => destination.some((each) => each.name === name))
          .filter((name) => !source.some((each) => each.name === name));
        expect(lost.toSorted()).toEqual(expected.toSorted());
      }),
    );
  });

  it("look renamed where one of a type went and one came", () => {
    const before = [
      { name: "Id", type: "long" as const },
      { name: "Old", type: "string" as const },
    ];
    const after = [
      { name: "New", type: "string" as const },
      { name: "Id", type: "long" as const },
    ];
    expect(columnChanges(before, after, before)).toEqual({
      dropped: [],
      renamed: [{ from: "Old", to: "New", type: "string" }],
      retyped: [],
    });
    const two = [...after, { name: "Other", type: "string" as const }];
    expect(columnChanges(before, two, before).dropped).toEqual([{ name: "Old", type: "string" }]);
  });
});
