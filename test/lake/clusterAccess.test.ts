import { expect, test } from "vitest";
import { clusterAccessText, readClusterAccess, sasKeeper } from "../../lake/clusterAccess.ts";

const HOUR = 3_600_000;

/** Makes SAS that say until when they are good, in hours of a clock that the test turns. */
function keeper() {
  let clock = Date.parse("2026-01-01T00:00:00Z");
  const made: { from: number; to: number }[] = [];
  let fails = false;
  const give = sasKeeper(
    async (from, to) => {
      if (fails) throw new Error("storage is throttling");
      made.push({ from: from.getTime() - clock, to: to.getTime() - clock });
      return `sas${made.length}`;
    },
    () => clock,
  );
  return {
    give,
    made,
    pass: (hours: number) => {
      clock += hours * HOUR;
    },
    fail: (now: boolean) => {
      fails = now;
    },
  };
}

test("a SAS is good for a day from before it was asked for, and made anew when a third of the day is left", async () => {
  const { give, made, pass } = keeper();
  expect(await give()).toBe("sas1");
  expect(made).toEqual([{ from: -HOUR / 4, to: 24 * HOUR }]);
  pass(15.9);
  expect(await give()).toBe("sas1");
  pass(0.2);
  expect(await give()).toBe("sas2");
  pass(15);
  expect(await give()).toBe("sas2");
  expect(made[1]).toEqual({ from: -HOUR / 4, to: 24 * HOUR });
});

test("one that storage may have refused is made anew where it is asked for, once for all that ask together", async () => {
  const { give, made, pass } = keeper();
  expect(await give()).toBe("sas1");
  pass(1);
  expect(new Set(await Promise.all([give("new"), give("new")]))).toEqual(new Set(["sas2"]));
  expect([await give(), await give("new")]).toEqual(["sas2", "sas2"]);
  pass(0.1);
  expect([await give(), await give("new")]).toEqual(["sas2", "sas3"]);
  expect(made).toHaveLength(3);
});

test("asked for by many at once it is made once", async () => {
  const { give, made, pass } = keeper();
  await Promise.all([give(), give(), give()]);
  pass(17);
  expect(new Set(await Promise.all([give(), give(), give()]))).toEqual(new Set(["sas2"]));
  expect(made).toHaveLength(2);
});

test("one that could not be made is told, and made at the next request", async () => {
  const { give, fail } = keeper();
  fail(true);
  await expect(give()).rejects.toThrow("throttling");
  fail(false);
  expect(await give()).toBe("sas1");
});

test.each([
  "sas",
  "impersonate",
  "managed_identity=system",
  "managed_identity=12345678-1234-1234-1234-1234567890ab",
])("%s is read, and written as it was", (text) => {
  const access = readClusterAccess(text);
  expect(access && clusterAccessText(access)).toBe(text);
  expect(readClusterAccess(` ${text.toUpperCase()} `)).toBeDefined();
});

test.each(["", "managed_identity=", "managed_identity=a;sharedkey=b", "token=x", "prompt"])(
  "%j is no way for the clusters to reach a lake",
  (text) => expect(readClusterAccess(text)).toBeUndefined(),
);
