import fc from "fast-check";
import { expect, test } from "vitest";
import { windowId, windowPlace } from "../../model/checkpoint/entries.ts";
import {
  attemptFolder,
  attemptTag,
  attemptTagsStart,
  iterationFolder,
  STAGING_PREFIX,
  stagingOwner,
  stagingTable,
  tagOwner,
} from "../../model/naming.ts";

const copyId = fc.string({ minLength: 8, maxLength: 8, unit: fc.constantFrom(..."0123456789abcdef") });
const number = fc.nat({ max: 999_999_999 });
const part = fc.record({
  copyId,
  run: number,
  iteration: number,
  table: number,
  window: number,
  attempt: number,
});
type Part = typeof part extends fc.Arbitrary<infer T> ? T : never;

test("a staging table tells its copy, run and iteration", () => {
  fc.assert(
    fc.property(part, ({ copyId, run, iteration, table }) => {
      expect(stagingOwner(stagingTable(copyId, run, iteration, table))).toEqual({ copyId, run, iteration });
      expect(stagingTable(copyId, run, iteration, table).startsWith(STAGING_PREFIX)).toBe(true);
    }),
  );
});

test("a table that no copy named is nobody's, so that nothing drops it", () => {
  for (const name of [
    "Events",
    "KC_Staging_",
    "KC_Staging_0a1b2c3d_1_2",
    "KC_Staging_0a1b2c3d_1_2_3_4",
    "KC_Staging_0A1B2C3D_1_2_3",
    "KC_Staging_0a1b2c3d_01_2_3",
    "KC_Staging_0a1b2c3d_1_2_x",
    "KC_Staging_0a1b2c3d_99999999999999999999_2_3",
    "my KC_Staging_0a1b2c3d_1_2_3",
    "KC_Staging_0a1b2c3d_1_2_3\n",
  ]) {
    expect({ name, owner: stagingOwner(name) }).toEqual({ name, owner: undefined });
  }
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(..."KC_Staging0a1b") }), (name) => {
      const owner = stagingOwner(name);
      if (owner)
        expect(name.startsWith(stagingTable(owner.copyId, owner.run, owner.iteration, 0).slice(0, -1))).toBe(
          true,
        );
    }),
  );
});

test("an attempt's tag tells its copy, run and iteration", () => {
  fc.assert(
    fc.property(part, ({ copyId, run, iteration, table, window, attempt }) => {
      const tag = attemptTag(copyId, run, windowId(iteration, table, window), attempt);
      expect(tagOwner(tag)).toEqual({ copyId, run, iteration });
      expect(tag.startsWith(attemptTagsStart(copyId))).toBe(true);
    }),
  );
});

test.each([
  "kc:0a1b2c3d",
  "kc:0a1b2c3d/1/2.0.0",
  "kc:0a1b2c3d/1/2.0.0/1/1",
  "kc:0a1b2c3d/01/2.0.0/1",
  "kc:0A1B2C3D/1/2.0.0/1",
  "my kc:0a1b2c3d/1/2.0.0/1",
  "drop-by:kc-2026-01-01",
])("a tag that no attempt gave is nobody's, so that nothing takes it off: %s", (tag) => {
  expect(tagOwner(tag)).toBeUndefined();
});

test("a window's name gives back its places, and what is none is refused", () => {
  fc.assert(
    fc.property(number, number, number, (iteration, table, window) => {
      expect(windowPlace(windowId(iteration, table, window))).toEqual({ iteration, table, window });
    }),
  );
  for (const wrong of ["", "1.2", "1.2.3.4", "a.b.c", "1.2.-3", " 1.2.3"])
    expect(() => windowPlace(wrong)).toThrow();
});

test("no two attempts share a tag or a folder, and none of them lies in another's folder", () => {
  const names = ({ copyId, run, iteration, table, window, attempt }: Part) => {
    const id = windowId(iteration, table, window);
    return {
      key: [run, id, attempt].join(),
      tag: attemptTag(copyId, run, id, attempt),
      folder: `${attemptFolder(run, id, attempt)}/`,
    };
  };
  const small = fc.nat({ max: 12 });
  const near = fc.record({
    copyId: fc.constant("0a1b2c3d"),
    run: small,
    iteration: small,
    table: small,
    window: small,
    attempt: small,
  });
  const change = fc.subarray(["run", "iteration", "table", "window", "attempt"] as const);
  fc.assert(
    fc.property(near, near, change, (a, from, changed) => {
      const b = { ...a, ...Object.fromEntries(changed.map((name) => [name, from[name]])) };
      const [one, other] = [names(a), names(b)];
      expect(one.tag === other.tag).toBe(one.key === other.key);
      expect(one.folder.startsWith(other.folder)).toBe(one.key === other.key);
      expect(one.folder.startsWith(`${iterationFolder(b.run, b.iteration)}/`)).toBe(
        a.run === b.run && a.iteration === b.iteration,
      );
      expect(names({ ...a, copyId: "ffffffff" }).tag).not.toBe(one.tag);
    }),
    { numRuns: 500 },
  );
});
