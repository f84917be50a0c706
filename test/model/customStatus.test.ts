import fc from "fast-check";
import { expect, test } from "vitest";
import { tablesNamed } from "../../model/customStatus.ts";

test("however many tables are in flight and however long their names, the custom status stays far below 16 KB", () => {
  const name = fc.oneof(
    fc.string({ minLength: 1, maxLength: 20 }),
    fc.string({ minLength: 900, maxLength: 1024 }),
  );
  fc.assert(
    fc.property(fc.array(name, { maxLength: 40 }), (names) => {
      const shown = tablesNamed(names);
      expect(shown.join("").length).toBeLessThanOrEqual(2000);
      const first = [...new Set(names)].toSorted().slice(0, 10);
      expect(shown.length).toBe(first.length);
      first.forEach((each, i) => {
        expect(each.startsWith(shown[i]?.replace(/…$/, "") ?? "?") || each === shown[i]).toBe(true);
        if (each.length <= 200) expect(shown[i]).toBe(each);
      });
    }),
  );
});
