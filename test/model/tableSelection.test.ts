import fc from "fast-check";
import { expect, test } from "vitest";
import { selectsTable, unknownNames } from "../../model/tableSelection.ts";

const text = fc.string({ maxLength: 8, unit: fc.constantFrom("a", "b", ".", "[", "\\", "$", " ", "A") });
const pattern = fc.string({
  maxLength: 8,
  unit: fc.constantFrom("a", "b", ".", "[", "\\", "$", " ", "A", "*"),
});

/** The meaning of a pattern, said once more: the slow way. */
function means(of: string, name: string): boolean {
  if (of === "") return name === "";
  if (of.startsWith("*")) return means(of.slice(1), name) || (name !== "" && means(of, name.slice(1)));
  return name.startsWith(of.charAt(0)) && means(of.slice(1), name.slice(1));
}

test("a star stands for any run of characters, every other character for itself, and case matters", () => {
  fc.assert(
    fc.property(pattern, text, (of, name) => {
      expect(selectsTable(name, [of], [])).toBe(means(of, name));
    }),
    { numRuns: 2000 },
  );
});

test.each([
  ["a*a", "a", false],
  ["ab*ba", "aba", false],
  ["*ab*b", "ab", false],
  ["a*bc*c", "abc", false],
  ["a*bc*c", "abcc", true],
  ["*a*a*", "aa", true],
  ["**", "", true],
])("the parts of %j don't share characters of %j", (of, name, selected) => {
  expect(selectsTable(name, [of], [])).toBe(selected);
});

test("a pattern made of a name with parts of it starred matches that name", () => {
  fc.assert(
    fc.property(
      fc.array(text, { minLength: 1, maxLength: 4 }),
      fc.array(text, { maxLength: 3 }),
      (parts, between) => {
        const name = parts
          .flatMap((part, i) => (i < parts.length - 1 ? [part, between[i] ?? ""] : [part]))
          .join("");
        expect(selectsTable(name, [parts.join("*")], [])).toBe(true);
      },
    ),
  );
});

test("without an include pattern every table is included, and an exclude pattern wins", () => {
  fc.assert(
    fc.property(text, fc.array(pattern), fc.array(pattern), (name, include, exclude) => {
      expect(selectsTable(name, [], [])).toBe(true);
      expect(selectsTable(name, include, ["*"])).toBe(false);
      const excluded = exclude.some((of) => means(of, name));
      const included = include.length === 0 || include.some((of) => means(of, name));
      expect(selectsTable(name, include, exclude)).toBe(included && !excluded);
    }),
  );
});

test("a name that no table has is told, a pattern that matches none is not", () => {
  expect(unknownNames(["A", "b", "c*", "*"], ["A", "B"])).toEqual(["b"]);
});
